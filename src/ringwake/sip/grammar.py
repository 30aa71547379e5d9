"""The grammar's small pieces (RFC 3261 section 25), as linear-time scanners.

`str` methods that know Unicode are traps here: `isdigit` accepts Arabic digits, `int` accepts `1_000` and `+5`,
`strip` removes no-break spaces, `lower` turns the Kelvin sign into `k`. So digits, blanks and tokens are checked by
pattern. No pattern below can backtrack: each repeats one character class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ringwake.sip.errors import ParseError

LWS = " \t"
# The `token` rule: one or more alphanumerics or marks.
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
# 1*DIGIT. RFC 3261 bounds its scalars by 2**32 - 1; longer runs are refused before they are computed.
_DIGITS = re.compile(r"[0-9]+")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_MAX_DIGITS = 20
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
# CTL = %x00-1F / %x7F, HTAB apart.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def decode(octets: bytes) -> str:
    """Turn octets into text without losing any."""
    return octets.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Turn text back into the octets it came from."""
    return text.encode("utf-8", "surrogateescape")


def is_token(text: str) -> bool:
    """Tell whether the text is a `token`."""
    return _TOKEN.fullmatch(text) is not None


def has_control(text: str) -> bool:
    """Tell whether a control character stands in the text (horizontal tab apart)."""
    return _CONTROL.search(text) is not None


def number(text: str, name: str, *, most: int = 2**32 - 1) -> int:
    """Read `1*DIGIT`.

    Raises:
        ParseError: not ASCII digits, or above `most`.
    """
    if _DIGITS.fullmatch(text) is None or len(text) > _MAX_DIGITS:
        raise ParseError(f"{name} is not a number")
    value = int(text)
    if value > most:
        raise ParseError(f"{name} is too large")
    return value


def unescape(text: str) -> str:
    """Resolve `%HH` once; a `%` that starts no escape stays (RFC 4475 section 3.1.1.5)."""
    if "%" not in text:
        return text
    return decode(_ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), encode(text)))


def escape(text: str, allowed: re.Pattern[str]) -> str:
    """Write every character that `allowed` does not match as `%HH` of its octets."""
    if allowed.fullmatch(text):
        return text
    return "".join(c if allowed.fullmatch(c) else "".join(f"%{o:02X}" for o in encode(c)) for c in text)


def quote(text: str) -> str:
    """Write a `quoted-string`."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """Read a `quoted-string`, or return other text as it stands."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    if "\\" not in inner and '"' not in inner:
        return inner
    if _QUOTED.fullmatch(text) is None:
        return text
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def closing_quote(text: str, start: int) -> int:
    """Return the index of the quote that closes the one at `start`.

    Raises:
        ParseError: it is never closed.
    """
    at = start + 1
    end = text.find('"', at)
    while end >= 0:
        escape_at = text.find("\\", at, end)
        if escape_at < 0:
            return end
        at = escape_at + 2
        if at > end:  # that quote was escaped; otherwise it stands, and is not searched for again
            end = text.find('"', at)
    raise ParseError("a quoted string is not closed")


def split(text: str, separator: str) -> Iterator[str]:
    """Split at a separator that stands outside quotes and angle brackets; parts are stripped of blanks.

    Raises:
        ParseError: a quote or bracket is not closed.
    """
    if '"' not in text and "<" not in text:
        for part in text.split(separator):
            yield part.strip(LWS)
        return
    start = at = 0
    length = len(text)
    while at < length:
        char = text[at]
        if char == '"':
            at = closing_quote(text, at)
        elif char == "<":
            at = text.find(">", at)
            if at < 0:
                raise ParseError("an angle bracket is not closed")
        elif char == separator:
            yield text[start:at].strip(LWS)
            start = at + 1
        at += 1
    yield text[start:].strip(LWS)
