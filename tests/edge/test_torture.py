"""Messages of the shapes of RFC 4475 and RFC 5118, each our own, sent to a whole server over UDP and over TCP.

A trusted peer sends them and alice's phone is awake, so that a message ends by its own shape and not at the door.
docs/rfc.md, section 4, has the table. What only a stream can break is claimed in tests/net/test_stream.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network
from itertools import product

import pytest
from tests.support.in_world import in_world
from tests.support.sip_messages import octets
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.sip.flow import Address, Transport
from ringwake.sip.framing import Framer
from ringwake.sip.message import Response

ALICE, SELF = f"sip:alice@{DOMAIN}", f"sip:{DOMAIN}"
VIA = "Via: SIP/2.0/UDP 203.0.113.66:5062;branch=z9hG4bK-t"
FROM, TO = "From: <sip:ann@peer.test>;tag=f", f"To: <{ALICE}>"


def said(start: str, *changed: str, body: bytes = b"", seq: str = "") -> bytes:
    """Write a request; a changed line takes the place of the usual one of its name."""
    method = start.partition(" ")[0]
    usual = [VIA, "Max-Forwards: 70", FROM, TO, "Call-ID: torture", f"CSeq: {seq or f'7 {method}'}"]
    names = {line.partition(":")[0].rstrip().lower() for line in changed}
    kept = [line for line in usual if line.partition(":")[0].lower() not in names]
    length = [] if "content-length" in names else [f"Content-Length: {len(body)}"]
    return octets(start, *kept, *(line for line in changed if not line.endswith(": -")), *length, body=body)


async def hear(world: World, message: bytes, transport: Transport) -> tuple[list[Response], list[bytes]]:
    """Send a message as a trusted peer; return each answer once, and what alice's phone was sent but for an ACK."""
    phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
    assert (await phone.ask_as("alice", phone.register("alice"))).status == 200
    known = len(phone.recorder.messages)
    world.core.gate = replace(world.core.gate, peers=(ip_network("203.0.113.0/24"),))
    peer = await Stranger(world, transport=transport).open()
    for frame in [message] if transport is Transport.UDP else Framer().feed(message):
        assert isinstance(frame, bytes)
        peer.send(frame)
    await pause(0.1)
    if phone.requests:
        phone.answer(phone.requests[-1], 486)
    await pause(1)
    answers = {heard.status: heard for heard in peer.heard if isinstance(heard, Response)}
    return list(answers.values()), [sent for sent in phone.recorder.messages[known:] if not sent.startswith(b"ACK ")]


