"""Whether a PBX answers; and while it does not, when one account may ask again (RFC 5626 section 4.5)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringwake.sip.timers import T2
from ringwake.ua.keep_alive import retry_pause

PROBE_BASE = T2
"""Base of the pauses, seconds. One probe stands for all accounts, so it comes as often as UDP repeats a request."""
PROBE_MOST = 60.0
"""The longest pause. RFC 5626 has half an hour, for each of many user agents; this is one."""


@dataclass(slots=True, kw_only=True)
class Probe:
    """One PBX, of which nothing is known before its first answer."""

    base: float = PROBE_BASE
    most: float = PROBE_MOST
    is_up: bool = field(default=False, init=False)
    account: str = field(default="", init=False)
    """Whose REGISTER is under way as the probe; empty: none is."""
    at: float = field(default=0.0, init=False)
    """When the next probe may leave."""
    _not_before: float = field(default=0.0, init=False)
    _failures: int = field(default=0, init=False)

    def may_leave(self, now: float) -> bool:
        """Tell whether a probe may leave."""
        return not self.is_up and not self.account and self.at <= now

    def succeed(self) -> None:
        """Take note of an answer."""
        self.is_up, self.account, self._failures = True, "", 0

    def lose(self, now: float) -> None:
        """Take note that the PBX, which did answer, does not: another account asks at once, to make sure."""
        self.is_up, self.account, self._failures, self.at = False, "", 0, now

    def fail(self, now: float, chance: float, *, least: float = 0.0) -> None:
        """Take note that the PBX does not answer, or wants to be left alone for `least` seconds."""
        self.is_up, self.account = False, ""
        self._failures += 1
        self._not_before = now + least
        self.at = max(
            now + min(retry_pause(self._failures, base=self.base, chance=chance), self.most), self._not_before
        )

    def hurry(self, now: float) -> None:
        """Take note of a sign of life: the next probe may leave, unless the PBX has asked for a pause."""
        self.at = min(self.at, max(now, self._not_before))
