"""`ringwake call list`: what has become of calls."""

from __future__ import annotations

import json
import re

import pytest
from tests.cli.household import Household
from tests.cli.terminal import Terminal

from ringwake.model.events import Happened


def test_without_calls_it_says_so(terminal: Terminal, house: Household) -> None:
    del house
    assert terminal.run("call", "list").out == "No calls.\n"
    assert json.loads(terminal.run("call", "list", "--json").out) == []


def test_a_call_in_vain_is_listed_as_missed_and_not_read(terminal: Terminal, house: Household) -> None:
    house.call("bob")  # who has no phone
    house.do(lambda home: home.server.happened(Happened.CALL_ENDED))
    done = terminal.run("call", "list")
    assert re.fullmatch(
        r"\* \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  bob@ringwake\.test  no_wake     Boss  [0-9a-f]{12}\n", done.out
    )
    for more in (["bob"], ["--missed"], ["--unread", "--limit", "1"]):
        assert terminal.run("call", "list", *more).out == done.out
    assert terminal.run("call", "list", "alice").out == "No calls.\n"
    (call,) = json.loads(terminal.run("call", "list", "--json").out)
    assert (call["account"], call["missed"], call["uri"]) == ("bob@ringwake.test", True, "sip:boss@ringwake.test")


@pytest.mark.parametrize("limit", ["0", "1001", "many", "00000000199999999999"])
def test_a_limit_that_is_none_is_refused(terminal: Terminal, limit: str) -> None:
    done = terminal.run("call", "list", "--limit", limit)
    assert (done.code, "a number from 1 to 1000" in done.err) == (2, True)


def test_an_account_that_is_none_is_named(terminal: Terminal, house: Household) -> None:
    del house
    done = terminal.run("call", "list", "nobody")
    assert done.code == 1
    assert "nobody@ringwake.test" in done.err
