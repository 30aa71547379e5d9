"""Claims about loops: what comes back unchanged is refused, a spiral goes on (RFC 5393 section 4)."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import UDP, request

from ringwake.proxy.loops import check_loop, loop_mark
from ringwake.proxy.routing import Hop, forward
from ringwake.secret import Secret
from ringwake.sip.errors import SipError
from ringwake.sip.message import Request
from ringwake.store.keys import KeyRing

SEAL, OTHER = (KeyRing([Secret(octet * 32)]) for octet in (b"k", b"x"))
URI = "sip:bob@example.com"


def passed_on(method: str = "INVITE", *fields: str, uri: str = URI, seal: KeyRing = SEAL) -> Request:
    """Return what a phone that forwards all of its calls sends back to us."""
    came = request(method, *fields, uri=uri)
    return forward(came, Hop(flow=UDP, branch="z9hG4bK123" + loop_mark(came, seal), uri="sip:bob@203.0.113.5"))


def is_loop(again: Request, uri: str = URI) -> bool:
    again.uri = uri
    try:
        check_loop(again, SEAL)
    except SipError as error:
        return error.status == 482
    return False


def test_what_comes_back_unchanged_is_a_loop() -> None:
    assert is_loop(passed_on())


def test_a_via_of_ours_further_down_counts_too() -> None:
    again = passed_on()
    again.headers.push("via", "SIP/2.0/UDP 203.0.113.5;branch=z9hG4bKphone")
    again.headers.push("via", "SIP/2.0/UDP 203.0.113.6;branch=z9hG4bKother")
    assert is_loop(again)


def test_what_is_seen_for_the_first_time_is_none() -> None:
    assert not is_loop(request("INVITE"))


def test_what_comes_back_for_somebody_else_is_a_spiral() -> None:
    assert not is_loop(passed_on(), uri="sip:carol@example.com")


@pytest.mark.parametrize("field", ["Route: <sip:a.example.net;lr>", "Route: <sip:b.example.net>"])
def test_other_routes_make_a_spiral(field: str) -> None:
    again = passed_on()
    again.headers.push("route", field.partition(" ")[2])
    assert not is_loop(again)


@pytest.mark.parametrize("key", ["from", "to"])
def test_another_dialog_is_another_request(key: str) -> None:
    again = passed_on()
    again.headers.set(key, "<sip:x@example.com>;tag=another")
    assert not is_loop(again)


def test_the_method_and_the_sequence_do_not_count() -> None:
    again = passed_on()
    again.headers.set("cseq", "7 INVITE")
    again.headers.set("call-id", "another")
    assert is_loop(again)


def test_a_mark_of_another_proxy_is_not_ours() -> None:
    assert not is_loop(passed_on(seal=OTHER))
