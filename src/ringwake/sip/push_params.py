"""RFC 8599 on the wire: `pn-*` parameters of a Contact, and Feature-Caps (RFC 6809)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ringwake.sip.address import NameAddr
from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS, quote, unescape, unquote
from ringwake.sip.headers import Headers
from ringwake.sip.params import Params
from ringwake.sip.uri import Uri

MPUSH = "x-mpush"
"""Header field of a REGISTER that holds a token (MizuTech): it may not leave the edge either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushParams:
    """What one Contact of a REGISTER says of push, in RFC 8599's words whatever dialect it came in."""

    provider: str
    """`pn-provider` in lower case; empty when it has no value: a query for all services (section 4.1.4)."""
    param: str | None
    prid: str | None
    knows_555: bool = True
    """Whether the phone speaks RFC 8599: others are bound without push where it would be refused (section 5.6.1)."""


def push_params(uri: Uri) -> PushParams | None:
    """Read the push parameters of a Contact URI; None without `pn-provider`."""
    return _read(uri.params, unescape)


def header_push_params(contact: NameAddr) -> PushParams | None:
    """Read push parameters that stand behind the angle brackets of a Contact, as JsSIP writes them.

    A value in quotes is taken as it stands; one without them has `%HH` resolved as in a URI, since an app writes the
    same text in either place. Without brackets there are none: a Contact so written has always been a plain one
    (RFC 3261 section 20.10, standards G3).
    """
    return None if contact.is_bare else _read(contact.params, _header_value)


def _header_value(text: str) -> str:
    return unquote(text) if text.startswith('"') else unescape(text)


def _read(params: Params, value: Callable[[str], str]) -> PushParams | None:
    if "pn-provider" not in params:
        return None
    param, prid = params.get("pn-param"), params.get("pn-prid")
    return PushParams(
        provider=value(params.get("pn-provider") or "").lower(),
        param=value(param) or None if param else None,
        prid=value(prid) or None if prid else None,
    )


def feature_caps(provider: str, indicators: Iterable[tuple[str, str]] = ()) -> str:
    """Write the Feature-Caps value of one push service (sections 5.4 and 8.2; RFC 6809 section 6).

    Args:
        provider: a `pn-provider` value.
        indicators: more of the same line, such as ("sip.vapid", key).
    """
    more = "".join(f";+{name}={quote(value)}" for name, value in indicators)
    return f"*;+sip.pns={quote(provider)}{more}"


def indicated(headers: Headers) -> frozenset[str]:
    """Return the push services, in lower case, for which Feature-Caps say that somebody does the pushes (section 5.6).

    Read with lenience: with and without `*;`, any case and order, several values in one string. What cannot be read
    says nothing.
    """
    try:
        values = headers.values("feature-caps")
    except ParseError:
        return frozenset()
    return frozenset(name for value in values for name in _services(value))


def _services(value: str) -> list[str]:
    try:
        caps = Params.parse(value.removeprefix("*").lstrip(LWS))
    except ParseError:
        return []
    names = (name.strip(LWS).lower() for name in unquote(caps.get("+sip.pns") or "").split(","))
    return [name for name in names if name]
