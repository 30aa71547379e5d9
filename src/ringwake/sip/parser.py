"""Octets to messages (RFC 3261 sections 7 and 25). First of two layers: see proxy/validation.py for the second.

A message that can be answered must survive parsing, or a wrong version, a wrong scheme or a missing field would get
silence where its status is due. So only octets that no answer could be built from raise; what else is wrong is kept
as the message's `defect`.
"""

from __future__ import annotations

import re

from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.grammar import LWS, closing_quote, decode, has_control, is_token, number
from ringwake.sip.headers import Headers, key_of
from ringwake.sip.message import VERSION, Message, Request, Response

MAX_MESSAGE = 65_535
"""Octets of a message: what UDP can carry (RFC 3261 section 18.1.1)."""
MAX_HEAD = 32_768
"""Octets of start line and header fields."""
MAX_FIELDS = 128
"""Header fields. RFC 4475 longreq has 34 Via fields and is valid."""
MAX_LINE = 8_192
"""Octets of one unfolded field: a Web Push Contact is long, digest credentials are not short."""
_UNUSUAL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTED_PAIR = re.compile(r"\\.", re.DOTALL)
_SCALARS = ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "expires", "content-type")


def parse(octets: bytes, *, is_stream: bool = False) -> Message:
    """Read one message: a datagram, a WebSocket message, or what `framing` cut from a stream.

    A datagram may hold more octets than Content-Length says; they are dropped (section 18.3).

    Raises:
        ParseError: no message that could be answered.
    """
    head, found, body = octets.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not found and not head.endswith(b"\r\n"):
        raise ParseError("the header section does not end")
    if len(head) > MAX_HEAD or len(octets) > MAX_MESSAGE:
        raise ParseError("the message is too long", status=513)
    start, _, rest = decode(head).removesuffix("\r\n").partition("\r\n")
    message = _start(start)
    lines = _unfold(rest)
    try:
        message.headers = _fields(lines)
        message.body = _body(message.headers, body, is_stream=is_stream)
    except SipError as error:
        # Without its traceback, whose frames hold the octets and this message: a circle that only the collector ends.
        message.defect = message.defect or error.with_traceback(None)
        message.headers = _salvage(lines)
    return message


def check_start_line(line: str) -> None:
    """Look whether a line begins a message of any SIP version, sound or not.

    Raises:
        ParseError: it does not; nothing that follows it on a stream can be trusted either.
    """
    method, _, rest = line.partition(" ")
    version = rest.rstrip(" ").rpartition(" ")[2] if is_token(method) else line
    if version[:4].upper() != "SIP/":
        raise ParseError("the first line is no SIP start line")


def _start(line: str) -> Message:
    check_start_line(line)
    if line[: len(VERSION) + 1].upper() == VERSION + " ":
        return _response(line)
    method, _, rest = line.partition(" ")
    uri, _, version = rest.rstrip(" ").rpartition(" ")
    if not is_token(method):
        raise ParseError("the response has a version of SIP that is not ours")
    request = Request(Headers(), method=method, uri=uri, version=version)
    if version.upper() != VERSION:
        request.defect = SipError(505, "the SIP version is not 2.0")
    elif rest[-1:] == " " or not uri or has_control(uri) or any(c in uri for c in ' \t<>"'):
        request.defect = ParseError("the Request-URI holds a blank, a bracket or nothing")
    return request


def _response(line: str) -> Response:
    status, _, reason = line[len(VERSION) + 1 :].partition(" ")
    if len(status) != 3:
        raise ParseError("the status is not three digits")
    code = number(status, "the status")
    if not 100 <= code <= 699 or has_control(reason):
        raise ParseError("the status line is malformed")
    return Response(Headers(), status=code, reason=reason)


def _unfold(text: str) -> list[str]:
    """Return the fields, each on one line (section 7.3.1): folding is one blank."""
    lines = text.split("\r\n") if text else []
    if "\r\n " not in text and "\r\n\t" not in text:
        return lines
    folded: list[list[str]] = []
    for line in lines:
        if folded and line.startswith((" ", "\t")):
            folded[-1].append(line.strip(LWS))
        else:
            folded.append([line])
    return [" ".join(parts) for parts in folded]


def _fields(lines: list[str]) -> Headers:
    if len(lines) > MAX_FIELDS:
        raise ParseError("there are too many header fields")
    keys: list[str] = []
    fields: list[str] = []
    for line in lines:
        name, colon, _ = line.partition(":")
        bare = name.rstrip(LWS)
        if not colon or not is_token(bare):
            raise ParseError("a header field has no name")
        keys.append(key_of(bare))
        if len(line) > MAX_LINE:
            raise ParseError("a header field is too long")
        # `X-Foo : v` is the field X-Foo everywhere, also for whoever reads it after us (reliability S13).
        fields.append(line if bare is name or bare == name else f"{bare}{line[len(name) :]}")
    _check(keys, fields)
    return Headers(keys, fields)


def _check(keys: list[str], fields: list[str]) -> None:
    for key in _SCALARS:
        if keys.count(key) > 1:
            raise ParseError(f"{key} stands more than once")
    # One search over all lines is quicker than one a line, and nearly always finds nothing.
    if _UNUSUAL.search("".join(fields)):
        for field in fields:
            if _has_bare_control(field):
                raise ParseError("a header field holds a control character")


def _has_bare_control(field: str) -> bool:
    """Tell whether a control character stands outside a quoted pair of a quoted string, or is a CR or LF anywhere.

    RFC 4475 intmeth has NUL, BEL and DEL as quoted pairs in a display name, and is valid.
    """
    if "\r" in field or "\n" in field:
        return True
    at = 0
    while (opened := field.find('"', at)) >= 0:
        try:
            closed = closing_quote(field, opened)
        except ParseError:
            break  # it quotes nothing: a Call-ID may hold a single one
        if has_control(field[at:opened]) or has_control(_QUOTED_PAIR.sub("", field[opened:closed])):
            return True
        at = closed + 1
    return has_control(field[at:])


def _body(headers: Headers, rest: bytes, *, is_stream: bool) -> bytes:
    text = headers.get("content-length")
    if text is None:
        return rest
    length = number(text, "Content-Length")
    if length > len(rest) and not is_stream:
        raise ParseError("the body is shorter than Content-Length")
    return rest[:length]


def _salvage(lines: list[str]) -> Headers:
    """Keep the fields that a response copies (section 8.2.6.2), the first of each, if it is well-formed."""
    kept = Headers()
    wanted = ("via", "from", "to", "call-id", "cseq", "timestamp")
    for line in lines:
        name, colon, text = line.partition(":")
        key = key_of(name.rstrip(LWS))
        is_sound = colon and not has_control(text) and len(line) <= MAX_LINE and len(kept) < MAX_FIELDS
        if is_sound and key in wanted and (key == "via" or key not in kept):
            kept.append(key, text.strip(LWS))
    return kept
