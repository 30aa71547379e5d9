"""`ringwake device list`: the phones, and whether they can be reached."""

from __future__ import annotations

import json
import re

from tests.cli.household import Household
from tests.cli.terminal import Terminal
from tests.support.home import Home

from ringwake.model.events import Happened


def test_without_phones_it_says_so(terminal: Terminal, house: Household) -> None:
    del house
    assert terminal.run("device", "list").out == "No phones are registered.\n"
    assert json.loads(terminal.run("device", "list", "--json").out) == []


def test_a_phone_is_shown_with_its_token_label_and_times(terminal: Terminal, house: Household) -> None:
    house.registered("alice", "apns")
    done = terminal.run("device", "list")
    assert re.fullmatch(
        r"alice@ringwake\.test  apns  asleep  tls  [0-9a-f]{16}\n"
        r"  push by apns:\S+:[0-9a-f]{8}\n"
        r"  push by apns:\S+:[0-9a-f]{8}\n"
        r"  never woken\n"
        r"  registered until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\n"
        r"  next silent push \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\n",
        done.out,
    )
    assert all(len(line) <= 80 for line in done.lines)


def test_a_browser_gets_no_silent_push_and_a_phone_without_token_no_push(terminal: Terminal, house: Household) -> None:
    house.registered("alice", "webpush")
    house.call("bob")  # the caller's phone registers, and stays
    shown = terminal.run("device", "list").out
    assert re.search(r"push by webpush:.*\n  never woken\n  registered until .*\n  no silent push: browsers", shown)
    assert re.search(r"boss@ringwake\.test  -  awake  udp  .*\n  no push\n", shown)


def test_a_phone_that_was_woken_is_shown_with_its_wakes_and_with_what_it_has_not_come_for(
    terminal: Terminal, house: Household
) -> None:
    house.registered("alice")
    assert house.write("hello") == 202
    house.do(lambda home: home.server.happened(Happened.WAKE_COUNTED))
    done = terminal.run("device", "list", "alice")
    assert re.search(r"\n  last wake \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ for message\n  woken 1 for message\n", done.out)
    assert "has not come" not in done.out
    (device,) = json.loads(terminal.run("device", "list", "alice", "--json").out)
    assert (device["wakes"], device["last_wake"]["why"], device["pushed"]) == ({"message": 1}, "message", None)
    assert all(len(line) <= 80 for line in done.lines)


def test_a_push_without_an_answer_is_shown_as_one(terminal: Terminal, house: Household) -> None:
    async def lose_pushes(home: Home) -> None:
        await home.lab.switches.set("fcm", drop=True)

    house.registered("alice")
    house.do(lose_pushes)
    house.call("alice")
    house.do(lambda home: home.server.happened(Happened.PUSH_ACCEPTED))
    done = terminal.run("device", "list", "alice")
    assert re.search(r"\n  never woken\n  pushed to \d{4}-\S+ \S+Z for call, and has not come yet\n", done.out)
    assert all(len(line) <= 80 for line in done.lines)


def test_one_account_may_be_asked_for(terminal: Terminal, house: Household) -> None:
    house.registered("alice")
    house.registered("bob")
    for name in ("bob", "bob@ringwake.test", "sip:bob@RINGWAKE.TEST"):
        devices = json.loads(terminal.run("device", "list", name, "--json").out)
        assert [one["account"] for one in devices] == ["bob@ringwake.test"]


def test_an_unknown_account_is_named(terminal: Terminal, house: Household) -> None:
    del house
    done = terminal.run("device", "list", "nobody")
    assert done.code == 1
    assert done.err.startswith("ringwake device: there is no account nobody@ringwake.test")


def test_without_a_server_it_is_unreachable(terminal: Terminal) -> None:
    done = terminal.run("device", "list")
    assert done.code == 3
    assert done.err.endswith("start `ringwake serve`\n")