OPTIONS, INVITE = f"OPTIONS {ALICE} SIP/2.0", f"INVITE {ALICE} SIP/2.0"
BIG = "36893488147419103232"
REFUSED: dict[str, tuple[bytes, int]] = {
    "intmeth": (said("Odd!%*+`'~ sip:0_every-Mark.!~*'()&=+$,;?/:&=$@" + DOMAIN + " SIP/2.0"), 404),
    "escnull": (said(f"REGISTER {SELF} SIP/2.0", f"To: sip:a%00b@{DOMAIN}", "m: <sip:%00@h.test>"), 401),
    "semiuri": (said(f"OPTIONS sip:alice;par=b%40x.test@{DOMAIN} SIP/2.0"), 404),
    "badinv01": (said(INVITE, "Via: SIP/2.0/UDP 203.0.113.66;;,;,,", "m: <sip:a@h.test>;;"), 400),
    "clerr": (said(INVITE, "Content-Length: 9999", body=b"v=0\r\n"), 400),
    "ncl": (said(INVITE, "Content-Length: -999", body=b"v=0\r\n"), 400),
    "ncl in words": (said(INVITE, "Content-Length: five", body=b"v=0\r\n"), 400),
    "scalar02": (said(f"REGISTER {SELF} SIP/2.0", "Max-Forwards: 300", f"Expires: {BIG}", seq=f"{BIG} REGISTER"), 400),
    "quotbal": (said(INVITE, f'To: "Miller, A. <{ALICE}>'), 400),
    "ltgtruri": (said(f"INVITE <{ALICE}> SIP/2.0"), 400),
    "lwsruri": (said(f"INVITE {ALICE}; lr SIP/2.0"), 400),
    "lwsstart": (said(f"INVITE  {ALICE}  SIP/2.0"), 400),
    "trws": (said(f"OPTIONS {ALICE} SIP/2.0  "), 400),
    "escruri": (said(f"INVITE {ALICE}?Route=%3Csip:evil.test%3E SIP/2.0"), 400),
    "badaspec": (said(OPTIONS, f'To: "Miller, A." < {ALICE} >'), 400),
    "baddn": (said(OPTIONS, "From: Bell, Ann <sip:ann@peer.test>;tag=f").removesuffix(b"\r\n"), 400),
    "badvers": (said(f"OPTIONS {ALICE} SIP/7.0", VIA.replace("2.0", "7.0")), 505),
    "mismatch01": (said(OPTIONS, seq="7 INVITE"), 400),
    "mismatch02": (said(f"NEWMETHOD {ALICE} SIP/2.0", seq="7 INVITE"), 501),
    "insuf": (said(INVITE, "Call-ID: -", "From: -", "To: -"), 400),
    "unkscm": (said("OPTIONS nobodyKnowsIt:anything SIP/2.0"), 416),
    "novelsc": (said("OPTIONS soap.beep://192.0.2.7:3002 SIP/2.0"), 416),
    "unksm2": (said(f"REGISTER {SELF} SIP/2.0", "To: isbn:9780000000002", "From: <http://peer.test/ann>;tag=f"), 400),
    "bext01": (said(OPTIONS, "Proxy-Require: notThis, norThis", "Require: nothingOf, theKind"), 420),
    "regaut01": (said(f"REGISTER {SELF} SIP/2.0", "Authorization: NobodyKnows opaque=x", "m: <sip:a@h.test>"), 401),
    "multi01": (said(INVITE, "Call-ID: torture", "i: other", "Max-Forwards: 70", "CSeq: 8 INVITE"), 400),
    "mcl01": (said(INVITE, "Content-Length: 3", "l: 5", body=b"v=0\r\n"), 400),
    "zeromf": (said(OPTIONS, "Max-Forwards: 0"), 483),
    "a server's own intmeth": (said(f"Odd!%*+`'~ {SELF} SIP/2.0"), 501),
    "ipv6-good": (said("REGISTER sip:[2001:db8:7::10] SIP/2.0", "m: <sip:ann@[2001:db8:7::1]>"), 401),
    "ipv6-bad": (said("REGISTER sip:2001:db8:7::10 SIP/2.0"), 400),
    "port-ambiguous": (said("REGISTER sip:[2001:db8:7::10:5070] SIP/2.0"), 401),
    "port-unambiguous": (said("REGISTER sip:[2001:db8:7::10]:5070 SIP/2.0"), 401),
    "via-received-param-with-delim": (
        said("BYE sip:[2001:db8:7::10] SIP/2.0", f"{VIA};received=[2001:db8:7::9]", f"{TO};tag=t"),
        481,
    ),
    "via-received-param-no-delim": (said("OPTIONS sip:[2001:db8:7::10] SIP/2.0", f"{VIA};received=2001:db8:7::9"), 403),
    "mult-ip-in-header": (
        said("BYE sip:u@host.test SIP/2.0", VIA, "v: SIP/2.0/UDP [2001:db8:7::9]", "v: SIP/2.0/TCP 192.0.2.1"),
        481,
    ),
    "ipv6-bug-abnf-3-colons": (said("OPTIONS sip:u@[2001:db8:7:::192.0.2.1] SIP/2.0"), 403),
    "ipv6-correct-abnf-2-colons": (said("OPTIONS sip:u@[2001:db8:7::192.0.2.1] SIP/2.0"), 403),
}
# These break the framing of a stream, which ends it.
OF_DATAGRAMS = ("clerr", "ncl", "ncl in words", "mcl01", "baddn", "inv2543", "test")


def both_ways(names: Iterable[str]) -> list[tuple[str, Transport]]:
    """Pair names with the transports over which such a message can come whole."""
    pairs = product(names, (Transport.UDP, Transport.TCP))
    return [(name, kind) for name, kind in pairs if kind is Transport.UDP or name not in OF_DATAGRAMS]


@pytest.mark.parametrize(("name", "transport"), both_ways(REFUSED))
def test_a_request_is_refused_by_its_shape(name: str, transport: Transport) -> None:
    message, status = REFUSED[name]

    async def test(world: World) -> None:
        answers, sent = await hear(world, message, transport)
        assert ([answer.status for answer in answers], sent) == ([status], [])
        assert world.provider.pushes == []

    in_world(test)


