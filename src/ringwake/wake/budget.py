"""Single flight: one outstanding wake per phone, shared by all that waits for it (design.md section 5).

A push wakes the whole phone, which then refreshes all its bindings (RFC 8599 section 4.1.3): a second one would only
cost battery, and a thousand callers would turn a phone into a heater.
"""

from __future__ import annotations

from ringwake.model.push import Kind, PushTarget

# A call must ring, so only another call's push will do; a message is delivered by any wake; a refresh likewise.
_COVERED_BY = {
    Kind.CALL: frozenset({Kind.CALL}),
    Kind.MESSAGE: frozenset({Kind.CALL, Kind.MESSAGE}),
    Kind.REFRESH: frozenset({Kind.CALL, Kind.MESSAGE, Kind.REFRESH}),
}


class Budget:
    """Outstanding wakes by phone."""

    def __init__(self, *, window: float) -> None:
        self._window = window
        """Seconds after which a wake that nobody ended is no longer waited for."""
        self._leases: dict[tuple[str, Kind], tuple[float, str]] = {}

    def take(self, target: PushTarget, kind: Kind, owner: str, now: float) -> bool:
        """Ask for the wake of a phone; False while another owner's wake of it will do.

        Only kinds that wake are asked for: CALL, MESSAGE, REFRESH.
        """
        for covering in _COVERED_BY[kind]:
            until, holder = self._leases.get((target.lease, covering), (0.0, ""))
            if now < until and holder != owner:
                return False
        self._leases[target.lease, kind] = (now + self._window, owner)
        return True

    def woke(self, target: PushTarget) -> None:
        """Take note that the phone has registered: the next push is a new wake."""
        for kind in _COVERED_BY:
            self._leases.pop((target.lease, kind), None)

    def give_back(self, target: PushTarget, kind: Kind, owner: str) -> None:
        """Take note that the owner's push did not get through: whoever shared it may push now."""
        if self._leases.get((target.lease, kind), (0.0, ""))[1] == owner:
            del self._leases[target.lease, kind]

    def sweep(self, now: float) -> None:
        """Drop leases that are over."""
        self._leases = {key: lease for key, lease in self._leases.items() if lease[0] > now}

    def __len__(self) -> int:
        return len(self._leases)
