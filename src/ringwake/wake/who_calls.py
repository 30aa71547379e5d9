"""Who calls, as far as a callee's lists go: by which names, proved or not, and whether it wants to be nobody.

Diversion and History-Info say through whom a call came, not who calls, so they are no names here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringwake.sip.address import NameAddr, parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import address
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request
from ringwake.wake.caller_pattern import Name, name_of

ANONYMOUS = Name("anonymous@anonymous.invalid", "anonymous")
"""The name of whoever wants to have none (RFC 3323 section 4.1)."""
_HIDING = frozenset({"id", "user"})
"""Values of Privacy by which a caller withholds its identity (RFC 5079 section 3)."""
CALLBACK = "psap-callback"
"""Priority of a call back from an emergency centre (RFC 7090)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoCalls:
    """Who calls or writes."""

    names: tuple[Name, ...]
    """All that it goes by: whatever speaks against it."""
    proved: tuple[Name, ...]
    """Those that somebody vouches for: only they speak for it."""
    is_anonymous: bool = False
    is_callback: bool = False
    """Whether it is the call back of an emergency centre, by the word of a trusted peer."""


def who_calls(request: Request, *, is_trusted: bool) -> WhoCalls:
    """Read who sends a request.

    Args:
        request: whose From was checked, unless a trusted peer has sent it.
        is_trusted: whether it came from a peer, whose P-Asserted-Identity counts (RFC 3325 section 5).

    Raises:
        ParseError: From is malformed.
    """
    sender = address(request.headers, "from")
    written, asserted = name_of(sender), tuple(_asserted(request.headers)) if is_trusted else ()
    is_anonymous = _is_anonymous(sender, written, request.headers)
    proved = (ANONYMOUS,) if is_anonymous else asserted or (written,)
    priority = request.headers.get("priority") or ""
    return WhoCalls(
        names=tuple(dict.fromkeys((written, *proved))),
        proved=proved,
        is_anonymous=is_anonymous,
        is_callback=is_trusted and priority.lower() == CALLBACK,
    )


def _asserted(headers: Headers) -> Iterator[Name]:
    try:
        values = headers.values("p-asserted-identity")
    except ParseError:
        return
    for value in values:
        try:
            yield name_of(parse_address(value))
        except ParseError:
            continue


def _is_anonymous(sender: NameAddr, written: Name, headers: Headers) -> bool:
    """Tell whether a caller has withheld who it is; one of whom nothing is known has not (RFC 5079 section 3)."""
    host = written.address.rpartition("@")[2]
    if written.local == "anonymous" or host == "anonymous.invalid" or host.endswith(".anonymous.invalid"):
        return True
    wishes = {word.strip().lower() for text in headers.texts("privacy") for word in text.replace(",", ";").split(";")}
    return bool(wishes & _HIDING) or sender.display.strip().lower() == "anonymous"
