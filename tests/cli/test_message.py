"""`ringwake message send|list`."""

from __future__ import annotations

import json
import re

import pytest
from tests.cli.household import Household
from tests.cli.terminal import Terminal
from tests.support.home import Home

from ringwake.cli import message
from ringwake.model.events import Happened


def test_a_message_is_written_to_a_phone_that_sleeps_and_is_listed(terminal: Terminal, house: Household) -> None:
    assert terminal.run("message", "list").out == "No messages are listed.\n"
    house.registered("alice")
    done = terminal.run("message", "send", "boss", "alice", "hello")
    assert re.fullmatch(
        r"Kept for sip:alice@ringwake\.test: its phones get it when they are awake \(trace [0-9a-f]{12}\)\.\n", done.out
    )

    async def delivered(home: Home) -> None:
        await home.server.happened(Happened.MESSAGE_DELIVERED)

    house.do(delivered)
    listed = terminal.run("message", "list", "alice", "--limit", "5").out
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  alice@ringwake\.test  from sip:boss@ringwake\.test  delivered 200, unread\n",
        listed,
    )
    (shown,) = json.loads(terminal.run("message", "list", "--json").out)
    assert (shown["kind"], shown["outcome"]) == ("message", "delivered")


def test_json_says_what_became_of_it(terminal: Terminal, house: Household) -> None:
    del house
    sent = json.loads(terminal.run("message", "send", "boss", "bob", "<b>", "--type", "text/html", "--json").out)
    assert (sent["outcome"], sent["status"], sent["to"]) == ("waiting", 202, "sip:bob@ringwake.test")


def test_what_cannot_be_sent_is_told(terminal: Terminal, house: Household) -> None:
    del house
    done = terminal.run("message", "send", "boss", "nobody", "hello")
    assert (done.code, done.err) == (1, "ringwake message: not sent: no such account\n")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"outcome": "sent", "status": 200, "to": "sip:4711@pbx"}, "Sent to sip:4711@pbx."),
        ({"outcome": "waiting", "status": None}, "Still on its way: the PBX has not answered yet."),
    ],
)
def test_the_word_of_a_pbx_is_passed_on(answer: dict[str, object], line: str) -> None:
    assert message.told(answer) == line


def test_what_was_sent_is_listed_as_such() -> None:
    shown = {
        "at": 0,
        "account": "boss@h",
        "direction": "out",
        "uri": "sip:4711@h",
        "outcome": "refused",
        "status": None,
        "unread": False,
    }
    assert message.line(shown) == "1970-01-01 00:00:00Z  boss@h  to sip:4711@h  refused"


@pytest.mark.parametrize(
    "words",
    [
        ["send", "boss", "alice"],
        ["send", "boss", "alice", "a", "b"],
        ["send", "boss", "alice", "a", "--limit", "3"],
        ["list", "alice", "bob"],
        ["list", "--type", "text/html"],
        ["list", "--limit", "many"],
    ],
)
def test_words_that_do_not_fit_are_one_line_and_exit_2(terminal: Terminal, words: list[str]) -> None:
    done = terminal.run("message", *words)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
