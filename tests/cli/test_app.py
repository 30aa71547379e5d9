"""`ringwake app list`: the applications, and how pushing to them goes."""

from __future__ import annotations

import json
import re

from tests.cli.household import Household
from tests.cli.spoilt import spoilt
from tests.cli.terminal import Terminal
from tests.support.home import Home


def test_each_application_has_its_credentials_and_its_counts(terminal: Terminal, house: Household) -> None:
    house.registered("alice", "fcm")
    assert terminal.run("push", "test", "--account", "alice", "--wait", "0").code == 0
    out = terminal.run("app", "list").out
    shown = "fcm  demo-project  ringwake.test\n  credentials ok\n  pushes: 1, accepted 1, failed 0\n"
    assert shown in out
    apps = json.loads(terminal.run("app", "list", "--json").out)
    assert {app["credentials"]["state"] for app in apps} == {"ok"}
    assert [app["pushes"]["sent"] for app in apps if app["provider"] == "fcm"] == [1]


def test_the_last_error_and_a_broken_file_are_shown(terminal: Terminal, house: Household) -> None:
    async def refuse(home: Home) -> None:
        await home.lab.switches.set("fcm", answer=403, reason="SENDER_ID_MISMATCH")

    house.registered("alice", "fcm")
    house.do(refuse)
    with spoilt(house, house.home.lab.credentials.apns_key_file):
        assert terminal.run("push", "test", "--account", "alice").code == 1
        out = terminal.run("app", "list").out
    assert re.search(r"failed 1\n  last error \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: SENDER_ID_MISMATCH\n", out)
    assert re.search(r"apns .*\n  credentials broken: app\[0\]: ", out)
