"""Silent pushes before a registration runs out: as few as keep the phone reachable (energy A5, RFC 8599 section 5.5).

The grant is the hard limit; the refresh interval is the server's own and much shorter, so that a push that is held
back for hours, or lost, costs nothing. Every REGISTER sets the clock anew: a phone that is called now and then is
never woken for this. A grant that is shorter than the interval (a PBX behind us decides it) has a lead of a fifth.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.push import Kind, PushTarget

JITTER = 0.1
"""Share of the lead by which devices are spread."""
# Seconds. What is this close to the last try was the last try: a rounded difference of times would bring another.
_GRAIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPolicy:
    """When to send silent pushes, in seconds."""

    every: float = 7 * 86400.0
    """A phone that nobody called for this long is to have registered again."""
    lead: float = 43200.0
    """How long before that the first push goes out: normal-priority pushes may sit in Doze for six hours."""
    last: float = 180.0
    """The last try, before the expiry that the phone was shown. RFC 8599 section 5.5 wants at least 120 s."""
    least: float = 300.0
    """A shorter grant is not held by silent pushes: woken in time, the phone would never sleep (section 5.6.1.1)."""

    def first(self, target: PushTarget, grant: float, jitter: float) -> float | None:
        """Return seconds from a REGISTER to its first silent push; None when this phone gets none.

        Args:
            target: a browser, and an iPhone that gave only its VoIP token, must not be pushed to silently.
            grant: seconds until the binding expires.
            jitter: 0 to 1.
        """
        if target.vehicle(Kind.REFRESH) is None or grant <= self.last or grant < min(self.least, self.every):
            return None
        lead = self._lead(grant)
        return max(0.0, min(min(self.every, grant) - lead - jitter * JITTER * lead, grant - self.last))

    def next(self, tries: int, *, since: float, left: float) -> float | None:
        """Return seconds until the next silent push after `tries` of them; None when there is no more point.

        The ladder within the lead is a half, then a third of it; then once each `every`; then the last try.

        Args:
            tries: pushes sent since the last REGISTER, at least 1.
            since: seconds since that REGISTER.
            left: seconds until the binding expires.
        """
        if left < self.last + _GRAIN:
            return None
        lead = self._lead(since + left)
        rungs = (lead / 2, lead / 3)
        pause = rungs[tries - 1] if tries <= len(rungs) else self.every
        return min(pause, left - self.last)

    def _lead(self, grant: float) -> float:
        if grant >= self.every:
            return min(self.lead, self.every / 2)
        return max(grant / 5, self.last)
