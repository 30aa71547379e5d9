"""Whether a call may reach the phones of an account at all, by what its owner has chosen: before any is woken.

Read `screen` from the top: the first rule that fits decides (docs/adr/0036-screening.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from math import ceil, inf

from ringwake.model.call_settings import CallSettings
from ringwake.model.history import Outcome
from ringwake.model.settings import Settings
from ringwake.wake.caller_pattern import is_listed
from ringwake.wake.quiet_hours import quiet_until
from ringwake.wake.who_calls import WhoCalls

ANONYMITY_DISALLOWED = 433
"""RFC 5079."""
DECLINE = 603
UNAVAILABLE = 480
"""What the account stands for while it does not want to be disturbed (RFC 3261 section 21.4.18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """A call that does not reach the phones."""

    outcome: Outcome
    """BLOCKED: this caller is not wanted. SILENCED: nobody is, for now."""
    status: int
    """What the caller hears, unless the call goes on to somebody else."""
    rule: str
    """Why, in words that may be shown to anybody."""
    retry_after: int | None = None
    """Seconds until phones ring again, if it is known."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Fields of the answer."""
        return () if self.retry_after is None else (("retry-after", str(self.retry_after)),)


_ANONYMOUS = Screened(outcome=Outcome.BLOCKED, status=ANONYMITY_DISALLOWED, rule="the account takes no anonymous calls")
_NOT_ALLOWED = Screened(outcome=Outcome.BLOCKED, status=DECLINE, rule="the caller is not on the account's list")
_BLOCKED = Screened(outcome=Outcome.BLOCKED, status=DECLINE, rule="the account has blocked the caller")
_DISTURBING = Screened(outcome=Outcome.SILENCED, status=UNAVAILABLE, rule="the account does not want to be disturbed")


def screen(caller: WhoCalls, wishes: CallSettings, *, zone: Callable[[str], tzinfo], wall: float) -> Screened | None:
    """Return why a call does not reach the phones of an account; None: it does.

    Args:
        caller: who calls.
        wishes: the account's.
        zone: finds a time zone by its name.
        wall: epoch seconds now.
    """
    if caller.is_callback:
        return None
    if caller.is_anonymous and wishes.reject_anonymous:
        return _ANONYMOUS
    if is_listed(wishes.allow, caller.proved):
        return None
    if wishes.only_allowed:
        return _NOT_ALLOWED
    if is_listed(wishes.block, caller.names):
        return _BLOCKED
    if wishes.do_not_disturb:
        return _DISTURBING
    until = quiet_until(wishes.quiet_hours, zone(wishes.time_zone), wall) if wishes.quiet_hours else None
    if until is None:
        return None
    return Screened(
        outcome=Outcome.SILENCED,
        status=UNAVAILABLE,
        rule="the account has quiet hours",
        retry_after=None if until == inf else ceil(until - wall),
    )


def hushed(settings: Settings) -> Settings:
    """Return settings by which no phone makes a sound, whatever it may show."""
    devices = tuple(
        replace(one, notifications=replace(one.notifications, sound=False, is_critical=False))
        for one in settings.devices
    )
    notifications = replace(settings.notifications, sound=False, is_critical=False)
    return replace(settings, notifications=notifications, devices=devices)
