"""Between the image's rows and the records on disk: an open part, and a sealed one that only we can read."""

from __future__ import annotations

from typing import NamedTuple

from ringwake.store.rows import Row, Table, Value
from ringwake.store.sqlite.open_part import open_part, read
from ringwake.store.sqlite.sealed_part import is_same, sealed_part
from ringwake.store.sqlite.sealing import RowSeal


class Record(NamedTuple):
    """What is to be written of one row."""

    table: Table
    key: bytes
    state: bytes | None
    """The open part. None: the row goes."""
    sealed: bytes | None
    """None: what stands on disk stays, which a refresh profits from. Empty: there is nothing to seal."""


class Codec:
    """Writes and reads records with the keys of one database."""

    def __init__(self, seal: RowSeal) -> None:
        self._seal = seal

    def encode(self, row: Row) -> Record:
        """Write one change."""
        key = row.key.encode("utf-8", "surrogatepass")
        if row.after is None:
            return Record(row.table, key, None, None)
        sealed: bytes | None = None
        if row.before is None or not is_same(row.before, row.after):
            payload = sealed_part(row.after)
            sealed = self._seal.seal(payload, _place(row.table, key)) if payload else b""
        return Record(row.table, key, open_part(row.after), sealed)

    def decode(self, table: Table, key: bytes, state: bytes, sealed: bytes) -> Value:
        """Read one record.

        Raises:
            ValueError: it cannot be decrypted or parsed.
        """
        return read(table, state, self._seal.open(sealed, _place(table, key)) if sealed else b"")

    def renew(self, table: Table, key: bytes, sealed: bytes) -> bytes | None:
        """Seal with the first key what another one has sealed; None when there is no need."""
        if not sealed or self._seal.is_current(sealed):
            return None
        place = _place(table, key)
        return self._seal.seal(self._seal.open(sealed, place), place)


def _place(table: Table, key: bytes) -> bytes:
    return b"record\0%s\0%s\0sealed" % (table.value.encode(), key)
