"""One phone that a call waits for: planned, pushed, accepted, woken. From then on its branch is the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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
    wake_until: float = 0.0
    """Until when it has to wake."""
    silent_until: float = 0.0
    """When it is given up, if it has said nothing by then."""
    pushed_to: Binding | None = None
    """Its binding when the last push went out: the outcome speaks of that token and that registration."""
    is_in_flight: bool = False
    """Whether that outcome is still to come. Until then there is no other push, or it could be taken for that one's."""
    may_have_heard: bool = False
    """Whether a push may have reached it: the provider has taken one, or has said nothing."""
    has_come: bool = False
    """Whether it has registered or answered since it was last expected."""
    is_left_alone: bool = False
    """Whether its owner has ignored or declined the call on it: it is neither woken again nor told the end."""
    others: list[Binding] = field(default_factory=list)
    """Further flows of the phone, to be tried one after the other (RFC 5626 section 7)."""

    def add(self, other: Binding) -> None:
        """Take note of a further flow, or of what has become of one."""
        self.others = [*(known for known in self.others if known.id != other.id), other]

    def stop(self) -> None:
        """Push no more, and let no timer run."""
        self.probe_at = self.ring_until = None
        self.stop_pushing()

    def stop_pushing(self) -> None:
        """Push no more."""
        self.probe_at = None
        if self.delivery is not None:
            self.delivery.stop()

    def is_due(self, now: float) -> bool:
        """Tell whether a push is to be made now."""
        return not self.is_in_flight and self.delivery is not None and self.delivery.is_due(now)

    def timers(self) -> Iterator[float]:
        """Iterate over what is due when."""
        push_at = self.delivery.next_at if self.delivery and not self.is_in_flight else None
        for at in (self.probe_at, self.ring_until, push_at):
            if at is not None:
                yield at
