"""The parts of rows of the history, of settings, and of names that were used up, that an operator may read."""

from __future__ import annotations

import msgspec

from ringwake.model.account import Aor
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.store.rows import Choice, Line, Used
from ringwake.store.sqlite.sealed_part import read_peer, read_settings


class OpenLine(msgspec.Struct, omit_defaults=True):
    """An entry without the name and URI of whoever has called or written."""

    id: str
    trace: str
    aor: str
    kind: EntryKind
    outcome: Outcome
    at: float
    serial: int
    ended_at: float = 0.0
    is_outgoing: bool = False
    is_read: bool = False
    handset: str = ""
    status: int = 0

    @classmethod
    def of(cls, line: Line) -> OpenLine:
        """Return the open part."""
        known = line.entry
        start = cls(known.id, known.trace, known.aor, known.kind, known.outcome, known.at, line.serial, known.ended_at)
        start.is_outgoing, start.is_read = known.is_outgoing, known.is_read
        start.handset, start.status = known.handset, known.status
        return start

    def value(self, payload: bytes) -> Line:
        """Join it with the sealed part."""
        peer = read_peer(payload)
        entry = Entry(
            id=self.id,
            trace=self.trace,
            aor=Aor(self.aor),
            kind=self.kind,
            outcome=self.outcome,
            peer_uri=peer.uri,
            peer_name=peer.name,
            at=self.at,
            ended_at=self.ended_at,
            is_outgoing=self.is_outgoing,
            is_read=self.is_read,
            handset=self.handset,
            status=self.status,
        )
        return Line(entry, self.serial)


class OpenChoice(msgspec.Struct):
    """Whose settings they are: whom somebody blocks, and where calls go on to, is nobody's business."""

    aor: str
    version: int

    @classmethod
    def of(cls, choice: Choice) -> OpenChoice:
        """Return the open part."""
        return cls(choice.aor, choice.settings.version)

    def value(self, payload: bytes) -> Choice:
        """Join it with the sealed part."""
        return Choice(Aor(self.aor), read_settings(payload))


class OpenUsed(msgspec.Struct):
    """A name that was used up."""

    name: str
    until: float

    @classmethod
    def of(cls, used: Used) -> OpenUsed:
        """Return the open part."""
        return cls(used.name, used.until)

    def value(self) -> Used:
        """Return the value; nothing of it is sealed."""
        return Used(self.name, self.until)
