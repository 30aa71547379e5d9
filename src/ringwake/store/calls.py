"""Parked calls, by id and by address of record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ringwake.model.account import Aor
from ringwake.model.call import CallRecord
from ringwake.store.agenda import Agenda
from ringwake.store.changes import Changes

LONGEST_SECONDS = 3600.0
"""Nobody waits so long for an answer: a call that is this old has ended, and its end could not be written."""


class Calls:
    """The open calls; one that is finished is gone."""

    __slots__ = ("_by_aor", "_by_id", "_expiry")

    def __init__(self) -> None:
        self._by_id: dict[str, CallRecord] = {}
        self._by_aor: dict[Aor, dict[str, CallRecord]] = {}
        self._expiry = Agenda()

    def get(self, call: str) -> CallRecord | None:
        """Return a call if it is open."""
        return self._by_id.get(call)

    def at(self, aor: Aor, wall: float) -> tuple[CallRecord, ...]:
        """Return the calls of an AOR that still wait for phones, oldest first: none that was cancelled."""
        calls = self._by_aor.get(aor, {}).values()
        return _in_order(call for call in calls if call.wake_until > wall and not call.is_cancelled)

    def everywhere(self) -> tuple[CallRecord, ...]:
        """Return all open calls, oldest first."""
        return _in_order(self._by_id.values())

    def park(self, changes: Changes, call: CallRecord) -> None:
        """Add a call; one that is there already stays as it is."""
        if call.id not in self._by_id:
            self._change(changes, None, call)

    def invite(self, changes: Changes, call: CallRecord, bindings: Iterable[str]) -> None:
        """Add to the call's `invited` those of the bindings that do not stand there yet."""
        new = tuple(binding for binding in dict.fromkeys(bindings) if binding not in call.invited)
        if new:
            self._change(changes, call, replace(call, invited=call.invited + new))

    def decline(self, changes: Changes, call: CallRecord, phone: str, status: int) -> None:
        """Note that a phone has refused a call. What it has said first stands."""
        if phone not in dict(call.refusals):
            self._change(changes, call, replace(call, refusals=(*call.refusals, (phone, status))))

    def cancel(self, changes: Changes, call: CallRecord) -> None:
        """Note that a call was cancelled."""
        if not call.is_cancelled:
            self._change(changes, call, replace(call, is_cancelled=True))

    def unlist(self, changes: Changes, aor: Aor) -> None:
        """Note that nothing of the open calls of an AOR is to be listed."""
        for call in tuple(self._by_aor.get(aor, {}).values()):
            self._change(changes, call, replace(call, is_unlisted=True))

    def finish(self, changes: Changes, call: CallRecord) -> None:
        """Remove a call."""
        self._change(changes, call, None)

    def remove_expired(self, changes: Changes, wall: float) -> bool:
        """Remove the oldest call if nobody can be waiting for it any more; False when there is none."""
        entry = self._expiry.pop(wall - LONGEST_SECONDS)
        if entry is None:
            return False
        self.finish(changes, self._by_id[entry[1]])
        return True

    def load(self, call: CallRecord) -> None:
        """Add a call that an earlier life has left."""
        self._set(call.id, call.aor, call)

    def _change(self, changes: Changes, before: CallRecord | None, after: CallRecord | None) -> None:
        changes.write(before, after)
        known = before or after
        assert known is not None
        changes.way_back(self._set, known.id, known.aor, before)
        self._set(known.id, known.aor, after)

    def _set(self, call: str, aor: Aor, record: CallRecord | None) -> None:
        if record is not None:
            self._by_id[call] = record
            self._by_aor.setdefault(aor, {})[call] = record
            self._expiry.note(call, record.received_at)
            return
        del self._by_id[call]
        calls = self._by_aor[aor]
        del calls[call]
        if not calls:
            del self._by_aor[aor]
        self._expiry.forget(call)


def _in_order(calls: Iterable[CallRecord]) -> tuple[CallRecord, ...]:
    return tuple(sorted(calls, key=lambda call: (call.received_at, call.id)))
