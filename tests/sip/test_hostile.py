"""No octets from outside raise anything but a SipError, wherever they are read.

The seeds are our own messages of the shapes that broke other servers (reliability 1.2), and of RFC 4475 and 5118.
"""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sip_messages import TCP, UDP, octets, request_fields

from ringwake.sip.address import parse_address
from ringwake.sip.dialog import callee_dialog
from ringwake.sip.digest import parse_challenge, parse_credentials
from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.fields import address, contact_expires, contacts, expires, max_forwards, option_tags, parse_cseq
from ringwake.sip.framing import Framer
from ringwake.sip.grammar import decode, split, unescape, unquote
from ringwake.sip.message import Message, Request
from ringwake.sip.params import Params
from ringwake.sip.parser import parse
from ringwake.sip.push_params import push_params
from ringwake.sip.redaction import clean_field, clean_uri
from ringwake.sip.replies import has_tag, reply, stateless_reply
from ringwake.sip.sdp import answer
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.uri import parse_hostport, parse_uri, scheme
from ringwake.sip.via import parse_via

READERS: dict[str, Callable[[str], object]] = {
    "params": Params.parse,
    "uri": parse_uri,
    "scheme": scheme,
    "hostport": parse_hostport,
    "address": parse_address,
    "via": parse_via,
    "cseq": parse_cseq,
    "challenge": parse_challenge,
    "credentials": parse_credentials,
    "split": lambda text: list(split(text, ",")),
    "push params": lambda text: push_params(parse_uri(text)),
    "aor": lambda text: parse_uri(text).aor,
    "clean field": clean_field,
    "clean uri": clean_uri,
    "equals": lambda text: parse_uri(text).equals(parse_uri("sip:a@h;x=1?y=z")),
    "answer to": lambda text: parse_via(text).answer_to(5060),
    "sip uri": lambda text: parse_address(text).sip_uri,
    "unescape": unescape,
    "unquote": unquote,
    "has tag": has_tag,
}
LISTS = ("via", "contact", "route", "record-route", "require", "accept", "authorization")

REQUEST = octets("REGISTER sip:h SIP/2.0", *request_fields("REGISTER"), "Contact: <sip:a@h;pn-provider=fcm>", "l: 0")


def register(*lines: str) -> bytes:
    """A REGISTER with more lines."""
    return octets("REGISTER sip:h SIP/2.0", *request_fields("REGISTER"), *lines)


SEEDS = [
    b"",
    b" " * 64,
    b"M",
    b"INVITE",
    b"INVITE sip:a@b SIP/2.0",
    b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"\0" * 12,
    REQUEST,
    octets("SIP/2.0 200 OK", *request_fields()),
    register("Authorization: Digest realm"),
    register("Authorization: Digest n"),
    register("Authorization: Digest opaq"),
    register("Authorization:"),
    register('Authorization: Bearer x, Digest username="a'),
    register("Content-Length: 2147483648"),
    register("Content-Length: 4294967328"),
    register("Content-Length: " + "4" * 40),
    register("Content-Length: 1_000"),
    octets("INVITE tel:+1 SIP/2.0", *request_fields("INVITE")),
    octets("INVITE urn:service:sos SIP/2.0", *request_fields("INVITE")),
    octets("INVITE sip:a% SIP/2.0", *request_fields("INVITE")),
    octets("INVITE sip:a%4 SIP/2.0", *request_fields("INVITE")),
    octets("INVITE sip:a@b:99999999999 SIP/2.0", *request_fields("INVITE")),
    octets("INVITE sip:a@.1 SIP/2.0", *request_fields("INVITE")),
    octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/UDP a:b:c", *request_fields()[1:]),
    octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/UDP ::1", *request_fields()[1:]),
    octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/UDP h;branch=" + "b" * 600, *request_fields()[1:]),
    register('To: <sip:a>;x="abc\\'),
    register('To: <sip:a>;x="abc'),
    register("To: <sip:b@h>;tag="),
    register("To: <sip:b@h>", "Call-ID: two", "Via: broken", "Via: SIP/2.0/UDP h"),
    register("To\x01: <sip:b@h>"),
    register("X-Bypass-me : lol", "X-Bypass-me\t: lol"),
    register("Contact: <sip:a@h>, <sip:b@h>, <sip:c@h, <sip:d@h>"),
    register("Contact: *", "Expires: 0"),
    register(*["Accept: a/b"] * 60),
    register("Content-Type: multipart/mixed;`boundary=++", "") + b"--\n--++=AAA\nxxx\n--+",
    register("Content-Type: multipart/mixed;boundary=b", "") + b"--b\r\n--b--",
    register("Identity: none", "Message-Account: " + "x" * 600, "Date: Sat, 29 Feb 2025 25:61:61 GMT"),
    register('From: "a\x1b[2Jb" <sip:a@h>'),
    register("Call-ID: <img src=x onerror=1>@h", "User-Agent: <script>"),
    octets("REGISTER sip:h SIP/2.0", *request_fields("REGISTER")[:-1], "CSeq: 4294967296 REGISTER"),
    octets("REGISTER sip:h SIP/2.0", *request_fields("REGISTER")[:-1], "CSeq: 0 " + "A" * 1000),
    octets("REGISTER sip:h SIP/2.0", *request_fields("REGISTER")[:-1], "CSeq: " + "1" * 5000 + " REGISTER"),
    register("Expires: \u0665", "Max-Forwards: 7_0", "Contact: <sip:a@h;pn-prid=%>;expires=+5;q=9"),
]
OFFERS = [
    b"",
    b"a=",
    b"a=fmtp:",
    b"m=audio",
    b"v=0\r\na=rtpmap\r\nm=audio 17000 RTP/AVP " + b"9" * 300,
    b"m=audio 1 RTP/AVP 0",
    b"no equals sign\r\nm=audio 1 RTP/AVP 0 8 x",
    b"\xff\x00m=audio 1 RTP/AVP 8",
]


