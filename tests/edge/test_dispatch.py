"""Where a request goes, and which refusal it gets when it deserves several."""

from __future__ import annotations

import pytest
from tests.support.in_world import asleep, awake, in_world
from tests.support.sip_messages import octets
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, SERVER, World

from ringwake.model.events import Happened
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, CANCEL, KNOWN, REGISTER

ALICE, SELF, FOREIGN = f"sip:alice@{DOMAIN}", f"sip:{DOMAIN}", "sip:alice@elsewhere.net"


def fields(method: str, *more: str, without: str = "", seq: str = "") -> list[str]:
    lines = [
        "Via: SIP/2.0/TCP 203.0.113.66:5062;branch=z9hG4bK-hand;rport",
        "Max-Forwards: 70",
        f"From: <sip:boss@{DOMAIN}>;tag=1",
        f"To: <{ALICE}>",
        "Call-ID: by-hand",
        f"CSeq: {seq or f'1 {method}'}",
    ]
    kept = [line for line in lines if not without or not line.startswith(without)]
    return [*kept, *more, "Content-Length: 0"]


def written(start: str, *more: str, without: str = "", seq: str = "") -> bytes:
    method = start.partition(" ")[0]
    return octets(start, *fields(method, *more, without=without, seq=seq))


async def refusal(world: World, message: bytes) -> Response:
    """Return the answer to octets that a stranger sends."""
    stranger = await Stranger(world).open()
    stranger.send(message)
    await pause(0.1)
    (answer,) = stranger.heard
    assert isinstance(answer, Response)
    await stranger.close()
    await pause(0.1)
    return answer


