"""One phone that a call waits for: planned, pushed, accepted, woken. From then on its branch is the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringwake.model.binding import Binding
from ringwake.wake.delivery import Delivery


@dataclass(slots=True)
class Wait:
    """What is under way for one phone."""

    binding: Binding
    delivery: Delivery | None = None
    probe_at: float | None = None
    """When to wake it by push as well, unless it has answered."""
    ring_until: float | None = None
    silent_until: float = 0.0
    """When it is given up, if it has said nothing by then."""
    pushed_to: Binding | None = None
    """Its binding when the last push went out: the outcome speaks of that token and that registration."""
    was_accepted: bool = False
    """Whether a provider has taken a push for it."""
    has_come: bool = False
    """Whether it has registered or answered since it was last expected."""

    def stop(self) -> None:
        """Push no more, and let no timer run."""
        self.probe_at = self.ring_until = None
        self.stop_pushing()

    def stop_pushing(self) -> None:
        """Push no more."""
        self.probe_at = None
        if self.delivery is not None:
            self.delivery.stop()

    @property
    def may_be_pushed(self) -> bool:
        """Whether a push may have reached the phone."""
        return self.was_accepted or (self.delivery is not None and self.delivery.attempts > 0)

    def timers(self) -> Iterator[float]:
        """Iterate over what is due when."""
        for at in (self.probe_at, self.ring_until, self.delivery.next_at if self.delivery else None):
            if at is not None:
                yield at
