"""RFC 8599 on the wire: `pn-*` parameters of a Contact URI, and Feature-Caps (RFC 6809)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ringwake.sip.grammar import quote, unescape
from ringwake.sip.uri import Uri

SECRET_PARAMS = ("pn-provider", "pn-param", "pn-prid")
"""What may not leave the edge (section 13); pn-purr may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushParams:
    """The push parameters of one Contact URI, unescaped once."""

    provider: str
    """`pn-provider` in lower case; empty when it has no value: a query for all services (section 4.1.4)."""
    param: str | None
    prid: str | None


def push_params(uri: Uri) -> PushParams | None:
    """Read the push parameters of a Contact URI; None without `pn-provider`.

    They count only inside the angle brackets (standards G3): header parameters never get here.
    """
    if "pn-provider" not in uri.params:
        return None
    provider = uri.params.get("pn-provider") or ""
    param, prid = uri.params.get("pn-param"), uri.params.get("pn-prid")
    return PushParams(
        provider=unescape(provider).lower(),
        param=unescape(param) if param else None,
        prid=unescape(prid) if prid else None,
    )


def without_secrets(uri: Uri) -> Uri:
    """Return the URI without the parameters that name a phone's token."""
    return uri.without(*SECRET_PARAMS)


def feature_caps(provider: str, indicators: Iterable[tuple[str, str]] = ()) -> str:
    """Write the Feature-Caps value of one push service (sections 5.4 and 8.2; RFC 6809 section 6).

    Args:
        provider: a `pn-provider` value.
        indicators: more of the same line, such as ("sip.vapid", key).
    """
    more = "".join(f";+{name}={quote(value)}" for name, value in indicators)
    return f"*;+sip.pns={quote(provider)}{more}"