UNREADABLE = {
    "no From": (written(f"OPTIONS {SELF} SIP/2.0", without="From"), 400),
    "no To": (written(f"OPTIONS {SELF} SIP/2.0", without="To"), 400),
    "no Call-ID": (written(f"OPTIONS {SELF} SIP/2.0", without="Call-ID"), 400),
    "no CSeq": (written(f"OPTIONS {SELF} SIP/2.0", without="CSeq"), 400),
    "two From": (written(f"OPTIONS {SELF} SIP/2.0", "From: <sip:eve@example.com>;tag=2"), 400),
    "From is no address": (written(f"OPTIONS {SELF} SIP/2.0", "From: <<>", without="From"), 400),
    "CSeq of another method": (written(f"OPTIONS {SELF} SIP/2.0", seq="1 INVITE"), 400),
    "CSeq too large": (written(f"OPTIONS {SELF} SIP/2.0", seq="4294967296 OPTIONS"), 400),
    "header fields in the Request-URI": (written(f"OPTIONS {SELF}?Route=%3Csip:evil%3E SIP/2.0"), 400),
    "blank in the Request-URI": (written(f"OPTIONS {SELF}; lr SIP/2.0"), 400),
    "bad Max-Forwards": (written(f"OPTIONS {SELF} SIP/2.0", "Max-Forwards: ten", without="Max-Forwards"), 400),
    "bad Route": (written(f"OPTIONS {SELF} SIP/2.0", "Route: <sip:"), 400),
    "71 Via": (written(f"OPTIONS {SELF} SIP/2.0", *["Via: SIP/2.0/TCP a;branch=z9hG4bK-x"] * 71), 400),
    "version 3": (written(f"OPTIONS {SELF} SIP/3.0"), 505),
    "unknown method with the CSeq of another": (written(f"NEWMETHOD {SELF} SIP/2.0", seq="1 INVITE"), 501),
    "unknown method to the server": (written(f"NEWMETHOD {SELF} SIP/2.0"), 501),
    "tel URI": (written("INVITE tel:+15551234 SIP/2.0"), 416),
    "unknown scheme": (written("INVITE nobodyknows:this SIP/2.0"), 416),
    "hops used up": (written(f"INVITE {ALICE} SIP/2.0", "Max-Forwards: 0", without="Max-Forwards"), 483),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_served_is_refused_by_the_rule_it_breaks(case: str) -> None:
    message, status = UNREADABLE[case]

    async def test(world: World) -> None:
        answer = await refusal(world, message)
        assert answer.status == status
        assert world.provider.pushes == []

    in_world(test)


ORDERED = [
    (505, "INVITE tel:1 SIP/3.0", ("Max-Forwards: 0", "Proxy-Require: x")),
    (400, "INVITE tel:1 SIP/2.0", ("Max-Forwards: 0", "From: <sip:eve@example.com>;tag=2", "Proxy-Require: x")),
    (483, "INVITE tel:1 SIP/2.0", ("Max-Forwards: 0", "Proxy-Require: x")),
    (416, "INVITE tel:1 SIP/2.0", ("Max-Forwards: 70", "Proxy-Require: x")),
    (420, f"INVITE {FOREIGN} SIP/2.0", ("Max-Forwards: 70", "Proxy-Require: x", "Route: <sip:forged@10.0.0.1;lr>")),
    (403, f"INVITE {FOREIGN} SIP/2.0", ("Max-Forwards: 70", "Route: <sip:forged@10.0.0.1;lr>")),
    (407, f"INVITE {FOREIGN} SIP/2.0", ("Max-Forwards: 70",)),
    (407, f"INVITE sip:nobody@{DOMAIN} SIP/2.0", ("Max-Forwards: 70",)),
]


@pytest.mark.parametrize(("status", "start", "more"), ORDERED)
def test_of_several_mistakes_the_first_by_the_order_of_the_checks_is_told(
    status: int, start: str, more: tuple[str, ...]
) -> None:
    """design.md section 3, "One call", step 2."""

    async def test(world: World) -> None:
        answer = await refusal(world, written(start, *more, without="Max-Forwards"))
        assert answer.status == status

    in_world(test)


def test_refused_extensions_are_named() -> None:
    async def test(world: World) -> None:
        start = f"INVITE {ALICE} SIP/2.0"
        proxy = await refusal(world, written(start, "Proxy-Require: foo, Bar", "Proxy-Require: baz"))
        assert (proxy.status, proxy.headers.values("unsupported")) == (420, ["foo", "Bar", "baz"])
        own = await refusal(world, written(f"OPTIONS {SELF} SIP/2.0", "Require: 100rel"))
        assert (own.status, own.headers.values("unsupported")) == (420, ["100rel"])

    in_world(test)


@pytest.mark.parametrize("uri", [SELF, f"sip:{SERVER}", f"sips:{DOMAIN}", "sip:EXAMPLE.com;transport=tcp"])
@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP, Transport.TLS])
def test_options_to_ourselves_is_answered_for_anybody(uri: str, transport: Transport) -> None:
    async def test(world: World) -> None:
        stranger = await Stranger(world, transport=transport).open()
        answer = await stranger.ask(stranger.request("OPTIONS", uri, "Proxy-Authorization: Digest nonsense"))
        assert answer is not None
        assert answer.status == 200
        assert "INVITE" in (answer.headers.get("allow") or "")
        assert answer.headers.get("accept") == "application/sdp, text/plain"
        assert "tag=" in (answer.headers.get("to") or "")

    in_world(test)


def test_options_to_ourselves_is_answered_at_the_last_hop() -> None:
    """RFC 3261 section 11: that is how a traceroute finds us."""

    async def test(world: World) -> None:
        message = written(f"OPTIONS {SELF} SIP/2.0", "Max-Forwards: 0", without="Max-Forwards")
        assert (await refusal(world, message)).status == 200

    in_world(test)


def test_other_methods_to_ourselves_are_405() -> None:
    async def test(world: World) -> None:
        for method in ("INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER", "NOTIFY"):
            answer = await refusal(world, written(f"{method} {SELF} SIP/2.0"))
            assert (answer.status, answer.headers.get("allow")) == (405, "OPTIONS, REGISTER")

    in_world(test)


@pytest.mark.parametrize("method", ["BYE", "PRACK", "UPDATE", "INFO"])
def test_methods_of_a_dialog_that_nobody_knows_are_481(method: str) -> None:
    async def test(world: World) -> None:
        assert (await refusal(world, written(f"{method} {ALICE} SIP/2.0"))).status == 481

    in_world(test)


STRAYS = sorted(KNOWN - {ACK, CANCEL})


