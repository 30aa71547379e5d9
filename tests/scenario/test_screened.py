"""Calls that are not let through, for real: set by the command line, told by a push service, and no phone rings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tests.scenario.bare_phone import DOMAIN, BarePhone
from tests.scenario.stage import Stage, open_stage
from tests.support.caller import Caller
from tests.support.processes import run_ringwake

Choose: TypeAlias = Callable[..., None]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("screened")


@pytest.fixture(scope="module")
def stage(state: Path) -> Iterator[Stage]:
    with open_stage(state) as opened:
        yield opened


@pytest.fixture(scope="module")
def choose(state: Path) -> Choose:
    """Set what the owner of an account wants."""

    def chosen(user: str, *options: str) -> None:
        done = run_ringwake(["account", "set", f"{user}@{DOMAIN}", *options], state=state)
        assert done.returncode == 0, done.stderr

    return chosen


def announced(phone: BarePhone) -> dict[str, Any]:
    """Return what the next push to a phone says."""
    found: dict[str, Any] = json.loads(phone.pushed()["payload"]["ringwake"])
    return found


def refused(stage: Stage, user: str, status: int) -> None:
    """Call an account that does not let the call through."""
    with Caller("{}:{}".format(*stage.servers["udp"]), user, host=stage.host) as caller:
        caller.invite()
        caller.until(status)
        caller.ack_failure()
        assert caller.statuses == [status], "nothing was said before"


@pytest.mark.parametrize("options", [("--do-not-disturb", "on"), ("--quiet-hours", "00:00-00:00")])
def test_a_phone_in_peace_is_told_of_a_call_and_not_woken_for_it(
    stage: Stage, choose: Choose, options: tuple[str, ...]
) -> None:
    with stage.phone() as phone:
        phone.sleep()
        choose(phone.user, *options)
        refused(stage, phone.user, 480)
        assert announced(phone)["kind"] == "missed"
        choose(phone.user, options[0], "off")
        with stage.call(phone.user):
            assert announced(phone)["kind"] == "call"


def test_nobody_hears_of_a_caller_who_is_blocked(stage: Stage, choose: Choose) -> None:
    with stage.phone() as phone:
        phone.sleep()
        choose(phone.user, "--block", f"BOSS@{DOMAIN}")
        refused(stage, phone.user, 603)
        choose(phone.user, "--unblock", f"BOSS@{DOMAIN}")
        with stage.call(phone.user):
            assert announced(phone)["kind"] == "call", "the first that comes"
