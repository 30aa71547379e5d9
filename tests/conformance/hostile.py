"""A seeded generator of hostile messages: every family of things that have broken SIP servers, ours or others."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeAlias

from tests.conformance.phone import LONE
from tests.conformance.server import DOMAIN
from tests.conformance.shapes_ipv6 import IPV6
from tests.conformance.shapes_refused import REFUSED
from tests.conformance.shapes_silent import RESPONSES, TEST
from tests.conformance.shapes_sound import SOUND

Family: TypeAlias = Callable[[Random], bytes]
MOST = 60_000
"""Octets that a datagram is sure to carry."""
METHODS = (
    "OPTIONS", "REGISTER", "INVITE", "ACK", "BYE", "CANCEL", "MESSAGE", "SUBSCRIBE", "NOTIFY", "REFER", "INFO", "PRACK",
    "UPDATE", "PUBLISH", "NEWMETHOD", "options", "M" * 300,
)  # fmt: skip
URIS = (
    f"sip:{DOMAIN}", f"sip:mara@{DOMAIN}", f"sip:{LONE}@{DOMAIN}", f"sip:nobody@{DOMAIN}", "sip:a@elsewhere.test",
    f"sips:mara@{DOMAIN};transport=tls", "tel:+15550100", "urn:service:sos", f"sip:mara@{DOMAIN};lr?Route=%3Csip:x%3E",
    "sip:a%", "sip:%00@h", "sip:@", "sip:", ":", "sip:a@[::1]:99999", "sip:[:::::]", f"sip:{'a' * 2000}@h",
    f"sip:mara@{DOMAIN}{';p=1' * 60}", "sip:a@" + "x." * 130 + "y", "sip:127.0.0.1:5060", "sip:a@h:0", "*",
)  # fmt: skip
NUMBERS = (
    "0", "1", "-1", "+5", "5_0", "\u0665", "1e9", "0x10", " 7", "7 7", "255", "256", "2147483647", "2147483648",
    "4294967295", "4294967296", "4294967328", "18446744073709551616", "9" * 400, "five", "", "1.5", "NaN",
)  # fmt: skip
JUNK = (
    b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b'"', b"\\", b"<", b">", b"<>", b";", b",", b":", b"=",
    b"@", b"%", b"%00", b"?", b"[", b"]", b"*", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\x1b[2J",
    b"\x7f", b"9" * 30, b"A" * 300, b"Via: ", b"Content-Length: 5\r\n", b"SIP/2.0 ", b"\xe2\x80\xa8", b"${x}", b"'--",
)  # fmt: skip
_SHAPES = [
    *(refused.shape for refused in (*REFUSED.values(), *IPV6.values())),
    *(sound.shape for sound in SOUND.values()),
    *RESPONSES.values(),
    TEST,
]


def _call(rng: Random) -> str:
    return f"h{rng.getrandbits(48):x}"


def message(rng: Random, *more: str, method: str = "", uri: str = "", body: bytes = b"", length: str = "") -> bytes:
    """Write a request that is sound but for what is given; a line of `more` replaces the usual one of its name."""
    call, method = _call(rng), method or rng.choice(METHODS[:14])
    lines = {
        "via": f"Via: SIP/2.0/UDP quay.elsewhere.test;branch=z9hG4bK{call};rport",
        "max-forwards": "Max-Forwards: 70",
        "from": f"From: <sip:mallory@elsewhere.test>;tag={call}",
        "to": f"To: <sip:mara@{DOMAIN}>",
        "call-id": f"Call-ID: {call}@elsewhere.test",
        "cseq": f"CSeq: 1 {method}",
        "content-length": f"Content-Length: {length or len(body)}",
    }
    taken = {line.partition(":")[0].strip().lower() for line in more}
    kept = [line for name, line in lines.items() if name not in taken]
    head = [f"{method} {uri or rng.choice(URIS[:4])} SIP/2.0", *kept, *more, "", ""]
    return "\r\n".join(head).encode("utf-8", "surrogateescape") + body


def shaped(rng: Random) -> bytes:
    """One of the messages of RFC 4475 and 5118."""
    return rng.choice(_SHAPES).write(_call(rng))


def truncated(rng: Random) -> bytes:
    """Cut off anywhere."""
    octets = shaped(rng)
    return octets[: rng.randrange(len(octets))]


def bent(rng: Random) -> bytes:
    """With pieces replaced by junk."""
    octets = bytearray(shaped(rng) if rng.random() < 0.5 else message(rng))
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(len(octets) + 1)
        octets[at : at + rng.randrange(12)] = rng.choice(JUNK)
    return bytes(octets)


def oversized(rng: Random) -> bytes:
    """One line, or all of them, too long."""
    name = rng.choice(
        ("X-Long", "Via", "From", "To", "Call-ID", "Contact", "Route", "CSeq", "Authorization", "Subject")
    )
    fill = rng.choice(("a", "a ", ";a=b", ",<sip:a@h>", '"', "\\", "<", "(", "\t", "\u00e9", "%41", "="))
    return message(rng, f"{name}: {fill * rng.randrange(1000, 9000)}"[:30_000])


def crowded(rng: Random) -> bytes:
    """Too many of a thing."""
    count = rng.choice((65, 129, 1000, 5000))
    line = rng.choice(
        ("X: 1", "v:SIP/2.0/UDP a", "Route: <sip:a;lr>", "Record-Route: <sip:a;lr>", "m:<sip:a@h>", "Accept: a/b",
         "Require: x", "Proxy-Require: x", "Authorization: Digest x", "Warning: 399 a b",
         "P-Asserted-Identity: <sip:a@h>")
    )  # fmt: skip
    return message(rng, *[line] * min(count, MOST // (len(line) + 3)))


def many_vias(rng: Random) -> bytes:
    """Up to 10,000 Vias in one field, sound or not."""
    value, count = rng.choice(
        (("SIP/2.0/UDP a", 2000), ("SIP/2.0/UDP a", 500), ("a", 10_000), ("", 10_000), ('"', 10_000))
    )
    return message(rng, f"Via: SIP/2.0/UDP h;branch=z9hG4bK{_call(rng)}{f',{value}' * count}")


def nested(rng: Random) -> bytes:
    """Quotes, brackets and comments within each other, closed or not."""
    depth = rng.randrange(1, 4000)
    text = rng.choice(
        ("(" * depth + ")" * depth, "(" * depth, '"' * depth, '"\\' * depth, "<" * depth + ">" * depth, '<"' * depth,
         '"<' * depth, "\\" * depth, '"' + "\\\\" * depth, '";' * depth, '",' * depth, ";a=" + '"' * depth)
    )  # fmt: skip
    name = rng.choice(("User-Agent", "From", "To", "Contact", "Via", "Authorization", "Route", "Server", "Warning"))
    return message(rng, f"{name}: {text}"[:20_000])


def numbers(rng: Random) -> bytes:
    """Numbers that are none, or too large."""
    number, method = rng.choice(NUMBERS), rng.choice(METHODS[:3])
    line = rng.choice(
        (f"CSeq: {number} {method}", f"Max-Forwards: {number}", f"Expires: {number}", f"Content-Length: {number}",
         f"l: {number}", f"Contact: <sip:a@h>;expires={number};q={number}", f"Via: SIP/2.0/UDP h:{number};branch=n",
         f"Via: SIP/2.0/UDP h;rport={number};branch=z9hG4bK{_call(rng)}", f"Max-Breadth: {number}",
         f"Timestamp: {number}",
         f"To: <sip:mara@{DOMAIN}:{number}>", f"Session-Expires: {number}", f"Retry-After: {number}", f"Date: {number}")
    )  # fmt: skip
    return message(rng, line, method=method)


def controls(rng: Random) -> bytes:
    """NULs, other control characters and octets that are no UTF-8, in names, values and bodies."""
    piece = rng.choice(JUNK).decode("utf-8", "surrogateescape")
    where = rng.choice(("X-Foo: a{}b", "X{}Foo: a", "Call-ID: {}", "From: {}<sip:a@h>;tag=1", "To: <sip:{}@h>", "{}"))
    return message(rng, where.format(piece), body=rng.randbytes(rng.randrange(40)))


def doubled(rng: Random) -> bytes:
    """Fields that may stand once, twice: long, compact, with blanks before the colon, folded."""
    name, short = rng.choice(
        (("Call-ID", "i"), ("From", "f"), ("To", "t"), ("Content-Length", "l"), ("Content-Type", "c"), ("CSeq", "cSeQ"),
         ("Max-Forwards", "max-forwards"), ("Contact", "m"), ("Via", "v"), ("Expires", "EXPIRES"))
    )  # fmt: skip
    value = rng.choice(("0", "5", "<sip:a@h>;tag=1", "SIP/2.0/UDP h;branch=z9hG4bKd", "1 OPTIONS", "x@h"))
    forms = [
        f"{name}: {value}",
        f"{short}: {value}",
        f"{name} : {value}",
        f"{name}:\r\n {value}",
        f"{name}\t:\t{value}",
    ]
    return message(rng, *rng.sample(forms, 2))


def folded(rng: Random) -> bytes:
    """Continued lines, many of them, of nothing, or with blanks only."""
    fold = rng.choice(("\r\n ", "\r\n\t", "\r\n  \r\n ", "\r\n \t"))
    line = rng.choice(("X-Foo: a", "Via: SIP/2.0/UDP h;branch=z9hG4bKf", "From: <sip:a@h>;tag=1", "CSeq:", "l:"))
    return message(rng, line + (fold + rng.choice("ab,;<")) * rng.choice((1, 50, 3000)))


def lengths(rng: Random) -> bytes:
    """A Content-Length that is not the body's."""
    body = rng.randbytes(rng.randrange(200))
    return message(rng, body=body, length=rng.choice((*NUMBERS, str(len(body) + 1), str(max(0, len(body) - 1)))))