@pytest.mark.parametrize("method", STRAYS)
def test_a_to_tag_without_a_route_of_ours_opens_no_door(method: str) -> None:
    async def test(world: World) -> None:
        to = f"To: <{ALICE}>;tag=unknown"
        expected = 481 if method == REGISTER else 407
        assert (await refusal(world, written(f"{method} {ALICE} SIP/2.0", to, without="To"))).status == expected
        for uri in (FOREIGN, SELF):
            assert (await refusal(world, written(f"{method} {uri} SIP/2.0", to, without="To"))).status == 481

    in_world(test)


@pytest.mark.parametrize("method", [method for method in STRAYS if method != REGISTER])
def test_a_to_tag_without_a_route_of_ours_is_the_phones_affair_if_it_is_awake(method: str) -> None:
    """RFC 3261 section 16.5: a proxy goes by the Request-URI."""

    async def test(world: World) -> None:
        await asleep(world)
        stranger = await Stranger(world).open()
        for uri in (ALICE, f"sip:nobody@{DOMAIN}"):
            stray = stranger.request(method, uri, to=f"<{uri}>;tag=unknown")
            assert (await stranger.ask_as("boss", stray)).status == 481
        assert world.provider.pushes == [], "nobody is woken for it"
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        await phone.ask_as("alice", phone.register("alice"))
        signed = await stranger.signed("boss", stranger.request(method, ALICE, to=f"<{ALICE}>;tag=unknown"))
        stranger.send(signed)
        await pause(0.1)
        (arrived,) = phone.requests
        assert (arrived.method, arrived.headers.get("to")) == (method, f"<{ALICE}>;tag=unknown")
        phone.answer(arrived, 488)
        await pause(0.1)
        assert [answer.status for answer in stranger.responses_to(signed)] == ([100] if method == "INVITE" else []) + [
            488
        ]

    in_world(test)


def test_a_cancel_of_nothing_is_481() -> None:
    async def test(world: World) -> None:
        assert (await refusal(world, written(f"CANCEL {ALICE} SIP/2.0"))).status == 481

    in_world(test)


def test_a_cancel_needs_no_credentials_and_no_extensions() -> None:
    """It has the branch of its INVITE; section 16.3 step 5 excepts it from Proxy-Require."""

    async def test(world: World) -> None:
        await asleep(world)
        world.phones[0].wakes = False
        stranger = await Stranger(world).open()
        invite = await stranger.signed("boss", stranger.request("INVITE", ALICE))
        stranger.send(invite)
        await pause(0.1)
        for branch, status in ((invite.via.branch, 200), ("z9hG4bK-other", 481)):
            cancel = stranger.request("CANCEL", ALICE, "Proxy-Require: x", branch=branch, call_id=invite.call_id)
            answer = await stranger.ask(cancel)
            assert answer is not None
            assert answer.status == status

    in_world(test)


def test_a_bad_ack_is_dropped_without_a_word() -> None:
    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        for message in (
            written(f"ACK {ALICE} SIP/2.0"),
            written(f"ACK {ALICE} SIP/3.0"),
            written("ACK tel:1 SIP/2.0"),
            written(f"ACK {ALICE} SIP/2.0", "Max-Forwards: 0", without="Max-Forwards"),
            written(f"ACK {ALICE} SIP/2.0", "Route: <sip:forged@10.0.0.1;lr>"),
            written(f"ACK {ALICE} SIP/2.0", "Proxy-Require: x"),
        ):
            stranger.send(message)
        await pause(1)
        assert stranger.heard == []

    in_world(test)


def test_accounts_are_found_by_domain_and_by_our_own_address() -> None:
    async def test(world: World) -> None:
        phone = await awake(world, "alice")
        stranger = await Stranger(world).open()
        for uri in (ALICE, "sip:%61lice@EXAMPLE.COM;user=phone", f"sip:alice@{SERVER}", f"sips:alice@{DOMAIN}"):
            answer = await stranger.ask_as("boss", stranger.request("OPTIONS", uri))
            assert answer.status == 200, uri
        assert (await stranger.ask_as("boss", stranger.request("OPTIONS", f"sip:nobody@{SERVER}"))).status == 404
        assert (await stranger.ask_as("boss", stranger.request("OPTIONS", f"sip:nobody@{DOMAIN}"))).status == 404
        assert (await stranger.ask_as("boss", stranger.request("OPTIONS", FOREIGN))).status == 403
        assert phone.calls == []

    in_world(test)


