"""What the owners of accounts have chosen, by address of record."""

from __future__ import annotations

from dataclasses import replace

from ringwake.model.account import Aor
from ringwake.model.settings import UNCHOSEN, Settings
from ringwake.model.settings_ops import ListSettings, Outdated, PutSettings
from ringwake.store.changes import Changes, Steps
from ringwake.store.rows import Choice


class Choices:
    """The settings of all accounts that have any. They outlive the bindings, and also the PBX's own account."""

    __slots__ = ("_by_aor",)

    def __init__(self) -> None:
        self._by_aor: dict[Aor, Choice] = {}

    @property
    def steps(self) -> Steps:
        """Operations that concern nothing else."""
        return {PutSettings: self.put, ListSettings: self.listed}

    def put(self, op: PutSettings, changes: Changes) -> Settings | Outdated:
        """Keep settings, with the next version."""
        known = self._by_aor.get(op.aor)
        current = known.settings if known else UNCHOSEN
        if op.expected is not None and op.expected != current.version:
            return Outdated(current)
        kept = replace(op.settings, version=current.version + 1)
        self._change(changes, op.aor, known, Choice(op.aor, kept))
        return kept

    def remove(self, changes: Changes, aor: Aor) -> None:
        """Forget those of an account."""
        known = self._by_aor.get(aor)
        if known is not None:
            self._change(changes, aor, known, None)

    def listed(self, _: ListSettings, __: Changes) -> tuple[tuple[Aor, Settings], ...]:
        """Return all, by AOR."""
        return tuple((aor, choice.settings) for aor, choice in sorted(self._by_aor.items()))

    def load(self, choice: Choice) -> None:
        """Add one that an earlier life has left."""
        self._set(choice.aor, choice)

    def _change(self, changes: Changes, aor: Aor, before: Choice | None, after: Choice | None) -> None:
        changes.write(before, after)
        changes.way_back(self._set, aor, before)
        self._set(aor, after)

    def _set(self, aor: Aor, choice: Choice | None) -> None:
        if choice is not None:
            self._by_aor[aor] = choice
        else:
            self._by_aor.pop(aor, None)
