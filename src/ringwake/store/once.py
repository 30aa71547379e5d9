"""Names that were used up, as long as somebody might come with them again."""

from __future__ import annotations

from ringwake.model.once_ops import UseOnce
from ringwake.store.agenda import Agenda
from ringwake.store.changes import Changes, Steps
from ringwake.store.rows import Used


class Once:
    """All of them, by name."""

    __slots__ = ("_expiry", "_used")

    def __init__(self) -> None:
        self._used: dict[str, Used] = {}
        self._expiry = Agenda()

    @property
    def steps(self) -> Steps:
        """Operations that concern nothing else."""
        return {UseOnce: self.use}

    def use(self, op: UseOnce, changes: Changes) -> bool:
        """Use a name up; False when it was before."""
        if op.name in self._used:
            return False
        self._change(changes, op.name, None, Used(op.name, op.until))
        return True

    def remove_expired(self, changes: Changes, wall: float) -> bool:
        """Forget the name that is over first; False when none is."""
        entry = self._expiry.pop(wall)
        if entry is None:
            return False
        self._change(changes, entry[1], self._used[entry[1]], None)
        return True

    def load(self, used: Used) -> None:
        """Add one that an earlier life has left."""
        self._set(used.name, used)

    def _change(self, changes: Changes, name: str, before: Used | None, after: Used | None) -> None:
        changes.write(before, after)
        changes.way_back(self._set, name, before)
        self._set(name, after)

    def _set(self, name: str, used: Used | None) -> None:
        if used is not None:
            self._used[name] = used
            self._expiry.note(name, used.until)
            return
        del self._used[name]
        self._expiry.forget(name)