def parts(rng: Random) -> bytes:
    """Multipart bodies: without parts, with too many, nested, without an end."""
    boundary = rng.choice(("b", "", "--", "\u00e9", '"b"', "b" * 80))
    part = f"--{boundary}\r\nContent-Type: multipart/mixed;boundary={boundary}\r\n\r\n"
    body = rng.choice(("", f"--{boundary}--", part, part * 900, f"--{boundary}\r\n" * 2000, "--b--\r\n" * 1000))[:MOST]
    return message(rng, f"Content-Type: multipart/mixed;boundary={boundary}", body=body.encode())


def uris(rng: Random) -> bytes:
    """Request-URIs and addresses that are odd, or none."""
    uri = rng.choice(URIS)
    name = rng.choice(("From", "To", "Contact", "Route", "P-Asserted-Identity", "Record-Route", "Refer-To", ""))
    return message(rng, f"{name or 'X'}: <{uri}>", uri=rng.choice(URIS))


def credentials(rng: Random) -> bytes:
    """Credentials that are none."""
    text = rng.choice(
        ("Digest", "Digest ", 'Digest username="a', "Basic YTpi", f'Digest realm="{DOMAIN}"', "Digest a=b," * 1500,
         f'Digest username="mara", realm="{DOMAIN}", nonce="{rng.getrandbits(64)}", uri="sip:x", response="{0:032}"',
         f'Digest username="mara", realm="{DOMAIN}", nonce="x", qop=auth, nc={rng.choice(NUMBERS)}, cnonce="x"',
         'Digest username="\\', "Digest ,,,,", "Bearer x.y.z")
    )  # fmt: skip
    return message(
        rng, f"{rng.choice(('Authorization', 'Proxy-Authorization'))}: {text}", method=rng.choice(METHODS[:3])
    )


