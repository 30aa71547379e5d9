"""Getting one push through: attempts, pauses, and when to stop. The push itself is the same each time."""

from __future__ import annotations

from enum import Enum

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unregistered
from ringwake.wake.allowance import Suppressed

PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts; the last one repeats (reliability F1)."""
PATIENCE = (3.0, 5.0, 8.0)
"""Seconds that an attempt may take, the first one, the second ...; the last one repeats. One that was lost must not
cost a call half of its window, and a service that is slow all the time must be heard in the end (reliability F2)."""
JITTER = 0.25
SHARED_PAUSE = 0.5
"""Longest time in seconds after which to ask again whether the phone may be woken now."""
SHORTEST_PAUSE = 0.05
# Statuses that speak of this push, this token or our way of asking, and will do so again.
_FINAL_STATUSES = (400, 404, 405, 413)


class Stage(Enum):
    """How far a push has come."""

    WAITING = "waiting"
    """For its first attempt, or for the pause after one to end."""
    UNDER_WAY = "under way"
    ACCEPTED = "accepted"
    DEAD = "dead"
    """The token is: nothing will get through."""
    REFUSED = "refused"
    STOPPED = "stopped"


class Delivery:
    """One push to one phone."""

    __slots__ = ("_attempts", "_held_by", "_jitter", "_until", "is_repeat", "next_at", "stage")

    def __init__(self, *, now: float, until: float, jitter: float) -> None:
        """Begin.

        Args:
            now: monotonic seconds.
            until: after this no attempt is made.
            jitter: 0 to 1, drawn once, so that many calls do not retry in step.
        """
        self.stage = Stage.WAITING
        self.next_at: float | None = now
        """When the next attempt is due."""
        self.is_repeat = False
        """Whether the push was taken before, and is only sent again."""
        self._until = until
        self._jitter = 1.0 + JITTER * (2 * jitter - 1)
        self._attempts = 0
        self._held_by = ""

    @property
    def attempts(self) -> int:
        """How many attempts were begun."""
        return self._attempts

    @property
    def patience(self) -> float:
        """Seconds that the next attempt may take."""
        return PATIENCE[min(self._attempts, len(PATIENCE) - 1)]

    def is_due(self, now: float) -> bool:
        """Tell whether an attempt is to be made now."""
        return self.stage is Stage.WAITING and self.next_at is not None and self.next_at <= now

    def begin(self) -> None:
        """Take note that an attempt is under way."""
        self.stage, self.next_at = Stage.UNDER_WAY, None
        self._attempts += 1

    def share(self, now: float, suppressed: Suppressed) -> bool:
        """Take note that the phone is not to be woken now, mostly since it is being woken already: look again later.

        True when the reason is another than at the last look: the timeline need not tell each look.
        """
        self._pause(now, min(max(suppressed.until - now, SHORTEST_PAUSE), SHARED_PAUSE))
        is_news, self._held_by = suppressed.reason != self._held_by, suppressed.reason
        return is_news

    def begin_anew(self, at: float, until: float) -> None:
        """Make a first attempt at another time, if it is before the end."""
        self.stage, self.next_at = Stage.WAITING, at
        self._until, self._attempts = until, 0
        if at >= until:
            self.stop()

    def repeat(self, at: float) -> None:
        """Send what was taken once more at that time, if it is before the end."""
        if self.stage is Stage.ACCEPTED and at < self._until:
            self.stage, self.next_at = Stage.WAITING, at
            self._attempts, self.is_repeat = 0, True

    def outcome(self, outcome: Outcome, now: float) -> None:
        """Take the outcome of the attempt that was under way."""
        if self.stage is not Stage.UNDER_WAY:
            return
        match outcome:
            case Accepted():
                self.stage = Stage.ACCEPTED
            case Unregistered():
                self.stage = Stage.DEAD
            case Refused(status=status) if status in _FINAL_STATUSES:
                self.stage = Stage.REFUSED
            case Throttled(retry_after=seconds) if seconds is not None:
                self._obey(now, max(seconds, PAUSES[0]))
            case _:
                self._pause(now, PAUSES[min(self._attempts, len(PAUSES)) - 1])

    def stop(self) -> None:
        """Make no further attempt."""
        self.stage, self.next_at = Stage.STOPPED, None

    def _pause(self, now: float, seconds: float) -> None:
        self._wait(now + seconds * self._jitter)

    def _obey(self, now: float, seconds: float) -> None:
        """Come back when the provider says, or later, but never too late for that."""
        at, spread = now + seconds, seconds * (self._jitter - 1 + JITTER) / 2
        self._wait(max(at, min(at + spread, self._until)))

    def _wait(self, at: float) -> None:
        self.stage, self.next_at = Stage.WAITING, at
        if at > self._until:
            self.stop()
