"""Refusals."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import TCP, request

from ringwake.edge.answers import ALLOW, CAPABILITIES, STORE_DOWN, refuse, turn_away
from ringwake.model.effects import Note, Respond
from ringwake.model.events import Happened
from ringwake.sip.errors import SipError
from ringwake.sip.methods import INVITE, KNOWN
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.transactions.servers import ServerTransaction


def transaction(method: str) -> ServerTransaction:
    return TransactionLayer().adopt(request(method), TCP)


def test_a_refusal_answers_and_tells_why() -> None:
    error = SipError(420, "an extension is required", (("unsupported", "foo"),))
    respond, note = refuse(transaction(INVITE), request(INVITE), error, to_tag="t", now=5.0)
    assert isinstance(respond, Respond)
    assert (respond.response.status, respond.response.headers.get("unsupported")) == (420, "foo")
    assert (respond.response.headers.get("to") or "").endswith(";tag=t")
    assert isinstance(note, Note)
    assert (note.event.what, note.event.at) == (Happened.REQUEST_REFUSED, 5.0)
    assert note.event.fields == {"method": INVITE, "status": 420, "rule": "an extension is required"}


def test_who_is_turned_away_leaves_no_trace_but_the_note() -> None:
    error = SipError(407, "credentials are wanted", (("proxy-authenticate", "Digest x"),))
    (first, note), (again, _) = (turn_away(transaction(INVITE), request(INVITE), error, now=5.0) for _ in range(2))
    assert isinstance(first, Respond)
    assert isinstance(again, Respond)
    assert (first.keep, first.response.status) == (False, 407)
    assert first.response.headers.get("proxy-authenticate") == "Digest x"
    assert first.response.headers.get("to") == again.response.headers.get("to"), "RFC 3261 section 8.2.7"
    assert isinstance(note, Note)
    assert note.event.fields == {"method": INVITE, "status": 407, "rule": "credentials are wanted"}


@pytest.mark.parametrize("method", ["NEWMETHOD", "invite", "X" * 100])
def test_unknown_methods_are_counted_as_one(method: str) -> None:
    _, note = refuse(transaction(method), request(method), STORE_DOWN, to_tag="t", now=0.0)
    assert isinstance(note, Note)
    assert note.event.fields["method"] == "other"


def test_a_store_that_is_down_says_when_to_come_again() -> None:
    assert (STORE_DOWN.status, STORE_DOWN.headers) == (503, (("retry-after", "5"),))


def test_what_we_allow_is_what_we_know() -> None:
    assert set(ALLOW.split(", ")) < KNOWN
    assert dict(CAPABILITIES)["allow"] == ALLOW