def strays(rng: Random) -> bytes:
    """What belongs to nothing: ACK, CANCEL, BYE, PRACK and responses, with tags and Routes of nobody."""
    if rng.random() < 0.3:
        return rng.choice([*RESPONSES.values()]).write(_call(rng))
    route = rng.choice(
        (f"Route: <sip:{rng.randbytes(40).hex()}@127.0.0.1:5060;lr>", "Route: <sip:elsewhere.test;lr>", "X: 1")
    )
    to = f"To: <sip:mara@{DOMAIN}>;tag={_call(rng)}"
    return message(rng, to, route, method=rng.choice(("ACK", "CANCEL", "BYE", "PRACK", "INFO", "UPDATE", "INVITE")))


def garbage(rng: Random) -> bytes:
    """What is no SIP at all."""
    return rng.choice(
        (rng.randbytes(rng.randrange(1, 1400)), b"\0\1\0\0\x21\x12\xa4\x42" + rng.randbytes(12), b"\r\n\r\n", b"\0",
         b"\0\1" + rng.randbytes(30), b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"\x16\3\1\2\0\1\0\1\xfc\3\3",
         b"\x80\0" + rng.randbytes(170), b"SIP/2.0\r\n\r\n", b"INVITE\r\n\r\n", b"\n" * 900, b" " * 900,
         b"REGISTER " * 900)
    )  # fmt: skip


FAMILIES: tuple[Family, ...] = (
    shaped, truncated, bent, oversized, crowded, many_vias, nested, numbers, controls, doubled, folded, lengths, parts,
    uris, credentials, strays, garbage,
)  # fmt: skip


def hostile(rng: Random) -> bytes:
    """Write a message of any family."""
    return rng.choice(FAMILIES)(rng)[:MOST]