def test_what_is_not_supported_is_named() -> None:
    async def test(world: World) -> None:
        (answer,), _ = await hear(world, REFUSED["bext01"][0], Transport.UDP)
        assert answer.headers.values("unsupported") == ["notThis", "norThis"]
        (answer,), _ = await hear(world, REFUSED["a server's own intmeth"][0], Transport.TCP)
        assert "INVITE" in (answer.headers.get("allow") or "")

    in_world(test)


BODY = b"--7\r\nContent-Type: text/plain\n\nHi\r\n\r\n\x00\x00\xff\xfe--7--\r\n"
SDP = b"v=0\r\nc=IN IP6 2001:db8:7::20\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.7\r\n"
VIAS = [f"{name} :  SIP/2.0/TCP p{serial}.test" for serial, name in enumerate(["v", "Via", "VIA"] * 11)]
# The message, and what of it arrives at the phone.
PASSED: dict[str, tuple[bytes, list[bytes]]] = {
    "wsinv": (
        said(
            INVITE,
            VIA.replace("z9hG4bK-t", " no-cookie"),
            'FROM : "A. \\\\ \\"B\\""   <sip:ann@peer.test>\r\n ;\r\n\t tag = f',
            "X-Odd  : ,;,;;,",
            "Subject :",
            'm:"Not \\"her\\"" <sip:ann@peer.test>\r\n  ; q=0.33',
            body=b"v=0",
        ),
        [b"X-Odd: ,;,;;,", b'"Not \\"her\\"" <sip:ann@peer.test> ; q=0.33', b"branch= no-cookie"],
    ),
    "esc01": (
        said(f"INVITE sip:%61lice@{DOMAIN} SIP/2.0", "Contact: <sip:%61nn@peer.test;%6C%72;name=value%41>"),
        [b"<sip:%61nn@peer.test;%6C%72;name=value%41>"],
    ),
    "esc02": (
        said(f"RE%47IST%45R {ALICE} SIP/2.0", "C%6Fntact: <sip:x@h>", "From: %Z%45 <sip:ann@peer.test>;tag=f"),
        [b"RE%47IST%45R ", b"C%6Fntact: <sip:x@h>", b"%Z%45 <sip:ann@peer.test>"],
    ),
    "lwsdisp": (said(OPTIONS, "From: ann<sip:ann@peer.test>;tag=f"), [b"From: ann<sip:ann@peer.test>;tag=f"]),
    "longreq": (
        said(INVITE, VIA, *VIAS, "From: <sip:ann@peer.test>;tag=" + "0123456789" * 16, "x" * 400 + ": y"),
        [b"p32.test", b"0123456789" * 16, b"x" * 400 + b": y"],
    ),
    "transports": (
        said(OPTIONS, VIA, "Via: SIP/2.0/SCTP h.test;branch=z9hG4bK-2", "v: SIP/2.0/UNKNOWN h.test;branch=z9hG4bK-3"),
        [b"SIP/2.0/SCTP h.test", b"SIP/2.0/UNKNOWN h.test"],
    ),
    "mpart01": (said(f"MESSAGE {ALICE} SIP/2.0", "Content-Type: multipart/mixed;boundary=7", body=BODY), [BODY]),
    "baddate": (said(INVITE, "Date: Fri, 01 Jan 2027 16:00:00 EST"), [b"Date: Fri, 01 Jan 2027 16:00:00 EST\r\n"]),
    "badbranch": (said(OPTIONS, VIA.removesuffix("-t")), [b"branch=z9hG4bK\r\n"]),
    "invut": (said(INVITE, "Content-Type: application/made-up", body=b"<x/>"), [b"application/made-up", b"<x/>"]),
    "sdp01": (said(INVITE, "Accept: text/nobody-knows"), [b"Accept: text/nobody-knows"]),
    "inv2543": (
        octets(INVITE, "Via: SIP/2.0/UDP 203.0.113.66:5062", FROM[:-6], TO, "Call-ID: 1", "CSeq: 5 INVITE", body=SDP),
        [b"Max-Forwards: 70\r\n", f"Content-Length: {len(SDP)}\r\n".encode(), SDP],
    ),
    "ipv6-in-sdp": (said(INVITE, "Content-Type: application/sdp", body=SDP), [SDP]),
    "mult-ip-in-sdp": (said(INVITE, "m: <sip:ann@[2001:db8:7::1]>", body=SDP), [b"[2001:db8:7::1]", SDP]),
    "ipv4-mapped-ipv6": (
        said(INVITE, "Contact: <sip:ann@[::ffff:192.0.2.10]:19823>", body=SDP),
        [b"[::ffff:192.0.2.10]:19823", SDP],
    ),
}


