"""Stored messages, by id and by address of record in the order of their arrival."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ringwake.model.account import Aor
from ringwake.model.stored_message import StoredMessage
from ringwake.store.agenda import Agenda
from ringwake.store.changes import Changes
from ringwake.store.rows import Letter


class Messages:
    """Messages that somebody still waits for."""

    __slots__ = ("_by_aor", "_by_id", "_expiry")

    def __init__(self) -> None:
        self._by_id: dict[str, Letter] = {}
        self._by_aor: dict[Aor, dict[str, Letter]] = {}
        self._expiry = Agenda()

    def get(self, message: str) -> StoredMessage | None:
        """Return a message."""
        letter = self._by_id.get(message)
        return letter.message if letter else None

    def waiting_for(self, aor: Aor, phones: Collection[str], wall: float) -> tuple[StoredMessage, ...]:
        """Return the messages of an AOR that one of these bindings is to have, oldest first."""
        return tuple(
            letter.message
            for letter in self._at(aor)
            if letter.message.expires_at > wall and any(_waits(letter, phone) for phone in phones)
        )

    def everywhere(self, wall: float) -> tuple[StoredMessage, ...]:
        """Return all messages that have not expired, oldest first."""
        letters = sorted(self._by_id.values(), key=lambda letter: letter.serial)
        return tuple(letter.message for letter in letters if letter.message.expires_at > wall)

    def keep(self, changes: Changes, message: StoredMessage, serial: int) -> None:
        """Add a message that is not there yet."""
        self._change(changes, None, Letter(message=message, serial=serial))

    def done(self, changes: Changes, message: str, phone: str) -> bool:
        """Note that a binding has the message; False when it did not wait for it."""
        letter = self._by_id.get(message)
        if letter is None or not _waits(letter, phone):
            return False
        left = _without(letter.message.waiting, [phone])
        kept = replace(letter, message=replace(letter.message, waiting=left), had=(*letter.had, phone))
        self._change(changes, letter, kept if left else None)
        return True

    def leave(self, changes: Changes, aor: Aor, phones: Collection[str]) -> None:
        """Wait for these bindings no more. Who waits for nobody in particular waits for the first that registers."""
        for letter in self._at(aor) if phones else ():
            left = _without(letter.message.waiting, phones)
            if left != letter.message.waiting:
                self._change(changes, letter, replace(letter, message=replace(letter.message, waiting=left)))

    def remove(self, changes: Changes, aor: Aor) -> None:
        """Remove all messages of an AOR."""
        for letter in self._at(aor):
            self._change(changes, letter, None)

    def count(self, aor: Aor) -> int:
        """Return how many messages wait for an AOR."""
        return len(self._by_aor.get(aor, ()))

    def remove_expired(self, changes: Changes, wall: float) -> StoredMessage | None:
        """Remove the message that expired first, and return it; None when none has."""
        entry = self._expiry.pop(wall)
        if entry is None:
            return None
        letter = self._by_id[entry[1]]
        self._change(changes, letter, None)
        return letter.message

    def load(self, letter: Letter) -> None:
        """Add a message that an earlier life has left."""
        self._set(letter.message.id, letter.message.aor, letter)

    def aors(self) -> tuple[Aor, ...]:
        """Return the AORs that have messages, in order."""
        return tuple(sorted(self._by_aor))

    def waited_for(self, aor: Aor) -> set[str]:
        """Return the ids of all bindings that messages of this AOR wait for."""
        return {phone for letter in self._at(aor) for phone in letter.message.waiting}

    def _at(self, aor: Aor) -> list[Letter]:
        letters = self._by_aor.get(aor)
        return sorted(letters.values(), key=lambda letter: letter.serial) if letters else []

    def _change(self, changes: Changes, before: Letter | None, after: Letter | None) -> None:
        changes.write(before, after)
        known = before or after
        assert known is not None
        changes.way_back(self._set, known.message.id, known.message.aor, before)
        self._set(known.message.id, known.message.aor, after)

    def _set(self, message: str, aor: Aor, letter: Letter | None) -> None:
        if letter is not None:
            self._by_id[message] = letter
            self._by_aor.setdefault(aor, {})[message] = letter
            self._expiry.note(message, letter.message.expires_at)
            return
        del self._by_id[message]
        letters = self._by_aor[aor]
        del letters[message]
        if not letters:
            del self._by_aor[aor]
        self._expiry.forget(message)


def _waits(letter: Letter, phone: str) -> bool:
    if letter.message.waiting:
        return phone in letter.message.waiting
    return phone not in letter.had


def _without(waiting: tuple[str, ...], phones: Iterable[str]) -> tuple[str, ...]:
    return tuple(phone for phone in waiting if phone not in phones)
