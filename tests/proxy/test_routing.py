"""Claims about routes: ours come off, ours go on, and no push token goes along."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import LOCAL, TCP, UDP, octets, received_request, received_response, request

from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.routing import (
    Hop,
    Routed,
    forward,
    path_value,
    record_route,
    strip_tokens,
    take_routes,
    upstream,
    via,
)
from ringwake.secret import Secret
from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Request
from ringwake.store.keys import KeyRing

SEAL = KeyRing([Secret(b"k" * 32)])
OWN = frozenset({(LOCAL.host, LOCAL.port), ("2001:db8::1", 5060)})
TLS = Flow(Transport.TLS, Address("192.0.2.1", 5061), Address("198.51.100.7", 40113), serial=2, node="n1")
ALICE, BOB = FlowToken(TLS, "b-alice", "alice@example.com"), FlowToken(UDP, "b-bob", "bob@example.com")
FORGED = f"<sip:{ALICE.seal(KeyRing([Secret(b'x' * 32)]))}@192.0.2.1:5060;lr>"


def ours(token: FlowToken) -> str:
    return record_route(token, SEAL)


def taken(*routes: str, uri: str = "sip:bob@203.0.113.5") -> Routed:
    return take_routes(request("BYE", *(f"Route: {route}" for route in routes), uri=uri), SEAL, OWN)


# ---- routes off (16.4)


@pytest.mark.parametrize(
    ("routes", "left", "tokens", "is_forged"),
    [
        ([], [], [], False),
        ([ours(ALICE), ours(BOB)], [], [ALICE, BOB], False),
        (
            [f"{ours(ALICE)}, {ours(BOB)}", "<sip:next.example.net;lr>"],
            ["<sip:next.example.net;lr>"],
            [ALICE, BOB],
            False,
        ),
        (["<sip:other.example.net;lr>", ours(BOB)], ["<sip:other.example.net;lr>", ours(BOB)], [], False),
        (["<sip:192.0.2.1;lr>"], [], [], False),
        (["<sip:192.0.2.1:5060;lr>", "<sip:[2001:DB8::1];lr>", "<sip:x>"], ["<sip:x>"], [], False),
        (["<sip:192.0.2.1:5070;lr>"], ["<sip:192.0.2.1:5070;lr>"], [], False),
        ([FORGED], [], [], True),
        (["<sip:bob@192.0.2.1;lr>"], [], [], True),
        ([ours(ALICE), FORGED], [], [ALICE], True),
        ([ours(ALICE).replace("192.0.2.1", "nat.example.net")], [], [ALICE], False),  # known by its token alone
    ],
)
def test_routes_that_name_us_come_off(
    routes: list[str], left: list[str], tokens: list[FlowToken], is_forged: bool
) -> None:
    routed = taken(*routes)
    assert routed.request.headers.values("route") == left
    assert (list(routed.tokens), routed.is_forged) == (tokens, is_forged)
    assert routed.request.uri == "sip:bob@203.0.113.5"


def test_the_request_that_came_stays_as_it_was() -> None:
    came = request("BYE", f"Route: {ours(ALICE)}")
    take_routes(came, SEAL, OWN)
    assert came.headers.values("route") == [ours(ALICE)]


def test_what_a_strict_router_did_is_undone() -> None:
    own_uri = ours(ALICE).strip("<>")
    routed = taken(ours(BOB), "<sip:bob@203.0.113.5;transport=tcp>", uri=own_uri)
    assert routed.request.uri == "sip:bob@203.0.113.5;transport=tcp"
    assert routed.request.headers.values("route") == []
    assert routed.tokens == (ALICE, BOB)


@pytest.mark.parametrize(
    ("uri", "routes"),
    [
        (ours(ALICE).strip("<>"), []),  # no Route to take its place
        ("sip:bob@example.com;lr", ["<sip:next.example.net;lr>"]),
        (ours(ALICE).strip("<>").replace(";lr", ""), ["<sip:next.example.net;lr>"]),
    ],
)
def test_only_our_own_record_route_in_the_request_uri_is_a_strict_routers_work(uri: str, routes: list[str]) -> None:
    routed = taken(*routes, uri=uri)
    assert (routed.request.uri, routed.request.headers.values("route")) == (uri, routes)


@pytest.mark.parametrize("route", ["<sip:x", "<tel:+1>", "sip:192.0.2.1 lr"])
def test_a_route_that_cannot_be_read_is_refused(route: str) -> None:
    with pytest.raises(ParseError):
        taken(route)


# ---- routes on (16.6)


@pytest.mark.parametrize(
    ("flow", "end"),
    [
        (Flow(Transport.UDP, Address("192.0.2.1", 5060), Address("192.0.2.9", 5)), "@192.0.2.1:5060;transport=udp;lr>"),
        (Flow(Transport.TCP, Address("192.0.2.1", 5060), Address("192.0.2.9", 5)), "@192.0.2.1:5060;transport=tcp;lr>"),
        (
            Flow(Transport.WSS, Address("2001:db8::1", 443), Address("2001:db8::9", 5)),
            "@[2001:db8::1]:443;transport=ws;lr>",
        ),
    ],
)
def test_record_route_names_our_side_of_the_flow(flow: Flow, end: str) -> None:
    value = record_route(FlowToken(flow), SEAL)
    assert value.startswith("<sip:")
    assert value.endswith(end)


def test_a_phone_on_tls_is_told_tls_since_it_would_dial_tcp_in_the_clear() -> None:
    assert record_route(ALICE, SEAL).endswith("@192.0.2.1:5061;transport=tls;lr>")


@pytest.mark.parametrize(
    ("flow", "text"),
    [
        (UDP, "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK-x"),
        (TLS, "SIP/2.0/TLS 192.0.2.1:5061;rport;branch=z9hG4bK-x"),
    ],
)
def test_our_via_names_the_transport(flow: Flow, text: str) -> None:
    assert via(flow, "z9hG4bK-x") == text


BODY = b"v=0\r\n\x00\xff"


def test_what_goes_on_differs_only_where_it_must() -> None:
    came = request(
        "INVITE",
        "X-Foo:  as it \t came ",
        "Record-Route: <sip:first.example.net;lr>",
        "Proxy-Authorization: Digest x",
        'm: <sip:boss@198.51.100.7>;+sip.instance="<urn:x>"',
        "Date: broken",
        body=BODY,
    )
    hop = Hop(
        flow=TLS, branch="z9hG4bK-new", uri="sip:bob@203.0.113.5;ob", record_routes=("<sip:to-bob>", "<sip:to-boss>")
    )
    sent = forward(came, hop)
    assert sent.encode() == octets(
        "INVITE sip:bob@203.0.113.5;ob SIP/2.0",
        "Via: SIP/2.0/TLS 192.0.2.1:5061;rport;branch=z9hG4bK-new",
        "Via: SIP/2.0/UDP 198.51.100.7:40112;branch=z9hG4bK-1;rport",
        "Max-Forwards: 69",
        "From: <sip:alice@example.com>;tag=a1",
        "To: <sip:bob@example.com>",
        "Call-ID: call-1@198.51.100.7",
        "CSeq: 1 INVITE",
        "X-Foo:  as it \t came ",
        "Record-Route: <sip:to-bob>",
        "Record-Route: <sip:to-boss>",
        "Record-Route: <sip:first.example.net;lr>",
        'm: <sip:boss@198.51.100.7>;+sip.instance="<urn:x>"',
        "Date: broken",
        f"Content-Length: {len(BODY)}",
        body=BODY,
    )
    assert came.uri == "sip:bob@example.com", "the original is not touched"


def test_without_another_target_the_request_uri_stays() -> None:
    sent = forward(request("NEWMETHOD", uri="sip:bob@203.0.113.5;x=%41"), Hop(flow=TCP, branch="z9hG4bK-x"))
    assert (sent.uri, sent.headers.count("record-route")) == ("sip:bob@203.0.113.5;x=%41", 0)


def test_header_fields_in_a_contact_do_not_reach_the_request_uri() -> None:
    hop = Hop(flow=TCP, branch="z9hG4bK-x", uri="sip:b?ob@203.0.113.5;ob?Route=%3Csip:evil.example%3E")
    assert forward(request("INVITE"), hop).uri == "sip:b?ob@203.0.113.5;ob"  # RFC 3261 19.1.5, RFC 4475 3.1.2.11


def test_a_path_goes_ahead_of_the_routes_that_are_left() -> None:  # PA7
    path = ("<sip:core.example.com;lr>", '"Edge" <sip:token@edge.example.com;lr;ob>;x=1')
    received = request("INVITE", "Route: <sip:last.example.com;lr>")
    sent = forward(received, Hop(flow=TLS, branch="z9hG4bKb", uri="sip:bob@203.0.113.5", path=path))
    assert sent.headers.values("route") == [*path, "<sip:last.example.com;lr>"]
    assert sent.uri == "sip:bob@203.0.113.5"
    assert forward(request("INVITE"), Hop(flow=TLS, branch="z9hG4bKb", path=path)).headers.values("route") == [*path]


def test_a_path_that_begins_with_a_strict_router_is_written_as_that_wants_it() -> None:
    path = ("<sip:strict.example.com>", "<sip:edge.example.com;lr>")
    sent = forward(request("INVITE"), Hop(flow=TLS, branch="z9hG4bKb", uri="sip:bob@203.0.113.5", path=path))
    assert sent.uri == "sip:strict.example.com"
    assert sent.headers.values("route") == ["<sip:edge.example.com;lr>", "<sip:bob@203.0.113.5>"]


def test_a_strict_router_next_gets_the_request_uri_that_it_wants() -> None:
    message = request("BYE", "Route: <sip:old.example.net>, <sip:new.example.net;lr>", uri="sip:bob@203.0.113.5")
    sent = forward(message, Hop(flow=TCP, branch="z9hG4bK-x"))
    assert sent.uri == "sip:old.example.net"
    assert sent.headers.values("route") == ["<sip:new.example.net;lr>", "<sip:bob@203.0.113.5>"]


def test_a_loose_router_next_is_left_alone() -> None:
    message = request("BYE", "Route: <sip:new.example.net;lr>, <sip:old.example.net>", uri="sip:bob@203.0.113.5")
    sent = forward(message, Hop(flow=TCP, branch="z9hG4bK-x"))
    assert sent.uri == "sip:bob@203.0.113.5"
    assert sent.headers.values("route") == message.headers.values("route")


@pytest.mark.parametrize(("came", "goes"), [("70", "69"), ("1", "0"), ("0", "0"), ("256", "70"), (None, "70")])
def test_each_hop_takes_one_from_max_forwards(came: str | None, goes: str) -> None:
    message = request("INVITE")
    message.headers.remove("max-forwards")
    if came is not None:
        message.headers.append("max-forwards", came)
    assert forward(message, Hop(flow=TCP, branch="z9hG4bK-x")).headers.texts("max-forwards") == [goes]


# ---- tokens out of Contacts (RFC 8599 section 13)

PUSH = ";pn-provider=fcm;pn-param=demo;pn-prid=secret"


@pytest.mark.parametrize(
    ("contacts", "left"),
    [
        (["<sip:a@h;ob>"], ["<sip:a@h;ob>"]),
        ([f"<sip:a@h{PUSH};ob>;q=0.5"], ["<sip:a@h;ob>;q=0.5"]),
        (["<sip:a@h;PN-Provider=fcm;Pn-Prid=secret;pn-purr=keep>"], ["<sip:a@h;pn-purr=keep>"]),
        (["<sip:a@h;pn-type=google;pn-tok=secret;pn-silent=1>"], ["<sip:a@h;pn-type=google;pn-silent=1>"]),
        ([f"<sip:a@h>{PUSH};Pn-Tok=secret;x"], ["<sip:a@h>;x"]),
        ([f'"Alice" <sip:a@h{PUSH}>'], ['"Alice" <sip:a@h>']),
        ([f"Alice A<sip:a@h{PUSH}>;x"], ["Alice A<sip:a@h>;x"]),
        ([f'"a<b, \\"c\\" <" <sip:a@h{PUSH}>'], ['"a<b, \\"c\\" <" <sip:a@h>']),
        ([f"sip:a@h{PUSH};expires=1"], ["<sip:a@h>;expires=1"]),  # without brackets they are header parameters
        ([f"<sip:a@h{PUSH}>, <sip:b@h>", f"<sip:c@h{PUSH}>"], ["<sip:a@h>", "<sip:b@h>", "<sip:c@h>"]),
        (["<sip:a@h;pn-prid=secret", "<sip:b@h>"], ["<sip:b@h>"]),
        (["<sip:a@h;pn-prid=secret, b", "<sip:b@h>"], []),
        (['"a <sip:a@h;pn-prid=secret>, <sip:b@h>'], []),
        ([f"<tel:+1{PUSH}>", "<sip:b@h>"], ["<sip:b@h>"]),
        ([f"*{PUSH}", "<sip:b@h>"], ["<sip:b@h>"]),
        ([f"<sip:a@h h{PUSH}>"], []),
    ],
)
def test_no_token_leaves_in_a_contact(contacts: list[str], left: list[str]) -> None:
    lines = [f"Contact: {value}" for value in contacts]
    message = received_response(octets("SIP/2.0 200 OK", "Via: SIP/2.0/UDP h", *lines, "X-Last: 1"))
    strip_tokens(message)
    assert message.headers.values("contact") == left
    assert b"secret" not in message.encode()
    assert message.headers.get("x-last") == "1"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (f"r: <sip:a@h{PUSH}?Replaces=x>", "r: <sip:a@h?Replaces=x>"),
        (f"Diversion: <sip:a@h{PUSH}>;reason=no-answer, <sip:b@h>", "Diversion: <sip:a@h>;reason=no-answer, <sip:b@h>"),
        (f"X-Anything: {PUSH}", ""),
        (f'Refer-To: "a <sip:a@h{PUSH}>', ""),
    ],
)
def test_no_token_leaves_in_any_other_field(line: str, left: str) -> None:
    message = received_request(octets("INVITE sip:b@h SIP/2.0", line, "X-Last: 1"))
    strip_tokens(message)
    assert message.headers.text() == "".join(f"{text}\r\n" for text in (left, "X-Last: 1") if text)


def test_no_token_leaves_in_the_first_line() -> None:
    came = request("BYE", uri=f"sip:bob@203.0.113.5{PUSH};ob")
    assert forward(came, Hop(flow=TCP, branch="z9hG4bK-x")).uri == "sip:bob@203.0.113.5;ob"
    answer = received_response(octets(f"SIP/2.0 480 asleep {PUSH}", "Via: SIP/2.0/UDP h"))
    strip_tokens(answer)
    assert answer.start_line() == "SIP/2.0 480 Temporarily Unavailable"
    answer.reason = "spn-asleep"
    strip_tokens(answer)
    assert answer.reason == "spn-asleep"


def test_a_call_id_stays_whatever_it_looks_like() -> None:
    message = received_request(octets("BYE sip:b@h SIP/2.0", f"i: x{PUSH}"))
    strip_tokens(message)
    assert message.call_id == f"x{PUSH}"


def test_no_token_leaves_in_a_header_field_of_its_own() -> None:
    message = received_request(octets("INVITE sip:b@h SIP/2.0", "X-MPush: i:com.example:secret", "X-Last: 1"))
    strip_tokens(message)
    assert message.headers.text() == "X-Last: 1\r\n"


def test_contacts_without_tokens_stay_byte_for_byte() -> None:
    message = received_request(octets("INVITE sip:b@h SIP/2.0", "m:  <sip:a@h>;q=.5 , sip:c@h", "Contact: <broken"))
    strip_tokens(message)
    assert message.headers.text() == "m:  <sip:a@h>;q=.5 , sip:c@h\r\nContact: <broken\r\n"


def test_a_forwarded_request_carries_no_token() -> None:
    sent = forward(request("INVITE", f"Contact: <sip:boss@h{PUSH}>"), Hop(flow=TCP, branch="z9hG4bK-x"))
    assert isinstance(sent, Request)
    assert sent.headers.values("contact") == ["<sip:boss@h>"]


# ---- towards a PBX


@pytest.mark.parametrize(("keeps_flow", "mark"), [(False, ";lr>"), (True, ";lr;ob>")])
def test_our_path_names_our_side_of_the_trunk_and_whether_we_keep_the_phones_flow(keeps_flow: bool, mark: str) -> None:
    path = FlowToken(TCP, "b-alice", "alice@example.com", is_path=True)
    value = path_value(path, SEAL, keeps_flow=keeps_flow)
    assert value.endswith(f"@192.0.2.1:5060;transport=tcp{mark}")
    assert taken(value).tokens == (path,)


@pytest.mark.parametrize(("is_to_pbx", "credentials"), [(True, ["Digest x=1"]), (False, [])])
def test_only_a_pbx_that_asks_for_credentials_gets_them(is_to_pbx: bool, credentials: list[str]) -> None:
    sent = forward(
        request("INVITE", "Proxy-Authorization: Digest x=1"),
        Hop(flow=TCP, branch="z9hG4bK-2", is_to_pbx=is_to_pbx),
    )
    assert sent.headers.texts("proxy-authorization") == credentials


def test_only_what_was_shifted_on_the_way_to_the_other_side_counts() -> None:
    """A PBX that records no route leaves four of our Routes in a call between two of its phones."""
    alice = ours(FlowToken(TCP, "b-alice", "alice@example.com"))
    pbx = ours(FlowToken(UDP, "", "example.com", shift=1))
    bob = ours(FlowToken(UDP, "b-bob", "bob@example.com"))
    again = ours(FlowToken(UDP, "", "example.com"))
    assert taken(alice, pbx).shift == 1
    assert taken(alice, pbx, again, bob).shift == 1
    assert taken(bob, again, pbx, alice).shift == 0


def test_a_response_goes_on_without_our_via_and_without_tokens() -> None:
    """Section 16.7 step 3."""
    came = received_response(
        octets(
            "SIP/2.0 180 Ringing",
            "Via: SIP/2.0/UDP us;branch=z9hG4bK1",
            "Via: SIP/2.0/UDP them;branch=z9hG4bK2",
            "Contact: <sip:alice@203.0.113.5;pn-provider=fcm;pn-prid=secret>",
        )
    )
    gone = upstream(came)
    assert gone.headers.texts("via") == ["SIP/2.0/UDP them;branch=z9hG4bK2"]
    assert "secret" not in gone.encode().decode()
    assert came.headers.count("via") == 2, "the one that came is left as it was"
