"""What is to become of an account's incoming calls."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """A time of the week in which no phone rings."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """Days on which it begins, Monday is 0."""
    begin: int
    """Minutes after midnight, by the clock on the wall."""
    end: int
    """Likewise; not above `begin`: of the day after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwards:
    """Where calls go on to, as SIP URIs; empty: nowhere."""

    always: str = ""
    busy: str = ""
    """When the account does not want to be disturbed, or its phones refuse with 486 or 600."""
    no_answer: str = ""
    unreachable: str = ""
    """When no phone is registered, or none has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """The advanced settings of an account."""

    do_not_disturb: bool = False
    quiet_hours: tuple[QuietHours, ...] = ()
    time_zone: str = "UTC"
    """Of `quiet_hours`, as in the IANA database."""
    allow: tuple[str, ...] = ()
    """Who may call at any time: `user@host`, `*@host`, or a number, each with `*` for anything."""
    only_allowed: bool = False
    """Nobody else may call at all."""
    block: tuple[str, ...] = ()
    """Who may not; `allow` wins."""
    reject_anonymous: bool = False
    in_order: bool = False
    """Ring the phones one after the other, by the `q` of their Contacts, highest first (RFC 3261 section 16.6); those
    with the same at once. False: all at once."""
    next_after: float = 15.0
    """Seconds that a phone rings before the next one joins in, with `in_order`."""
    no_answer: float | None = None
    """Seconds after which a call counts as not answered; None: the server's time."""
    forward: Forwards = field(default_factory=Forwards)
    tell_missed: bool = True
    """Tell the phones, without sound, of a call that was not let through; it is listed in any case."""
