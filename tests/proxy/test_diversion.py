"""Claims about calls that go on to somebody else: they say from whom, and not for ever."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import request

from ringwake.proxy.diversion import Reason, diversion, divert, diverters


def test_the_newest_diversion_stands_on_top_and_to_stays() -> None:
    """RFC 5806 section 4.4."""
    first = request("INVITE", "Diversion: <sip:carol@example.com>;reason=user-busy")
    gone = divert(first, "sip:500@pbx.example", "alice@example.com", Reason.NO_ANSWER)
    assert gone is not None
    assert gone.headers.values("diversion") == [
        "<sip:alice@example.com>;reason=no-answer;counter=1",
        "<sip:carol@example.com>;reason=user-busy",
    ]
    assert (gone.uri, gone.headers.get("to")) == ("sip:500@pbx.example", first.headers.get("to"))
    assert (first.uri, first.headers.count("diversion")) == ("sip:bob@example.com", 1), "the first is left as it was"


def test_a_user_part_is_written_as_a_uri_wants_it() -> None:
    assert diversion("a b@example.com", Reason.UNCONDITIONAL).startswith("<sip:a%20b@example.com>;")


@pytest.mark.parametrize(("hops", "left"), [("70", "69"), ("2", "1"), ("1", None), ("0", None), ("999", "69")])
def test_each_turn_takes_a_hop(hops: str, left: str | None) -> None:
    invite = request("INVITE")
    invite.headers.set("max-forwards", hops)
    gone = divert(invite, "sip:x@y.example", "alice@example.com", Reason.USER_BUSY)
    assert (gone and gone.headers.get("max-forwards")) == left


def test_who_was_called_before_is_known_by_its_address() -> None:
    invite = request(
        "INVITE",
        "Diversion: <sip:Alice@EXAMPLE.com;user=phone>;reason=no-answer, , <sip:500@pbx.example>",
        "Diversion: <tel:+4930>",
        'Diversion: "broken, <sip:x@y.example>',
        "Diversion: <sip:bob@example.com>",
    )
    assert diverters(invite) == {"Alice@example.com", "500@pbx.example", "bob@example.com"}
    assert diverters(request("INVITE")) == frozenset()


@pytest.mark.parametrize("reason", ["unconditional", "user-busy", "do-not-disturb", "no-answer", "unavailable"])
def test_it_says_why(reason: str) -> None:
    """In the words of RFC 5806 section 4.1."""
    assert diversion("alice@example.com", Reason(reason)) == f"<sip:alice@example.com>;reason={reason};counter=1"