def refusal(read: Callable[[], object]) -> SipError | None:
    """Read something; return why it was refused, if it was."""
    try:
        read()
    except SipError as error:
        return error
    return None


def allowed(read: Callable[[], object]) -> None:
    """Read something: it succeeds, or there is an answer that may be shown to anybody."""
    error = refusal(read)
    assert error is None or (400 <= error.status <= 599 and error.rule.isascii())


def look_at(message: Message) -> None:
    """Ask a message all that the floors above ask."""
    headers = message.headers
    for read in (
        lambda: message.cseq,
        lambda: message.via,
        lambda: max_forwards(headers),
        lambda: expires(headers),
        lambda: [(contact.sip_uri, contact_expires(contact)) for contact in contacts(headers)[0]],
        lambda: address(headers, "from").sip_uri.aor,
        lambda: address(headers, "to").tag,
        lambda: option_tags(headers, "require"),
        lambda: [headers.values(key) for key in LISTS],
        lambda: [parse_credentials(text) for text in headers.values("authorization")],
    ):
        allowed(read)
    repr(message)
    if isinstance(message, Request):
        allowed(lambda: parse_uri(message.uri).aor)
        allowed(lambda: callee_dialog(message, reply(message, 200, to_tag="t")).request("BYE", via="v"))
        again = parse(stateless_reply(message, 400).encode())
        assert again.defect is None, "what we answer is well-formed, whatever was asked"
        assert list(again.headers)[:-1] == list(stateless_reply(message, 400).headers)


def receive(received: bytes) -> None:
    """Take octets the way a server does: as a datagram, and from a stream."""
    layer = TransactionLayer()
    try:
        message = parse(received)
    except ParseError:
        pass
    else:
        look_at(message)
        layer.receive(message, UDP, 0.0)
    framer = Framer()
    try:
        for frame in framer.feed(received):
            if isinstance(frame, bytes):
                layer.receive(parse(frame, is_stream=True), TCP, 0.0)
    except ParseError:
        framer.head()
    layer.events()
    for _, sent in layer.outputs():
        assert parse(sent).defect is None
    layer.handle_timer(99.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_broke_others_is_read_or_refused(seed: bytes) -> None:
    receive(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_cut_off_anywhere_it_is_read_or_refused(seed: bytes) -> None:
    for end in range(0, min(len(seed), 700), 3):
        receive(seed[:end])
        receive(seed[:end] + b"\r\n\r\n")


@pytest.mark.parametrize("offer", OFFERS)
def test_a_broken_offer_is_answered_or_refused(offer: bytes) -> None:
    for end in range(len(offer) + 1):
        answer(offer[:end], "192.0.2.1", 4000, session=1)


_JUNK = st.sampled_from(
    [b"\x00", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b'"', b"\\", b"<", b">", b";", b",", b":", b"=", b"@",
     b"%", b"?", b"[", b"]", b"*", b"\xff", b"\xc3\xa9", b"9" * 30, b"a" * 300, b"Via: ",
     b"Content-Length: ", b"SIP/2.0 "]
)  # fmt: skip
_EDITS = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 40), _JUNK | st.binary(max_size=4)), max_size=6)


def edited(seed: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Replace pieces of a message by junk."""
    for at, length, junk in edits:
        start = at % (len(seed) + 1)
        seed = seed[:start] + junk + seed[start + length :]
    return seed


@given(st.sampled_from(SEEDS), _EDITS)
def test_what_is_bent_is_read_or_refused(seed: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    receive(edited(seed, edits))


@given(st.binary(max_size=300))
def test_noise_is_read_or_refused(noise: bytes) -> None:
    receive(noise)
    receive(b"INVITE sip:h SIP/2.0\r\n" + noise + b"\r\n\r\n")
    answer(noise, "192.0.2.1", 4000, session=1)


_VALUES = st.sampled_from(
    ["<sip:a@h>;tag=1", "sip:a@[::1]:5060;lr?x=y", 'Digest realm="r", nonce="n"', "SIP/2.0/UDP h:5060;rport",
     "1 INVITE", '"a \\" b" <sips:c%20@d;pn-provider=fcm;pn-prid=t>;q=0.5', "", "*"]
)  # fmt: skip


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@given(_VALUES, _EDITS)
def test_no_value_raises_anything_else(
    reader: Callable[[str], object], value: str, edits: list[tuple[int, int, bytes]]
) -> None:
    allowed(lambda: reader(decode(edited(value.encode(), edits))))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@given(st.text(max_size=40))
def test_no_text_raises_anything_else(reader: Callable[[str], object], text: str) -> None:
    allowed(lambda: reader(text))
