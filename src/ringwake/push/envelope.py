"""What every push carries, whatever the service (docs/reference/payload.md), and how it is made to fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec

from ringwake.model.push import Alert, Kind, Loc, Notice, Push
from ringwake.push.errors import UnsendableError

VERSION = 1
# SIP octets that are not UTF-8 were decoded with surrogateescape; no JSON can carry them.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Caller(msgspec.Struct, frozen=True):
    """Who calls or writes."""

    uri: str
    name: str


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """The `ringwake` object; members in the order of the page."""

    v: int
    kind: str
    id: str
    call_id: str
    account: str
    seq: int
    uuid: str
    deadline_ms: int
    expires: int
    ticket: str | msgspec.UnsetType = msgspec.UNSET
    sender: Caller | msgspec.UnsetType = msgspec.UNSET
    actions: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


def envelope(notice: Notice, expires_at: float) -> Envelope:
    """Build the `ringwake` object of a clean notice."""
    has_sender = bool(notice.from_uri or notice.from_name)
    return Envelope(
        v=VERSION,
        kind=notice.kind.value,
        id=notice.id,
        call_id=notice.call_id,
        account=notice.account,
        seq=notice.seq,
        uuid=notice.uuid,
        deadline_ms=notice.deadline_ms,
        expires=int(expires_at),
        ticket=notice.ticket or msgspec.UNSET,
        sender=Caller(notice.from_uri, notice.from_name) if has_sender else msgspec.UNSET,
        actions=dict(notice.actions) or msgspec.UNSET,
    )


def with_extra(ours: Mapping[str, Any], notice: Notice) -> dict[str, Any]:
    """Return the members of a payload: what the application asked for, and ours, which win; None is left out."""
    return {**dict(notice.extra), **{name: value for name, value in ours.items() if value is not None}}


def fitted(push: Push, fits: Callable[[Notice], bool]) -> Notice:
    """Return the notice, clean, with as much of its text as fits.

    Args:
        push: to take the notice from.
        fits: builds the payload of a notice and tells whether its length is allowed. What is returned was asked last.

    Raises:
        UnsendableError: what may not be shortened is too long.
    """
    notice = _clean(push.notice)
    if fits(notice):
        return notice
    for shortened in _shortenings(notice, fits):
        if fits(shortened):
            return shortened
    raise UnsendableError("payload too large", status=413)


def replaces(notice: Notice) -> str:
    """Return the name under which a newer push replaces an older one: 32 characters of base64url.

    All pushes of a call replace each other, so that "missed" does not stand beside "calling"; messages do not. Of what
    is unread, and of voicemail, the newest says all.
    """
    match notice.kind:
        case Kind.MESSAGE:
            name = f"message\0{notice.id}"
        case Kind.REFRESH | Kind.WAKE:
            name = notice.kind.value
        case Kind.READ | Kind.VOICEMAIL:
            name = f"{notice.kind}\0{notice.account}"
        case _:
            name = f"call\0{notice.account}\0{notice.call_id}"
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _shortenings(notice: Notice, fits: Callable[[Notice], bool]) -> Iterator[Notice]:
    """Yield ever shorter forms, in the order of the page."""
    notice = _longest(notice, len(notice.from_name), cut=_with_name, fits=fits)
    yield notice
    if notice.alert is not None:
        notice = replace(notice, alert=replace(notice.alert, loc=None))
        yield notice
        notice = _longest(notice, len(_shown(notice).body), cut=_with_body, fits=fits)
        yield notice
        notice = _longest(notice, len(_shown(notice).title), cut=_with_title, fits=fits)
        yield notice
    notice = _longest(notice, len(notice.extra), cut=_with_members, fits=fits)
    yield notice
    notice = replace(notice, from_uri="", from_name="")
    yield notice
    notice = replace(notice, actions=())
    yield notice
    yield replace(notice, ticket="")


def _longest(
    notice: Notice, length: int, *, cut: Callable[[Notice, int], Notice], fits: Callable[[Notice], bool]
) -> Notice:
    """Return the notice with the longest beginning of something that fits; with none of it if none does."""
    low, high = 0, length
    while low < high:
        middle = (low + high + 1) // 2
        if fits(cut(notice, middle)):
            low = middle
        else:
            high = middle - 1
    return cut(notice, low)


def _with_name(notice: Notice, length: int) -> Notice:
    return replace(notice, from_name=notice.from_name[:length])


def _with_members(notice: Notice, length: int) -> Notice:
    return replace(notice, extra=notice.extra[:length])


def _shown(notice: Notice) -> Alert:
    return notice.alert or Alert()


def _with_body(notice: Notice, length: int) -> Notice:
    alert = _shown(notice)
    return replace(notice, alert=replace(alert, body=alert.body[:length]))


def _with_title(notice: Notice, length: int) -> Notice:
    alert = _shown(notice)
    return replace(notice, alert=replace(alert, title=alert.title[:length]))


def _clean(notice: Notice) -> Notice:
    if "".join(_texts(notice)).isascii():
        return notice
    alert = notice.alert
    if alert is not None:
        alert = replace(
            alert,
            title=clean(alert.title),
            body=clean(alert.body),
            loc=_clean_loc(alert.loc),
            sound=clean(alert.sound),
            category=clean(alert.category),
        )
    return replace(
        notice,
        id=clean(notice.id),
        account=clean(notice.account),
        call_id=clean(notice.call_id),
        from_uri=clean(notice.from_uri),
        from_name=clean(notice.from_name),
        uuid=clean(notice.uuid),
        alert=alert,
        extra=tuple((name, clean(value)) for name, value in notice.extra),
    )


def _texts(notice: Notice) -> list[str]:
    """Return all that came from outside."""
    texts = [notice.id, notice.account, notice.call_id, notice.from_uri, notice.from_name, notice.uuid]
    texts += [value for _, value in notice.extra]
    if notice.alert is not None:
        texts += (notice.alert.title, notice.alert.body, notice.alert.sound, notice.alert.category)
        if notice.alert.loc is not None:
            texts += (notice.alert.loc.key, *notice.alert.loc.args, notice.alert.loc.title_key)
    return texts


def _clean_loc(loc: Loc | None) -> Loc | None:
    return loc and Loc(key=clean(loc.key), args=tuple(map(clean, loc.args)), title_key=clean(loc.title_key))


def clean(text: str) -> str:
    """Return a text that JSON can carry: octets that were not UTF-8 become U+FFFD."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)
