"""What a registrar promises a phone in Feature-Caps (RFC 8599 section 4.1.1, RFC 6809 section 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS, unquote
from ringwake.sip.headers import Headers
from ringwake.sip.params import Params

_SECONDS = re.compile(r"[0-9]{1,9}")
# What a tag-value (RFC 3840 section 9) and a pvalue (RFC 3261 section 25.1) both allow, without escapes.
_PURR = re.compile(r"[A-Za-z0-9\-._*+'~]+")


@dataclass(frozen=True, slots=True)
class Promise:
    """The capabilities that stand in the lines of one push service."""

    has_push: bool = False
    """Whether there is such a line."""
    purr: str = ""
    """`+sip.pnspurr`: what the phone puts into the Contact of its dialogs (section 6.1.1); empty for none."""
    refresh_before: int = 0
    """`+sip.pnsreg`: seconds before its expiry by which the phone must refresh without a push (section 4.1.4); or 0."""


def promise(headers: Headers, provider: str) -> Promise:
    """Read what is promised for a push service.

    Read with lenience: with and without `*;`, any case and order, several services in one string. What cannot be read
    promises nothing.

    Args:
        headers: of the 2xx to a REGISTER.
        provider: our `pn-provider`; empty for a phone without push, which is promised nothing.
    """
    try:
        lines = [_capabilities(value) for value in headers.values("feature-caps")]
    except ParseError:
        return Promise()
    ours = [caps for caps in lines if provider and provider.lower() in _services(caps)]
    return Promise(
        bool(ours),
        purr=_first(ours, "+sip.pnspurr", _PURR),
        refresh_before=int(_first(ours, "+sip.pnsreg", _SECONDS) or 0),
    )


def _first(lines: list[Params], name: str, allowed: re.Pattern[str]) -> str:
    values = (unquote(caps.get(name) or "") for caps in lines)
    return next((value for value in values if allowed.fullmatch(value)), "")


def _capabilities(value: str) -> Params:
    try:
        return Params.parse(value.removeprefix("*").lstrip(LWS))
    except ParseError:
        return Params()


def _services(caps: Params) -> list[str]:
    return [name.strip(LWS).lower() for name in unquote(caps.get("+sip.pns") or "").split(",")]
