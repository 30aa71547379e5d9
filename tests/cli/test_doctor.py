"""`ringwake doctor`: one line a check, and an exit code that a script can use."""

from __future__ import annotations

import json
import re

from tests.cli.household import Household
from tests.cli.spoilt import spoilt
from tests.cli.terminal import Terminal
from tests.observe.happenings import event
from tests.push.samples import key_pem
from tests.support.home import Home

from ringwake.model.events import Happened


def test_a_healthy_server_has_nothing_to_mend(terminal: Terminal, house: Household) -> None:
    del house
    done = terminal.run("doctor")
    assert (done.code, done.lines[0]) == (0, "ok    store: the store can write")
    checks = json.loads(terminal.run("doctor", "--json").out)
    assert {check["verdict"] for check in checks} == {"ok"}
    kinds = {check["name"].partition(" ")[0] for check in checks}
    assert kinds == {"store", "credentials", "network", "push", "clock", "tokens", "certificate"}


def test_a_push_service_that_is_gone_is_found(terminal: Terminal, house: Household) -> None:
    async def turn_off(home: Home) -> None:
        await home.lab.switches.set("fcm", off=True)

    house.do(turn_off)
    done = terminal.run("doctor")
    assert done.code == 1
    assert re.search(
        r"fail  network fcm demo-project: 127\.0\.0\.1:\d+ is not reached: connection refused\n      let", done.out
    )
    assert re.search(r"fail  push fcm demo-project: the service did not say .*\n      see the checks of the", done.out)


def test_a_file_that_is_broken_is_found_and_the_old_key_still_pushes(terminal: Terminal, house: Household) -> None:
    with spoilt(house, house.home.lab.credentials.apns_key_file):
        lines = terminal.run("doctor").lines
    assert lines[1].startswith("fail  files apns ")
    assert "app[0]: " in lines[1]
    assert any(line.startswith("ok    push apns ") for line in lines)


def test_another_vapid_key_is_a_warning_that_says_what_a_restart_does(terminal: Terminal, house: Household) -> None:
    with spoilt(house, house.home.lab.credentials.vapid_key_file, key_pem().reveal()):
        done = terminal.run("doctor")
        (page,) = (app for app in json.loads(terminal.run("app", "list", "--json").out) if app["provider"] == "webpush")
    assert done.code == 0
    assert re.search(r"warn  files webpush ringwake.test: .* the VAPID key is another: .*\n      put the old", done.out)
    assert (page["credentials"]["state"], "is another" in page["credentials"]["problem"]) == ("waiting", True)


def test_a_circuit_that_is_open_is_a_warning(terminal: Terminal, house: Household) -> None:
    async def fail(home: Home) -> None:
        await home.lab.switches.set("fcm", answer=500)

    house.registered("alice", "fcm")
    house.do(fail)
    house.call("alice")
    house.do(lambda home: home.server.happened(Happened.CIRCUIT_OPENED))
    assert re.search(
        r"warn  circuit fcm demo-project: .*: INTERNAL\n      it is asked again", terminal.run("doctor").out
    )


def test_a_pbx_that_cannot_be_reached_is_a_failure_with_its_mend(terminal: Terminal, house: Household) -> None:
    lost = event(Happened.PBX_LOST, tenant="ringwake.test", reason="Connection refused")

    async def tell(home: Home) -> None:
        for listener in home.app.listeners:
            listener(lost)

    house.do(tell)
    done = terminal.run("doctor")
    assert done.code == 1
    assert done.lines[1] == "fail  pbx ringwake.test: the PBX cannot be reached: Connection refused"
    assert "tenant.pbx" in done.lines[2]
