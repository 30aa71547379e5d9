"""`ringwake trace`: what happened to a call, for people and for programs."""

from __future__ import annotations

import json

import pytest
from tests.cli.household import Household
from tests.cli.terminal import Terminal


@pytest.fixture
def call_id(house: Household) -> str:
    """Have a call that nobody can take, and return its Call-ID."""
    boss, call = house.call("alice")
    house.do(lambda home: home.server.until(lambda: any(e.what.value == "call_ended" for e in home.server.events)))
    house.hang_up(boss, call)
    return call.call_id


def test_the_last_call_is_told_step_by_step_with_a_verdict(terminal: Terminal, call_id: str) -> None:
    for arguments in ([], ["--last"], ["last"], [call_id]):
        done = terminal.run("trace", *arguments)
        assert done.code == 0
        assert done.lines[0].endswith(f"alice@ringwake.test  Call-ID {call_id}")
        assert "invite received" in done.lines[1]
        assert done.lines[-1] == "No phone was registered that could be woken."
        assert call_id not in "".join(done.lines[1:])


def test_json_has_everything(terminal: Terminal, call_id: str) -> None:
    trace = json.loads(terminal.run("trace", "--json").out)
    assert trace["call_id"] == call_id
    assert trace["events"][0]["what"] == "invite_received"


def test_it_fits_the_terminal(terminal: Terminal, house: Household) -> None:
    house.registered("alice", "apns")
    boss, call = house.call("alice")
    house.do(lambda home: home.server.until(lambda: any(e.what.value == "ringing" for e in home.server.events)))
    house.hang_up(boss, call)
    lines = terminal.run("trace").lines
    assert any("token=apns:" in line for line in lines)
    assert all(len(line) <= 80 for line in lines[1:-1] if "token=" not in line)


def test_a_text_has_a_trace_too(terminal: Terminal, house: Household) -> None:
    house.registered("alice")
    assert house.write("hello") == 202
    done = terminal.run("trace")
    assert "message kept" in done.out
    assert "None" not in done.out


def test_the_newest_are_listed(terminal: Terminal, house: Household, call_id: str) -> None:
    del house
    done = terminal.run("trace", "--list")
    assert len(done.lines) == 1
    assert done.lines[0].endswith("alice@ringwake.test  No phone was registered that could be woken.")
    assert [one["call_id"] for one in json.loads(terminal.run("trace", "--list", "--json").out)] == [call_id]


def test_without_calls_it_says_so(terminal: Terminal, house: Household) -> None:
    del house
    assert terminal.run("trace", "--list").out == "No calls yet.\n"
    assert json.loads(terminal.run("trace", "--list", "--json").out) == []
    for arguments in ([], ["--json"], ["--last"]):
        done = terminal.run("trace", *arguments)
        assert (done.code, done.err, done.out) == (1, "ringwake trace: no calls yet\n", "")


def test_an_unknown_call_is_named(terminal: Terminal, house: Household) -> None:
    del house
    done = terminal.run("trace", "no/such call")
    assert done.code == 1
    assert done.err.startswith("ringwake trace: no call or message no/such call in memory")


@pytest.mark.parametrize("arguments", [["x", "--list"], ["x", "--last"], ["--last", "--list"]])
def test_only_one_thing_is_shown_at_a_time(arguments: list[str], terminal: Terminal) -> None:
    done = terminal.run("trace", *arguments)
    assert done.code == 2
    assert "not allowed with argument" in done.err


def test_without_a_server_it_is_unreachable(terminal: Terminal) -> None:
    assert terminal.run("trace").code == 3
