"""The phones of a call whose turn has not come: they are neither called nor woken yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ringwake.model.binding import Binding
from ringwake.wake.plan import Action, Target


@dataclass(slots=True)
class _Turn:
    target: Target
    at: float


class Reserve:
    """All of them, by phone."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    def __bool__(self) -> bool:
        return bool(self._turns)

    def __contains__(self, phone: str) -> bool:
        return phone in self._turns

    def add(self, target: Target, at: float) -> None:
        """Let a phone wait for its turn, in monotonic seconds."""
        self._turns[target.binding.phone] = _Turn(target, at)

    def take(self, now: float) -> list[Target]:
        """Take those whose turn has come."""
        due = {phone: turn for phone, turn in self._turns.items() if turn.at <= now}
        for phone in due:
            del self._turns[phone]
        return [turn.target for turn in due.values()]

    def hurry(self, now: float) -> None:
        """Let the next turn come now, and those after it as much earlier: nobody is left whom they would wait for."""
        early = min((turn.at for turn in self._turns.values()), default=now) - now
        for turn in self._turns.values():
            turn.at -= max(0.0, early)

    def registered(self, binding: Binding) -> bool:
        """Take note that a phone has registered: it need not be woken in its turn. False when it is none of these."""
        turn = self._turns.get(binding.phone)
        if turn is None:
            return False
        known = (turn.target.binding, *turn.target.others) if turn.target.action is Action.RING else ()
        turn.target = Target(binding, Action.RING, tuple(other for other in known if other.id != binding.id))
        return True

    def left(self, bindings: Collection[str]) -> None:
        """Take note that the account has these bindings now: a phone that has removed its own gets nothing down it.

        It may still register anew (`ParkedCall.left`), and is waited for in its turn.
        """
        for turn in self._turns.values():
            target = turn.target
            kept = [binding for binding in (target.binding, *target.others) if binding.id in bindings]
            if kept:
                turn.target = replace(target, binding=kept[0], others=tuple(kept[1:]))
            else:
                turn.target = Target(replace(target.binding, push=None), Action.AWAIT)

    def drop(self, phone: str) -> None:
        """Let a phone have no turn."""
        self._turns.pop(phone, None)

    def clear(self) -> None:
        """Let none of them have a turn."""
        self._turns.clear()

    def first(self) -> float | None:
        """Return when the next turn comes."""
        return min((turn.at for turn in self._turns.values()), default=None)
