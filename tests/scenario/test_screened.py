"""Calls that are not let through, for real: set by the command line, told by a push service, and no phone rings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.scenario.bare_phone import DOMAIN
from tests.scenario.stage import Stage, open_stage
from tests.support.caller import Caller


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("screened")) as opened:
        yield opened


def refused(stage: Stage, user: str, status: int) -> None:
    """Call an account that does not let the call through."""
    with Caller("{}:{}".format(*stage.servers["udp"]), user, host=stage.host) as caller:
        caller.invite()
        caller.until(status)
        caller.ack_failure()
        assert caller.statuses == [status], "nothing was said before"


@pytest.mark.parametrize("options", [("--do-not-disturb", "on"), ("--quiet-hours", "00:00-00:00")])
def test_a_phone_in_peace_is_told_of_a_call_and_not_woken_for_it(stage: Stage, options: tuple[str, ...]) -> None:
    with stage.phone() as phone:
        phone.sleep()
        stage.choose(phone.user, *options)
        refused(stage, phone.user, 480)
        assert phone.announced()["kind"] == "missed"
        stage.choose(phone.user, options[0], "off")
        with stage.call(phone.user):
            assert phone.announced()["kind"] == "call"


def test_nobody_hears_of_a_caller_who_is_blocked(stage: Stage) -> None:
    with stage.phone() as phone:
        phone.sleep()
        stage.choose(phone.user, "--block", f"BOSS@{DOMAIN}")
        refused(stage, phone.user, 603)
        stage.choose(phone.user, "--unblock", f"BOSS@{DOMAIN}")
        with stage.call(phone.user):
            assert phone.announced()["kind"] == "call", "the first that comes"