def test_an_account_without_phones_is_480() -> None:
    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        for method in ("INVITE", "OPTIONS", "SUBSCRIBE", "NOTIFY", "REFER", "NEWMETHOD"):
            assert (await stranger.ask_as("boss", stranger.request(method, ALICE))).status == 480

    in_world(test)


REGISTERS = {
    "too short": (("Contact: <sip:alice@203.0.113.66>;expires=30",), 423),
    "required extension": (("Require: gruu",), 420),
    "unknown push service": (("Contact: <sip:a@h;pn-provider=acme;pn-prid=x>",), 555),
    "another's application": (("Contact: <sip:a@h;pn-provider=fcm;pn-param=other;pn-prid=aaaaaaaaaa>",), 555),
    "star with time": (("Contact: *", "Expires: 60"), 400),
    "star with others": (("Contact: *", "Contact: <sip:a@h>", "Expires: 0"), 400),
    "Contact that is none": (("Contact: <mailto:alice@example.com>",), 400),
    "Contact that cannot be read": (("Contact: <sip:a@h",), 400),
    "17 Contacts": (tuple(f"Contact: <sip:a@h{number}>" for number in range(17)), 400),
}


@pytest.mark.parametrize("case", REGISTERS)
def test_a_register_is_refused_by_the_rule_it_breaks(case: str) -> None:
    more, status = REGISTERS[case]

    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        register = stranger.request(REGISTER, SELF, *more, sender=ALICE, to=f"<{ALICE}>")
        answer = await stranger.ask_as("alice", register)
        assert answer.status == status
        if status == 423:
            assert answer.headers.get("min-expires") == "60"
        shown = await stranger.ask_as("alice", stranger.request(REGISTER, SELF, sender=ALICE, to=f"<{ALICE}>"))
        assert (shown.status, shown.headers.values("contact")) == (200, [])

    in_world(test)


@pytest.mark.parametrize(("to", "status"), [("sip:alice@elsewhere.net", 404), ("tel:+15551234", 416), ("x", 400)])
def test_a_register_for_what_we_do_not_serve_is_refused_without_a_challenge(to: str, status: int) -> None:
    async def test(world: World) -> None:
        stranger = await Stranger(world).open()
        answer = await stranger.ask(stranger.request(REGISTER, SELF, sender=ALICE, to=f"<{to}>"))
        assert answer is not None
        assert answer.status in (status, 400)
        assert "www-authenticate" not in answer.headers

    in_world(test)


def test_each_refusal_is_noted_with_method_status_and_rule() -> None:
    """The labels of metrics: closed sets, whatever a stranger writes."""

    async def test(world: World) -> None:
        await refusal(world, written(f"<script> {SELF} SIP/2.0".replace("<script>", "SCRIPT!")))
        await refusal(world, written(f"INVITE {FOREIGN} SIP/2.0"))
        noted = [event.fields for event in world.events if event.what is Happened.REQUEST_REFUSED]
        assert noted == [
            {"method": "other", "status": 501, "rule": "no such method here"},
            {"method": "INVITE", "status": 407, "rule": "credentials are wanted"},
        ]

    in_world(test)


def test_a_fault_in_a_recipe_is_contained(monkeypatch: pytest.MonkeyPatch) -> None:
    """One request must not stop the server; its transaction ends at the sender's time-out."""

    async def test(world: World) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError

        stranger = await Stranger(world).open()
        with monkeypatch.context() as patch:
            patch.setattr(world.directory, "is_local", broken)
            assert await stranger.ask(stranger.request("OPTIONS", ALICE)) is None
        assert [type(fault) for fault in world.faults] == [ZeroDivisionError]
        world.faults.clear()
        request: Request = stranger.request("OPTIONS", SELF)
        assert await stranger.ask(request) is not None

    in_world(test)