@pytest.mark.parametrize(("name", "transport"), both_ways(PASSED))
def test_what_is_sound_reaches_the_phone_as_it_was(name: str, transport: Transport) -> None:
    message, kept = PASSED[name]

    async def test(world: World) -> None:
        answers, (sent,) = await hear(world, message, transport)
        assert answers[-1].status == (202 if sent.startswith(b"MESSAGE") else 486)
        for text in kept:
            assert text in sent, sent.decode(errors="replace")

    in_world(test)


REST = [FROM, TO, "Call-ID: 1", "Content-Length: 0", "CSeq: 7 INVITE"]
DROPPED = {
    "unreason": octets("SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e", VIA, *REST),
    "noreason": octets("SIP/2.0 100 ", VIA, *REST),
    "scalarlg": octets("SIP/2.0 503 x", VIA, *REST[:-1], f"CSeq: {BIG} INVITE", f"Retry-After: {BIG}9999"),
    "bigcode": octets("SIP/2.0 4294967301 big", VIA, *REST),
    "bcast": octets("SIP/2.0 200 OK", VIA, "v: SIP/2.0/UDP 255.255.255.255", *REST),
    "test": b"INVITE\r\nno colon\r\n\r\n",
}


@pytest.mark.parametrize(("name", "transport"), both_ways(DROPPED))
def test_what_nobody_waits_for_or_could_be_told_is_dropped(name: str, transport: Transport) -> None:
    async def test(world: World) -> None:
        before = len(world.network.sent)
        assert await hear(world, DROPPED[name], transport) == ([], [])
        receivers = {flow.remote for _, flow, _ in world.network.sent[before:]}
        assert receivers <= {Address("10.0.0.50", 4000), Address("10.0.0.1", 5060)}

    in_world(test)


REGISTERED = {
    "cparam01": ("sip:+1@gw.test;unknownparam", "<sip:+1@gw.test>;unknownparam"),
    "cparam02": ("<sip:+1@gw.test;unknownparam>", "<sip:+1@gw.test;unknownparam>"),
    "regescrt": ("<sip:a@gw.test?Route=%3Csip:r.test%3E>", "<sip:a@gw.test?Route=%3Csip:r.test%3E>"),
    "regbadct": ("sip:a@gw.test?Route=%3Csip:r.test%3E", None),
}


@pytest.mark.parametrize(("name", "transport"), both_ways(REGISTERED))
def test_a_contact_is_bound_as_its_brackets_say(name: str, transport: Transport) -> None:
    contact, shown = REGISTERED[name]

    async def test(world: World) -> None:
        phone = await Stranger(world, transport=transport).open()
        answer = await phone.ask_as("alice", phone.register("alice", contact=contact))
        assert answer.status == (400 if shown is None else 200)
        fetch = phone.request("REGISTER", SELF, sender=ALICE, to=f"<{ALICE}>")
        bound = (await phone.ask_as("alice", fetch)).headers.values("contact")
        assert [value.rpartition(";expires=")[0] for value in bound] == ([] if shown is None else [shown])

    in_world(test)


@pytest.mark.parametrize(("transport", "methods"), [(Transport.UDP, ["OPTIONS"]), (Transport.TCP, ["OPTIONS", "INFO"])])
def test_octets_behind_a_body_are_dropped_from_a_datagram_and_begin_the_next_of_a_stream(
    transport: Transport, methods: list[str]
) -> None:  # dblreq
    async def test(world: World) -> None:
        behind = said(f"INFO {ALICE} SIP/2.0", body=b"x" * 150) + b"stray"
        answers, sent = await hear(world, said(OPTIONS) + b"\r\n" + behind, transport)
        assert ([answer.cseq.method for answer in answers], len(sent)) == (methods[::-1], 1)

    in_world(test)
