"""When a push service is asked nothing for a while, since it has failed again and again (reliability F1, F4).

closed -> open: five failures, with no answer about a push in between.
open -> half open: its pause is over. One push goes, to see, or a few of calls.
half open -> closed: any answer about a push. half open -> open: one failed too, and the next pause is longer.

See docs/adr/0025-push-lanes.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import NamedTuple

from ringwake.model.app import AppKey
from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Throttled, Unreachable, Unregistered
from ringwake.wake.destination import Destination, destination
from ringwake.wake.unsent import is_ours

FAILURES = 5
PAUSES = (1.0, 2.0, 3.0, 5.0)
"""Seconds for which nothing is sent, each time that it fails again; the last one repeats."""
CALL_PAUSES = (0.25, 0.5, 1.0)
"""The same for calls: they have seconds, where a refresh has days."""
LONGEST = 60.0
"""Seconds of a service's own Retry-After that are kept: one push a minute is no load, and the service may be back."""
PATIENCE, CALL_PATIENCE = 2.0, 0.5
"""Seconds for which the answer to one that goes to see is waited for, before another goes; the same for calls."""
CALL_PROBES = 5
"""Calls that go to see at once. A service that fails every other time is not dead: one alone would often miss that."""
MOST = 1000
"""Circuits; beyond them the one that failed longest ago is forgotten."""
_ABOUT_THE_PUSH = (400, 413)


class State(IntEnum):
    """Of a circuit; the value is the metric's."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Change(Enum):
    """What an outcome has done to a circuit."""

    OPENED = "opened"
    """From closed."""
    CLOSED = "closed"


class _Probe(NamedTuple):
    is_call: bool
    at: float


class Circuit:
    """One destination."""

    __slots__ = ("_calls_from", "_failures", "_opened", "_opened_at", "_others_from", "_phones", "_probes", "failed_at")

    def __init__(self) -> None:
        self._failures = 0
        self._phones: set[str] = set()
        """Those for which the service said no, since the last answer: one phone's trouble is not the service's."""
        self._opened = 0
        """How often, since it was closed."""
        self._opened_at = self._calls_from = self._others_from = 0.0
        self._probes: dict[tuple[str, str], _Probe] = {}
        """What went to see and was not answered yet, by push; oldest first."""
        self.failed_at = 0.0

    def state(self, now: float) -> State:
        """Tell how it stands."""
        if not self._opened:
            return State.CLOSED
        return State.OPEN if now < self._calls_from else State.HALF_OPEN

    def free_at(self, push: Push, now: float) -> float:
        """Return `now` when the push may go, else when it is worth asking again."""
        if not self._opened:
            return now
        is_call = push.notice.kind is Kind.CALL
        most, patience = (CALL_PROBES, CALL_PATIENCE) if is_call else (1, PATIENCE)
        seen = [probe.at + patience for probe in self._probes.values() if probe.is_call or not is_call]
        awaited = [until for until in seen if until > now]
        if len(awaited) >= most:
            return awaited[0]
        return max(now, self._calls_from if is_call else self._others_from)

    def sent(self, push: Push, now: float) -> None:
        """Take note that the push goes."""
        if self._opened:
            self._probes = {name: probe for name, probe in self._probes.items() if probe.at + PATIENCE > now}
            self._probes[_name(push)] = _Probe(push.notice.kind is Kind.CALL, now)

    def heard(self, push: Push, outcome: Outcome, now: float) -> Change | None:
        """Take what became of a push."""
        probe = self._probes.pop(_name(push), None)
        if is_ours(outcome):
            return None
        if _is_answer(outcome):
            return self._close()
        self.failed_at = now
        if self._opened:
            if probe is not None and probe.at >= self._opened_at:  # what was under way when it opened is no news
                self._open(outcome, now)
            return None
        self._count(push, outcome)
        if self._failures < FAILURES:
            return None
        self._open(outcome, now)
        return Change.OPENED

    def _count(self, push: Push, outcome: Outcome) -> None:
        phone = push.target.lease
        if isinstance(outcome, Unreachable):
            self._failures += 1
        elif phone not in self._phones:
            self._phones.add(phone)
            self._failures += 1

    def _open(self, outcome: Outcome, now: float) -> None:
        asked = outcome.retry_after if isinstance(outcome, Throttled) else None
        least = min(asked or 0.0, LONGEST)
        self._calls_from = now + max(least, CALL_PAUSES[min(self._opened, len(CALL_PAUSES) - 1)])
        self._others_from = now + max(least, PAUSES[min(self._opened, len(PAUSES) - 1)])
        self._opened += 1
        self._opened_at = now

    def _close(self) -> Change | None:
        was_open = bool(self._opened)
        self._failures = self._opened = 0
        self._phones.clear()
        self._probes.clear()
        return Change.CLOSED if was_open else None


class Circuits:
    """The circuits of all destinations. One without a failure takes no room and no time."""

    def __init__(self) -> None:
        self._circuits: dict[Destination, Circuit] = {}

    def free_at(self, push: Push, now: float) -> float:
        """Return `now` when the push may go, else when it is worth asking again."""
        circuit = self._of(push)
        return now if circuit is None else circuit.free_at(push, now)

    def sent(self, push: Push, now: float) -> None:
        """Take note that the push goes: it may be the one that tells how the service is."""
        circuit = self._of(push)
        if circuit is not None:
            circuit.sent(push, now)

    def heard(self, push: Push, outcome: Outcome, now: float) -> Change | None:
        """Take what became of a push, and tell whether that opened or closed a circuit."""
        if not self._circuits and isinstance(outcome, Accepted):
            return None
        where = destination(push)
        circuit = self._circuits.get(where)
        if circuit is None:
            if is_ours(outcome) or _is_answer(outcome):
                return None
            circuit = Circuit()
        change = circuit.heard(push, outcome, now)
        self._circuits.pop(where, None)
        if not _is_answer(outcome) or is_ours(outcome):
            self._circuits[where] = circuit
            if len(self._circuits) > MOST:
                del self._circuits[next(iter(self._circuits))]
        return change

    def states(self, now: float) -> Iterator[tuple[AppKey, State]]:
        """Iterate over the circuits that had a failure; an application may have several."""
        return ((where.app, circuit.state(now)) for where, circuit in self._circuits.items())

    def sweep(self, now: float) -> None:
        """Forget those that had no failure for long: the next push tells anew."""
        self._circuits = {
            where: circuit
            for where, circuit in self._circuits.items()
            if circuit.failed_at + LONGEST > now or circuit.state(now) is State.OPEN
        }

    def __len__(self) -> int:
        return len(self._circuits)

    def _of(self, push: Push) -> Circuit | None:
        return self._circuits.get(destination(push)) if self._circuits else None


def _name(push: Push) -> tuple[str, str]:
    return push.notice.id, push.token.digest


def _is_answer(outcome: Outcome) -> bool:
    """Tell whether the service has looked at a push, whatever it says of it."""
    match outcome:
        case Accepted() | Unregistered():
            return True
        case Refused(status=status):
            return status in _ABOUT_THE_PUSH
        case _:
            return False
