"""Push targets that came over HTTP, by address of record."""

from __future__ import annotations

from ringwake.model.account import Aor
from ringwake.model.upload import Upload
from ringwake.store.changes import Changes

MAX_UPLOADS = 10
"""Of one AOR, as many as it may have bindings: the oldest goes first."""


class Uploads:
    """The uploads of each AOR, oldest first; those of one moment, by instance."""

    __slots__ = ("_by_aor",)

    def __init__(self) -> None:
        self._by_aor: dict[Aor, tuple[Upload, ...]] = {}

    def at(self, aor: Aor) -> tuple[Upload, ...]:
        """Return the uploads of an AOR."""
        return self._by_aor.get(aor, ())

    def find(self, aor: Aor, instance: str) -> Upload | None:
        """Return the upload for this instance, or the one that names none."""
        return next((known for known in self.at(aor) if known.instance == instance), None)

    def put(self, changes: Changes, upload: Upload) -> None:
        """Keep an upload in the place of an earlier one for the same instance."""
        before = self.find(upload.aor, upload.instance)
        left = [known for known in self.at(upload.aor) if known is not before]
        if len(left) >= MAX_UPLOADS:
            changes.write(left.pop(0), None)
        changes.write(before, upload)
        self._change(changes, upload.aor, (*left, upload))

    def drop(self, changes: Changes, upload: Upload) -> None:
        """Remove one of them."""
        changes.write(upload, None)
        self._change(changes, upload.aor, tuple(known for known in self.at(upload.aor) if known is not upload))

    def remove(self, changes: Changes, aor: Aor) -> None:
        """Remove all uploads of an AOR."""
        for known in self.at(aor):
            self.drop(changes, known)

    def load(self, upload: Upload) -> None:
        """Add an upload that an earlier life has left."""
        self._set(upload.aor, (*self.at(upload.aor), upload))

    def _change(self, changes: Changes, aor: Aor, new: tuple[Upload, ...]) -> None:
        changes.way_back(self._set, aor, self.at(aor))
        self._set(aor, new)

    def _set(self, aor: Aor, new: tuple[Upload, ...]) -> None:
        if new:
            self._by_aor[aor] = tuple(sorted(new, key=lambda upload: (upload.at, upload.instance)))
        else:
            self._by_aor.pop(aor, None)
