"""The emulators' journal on a terminal or in a pipe: one line for each thing that happens."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from ringwake.cli.plain import plain
from ringwake.emulators.journal import Entry

_LONGEST = 4096
"""Octets that a pipe takes at once when it says that it is writable (PIPE_BUF)."""


class JournalLines:
    """Prints entries, and never waits for whoever reads them: lines that find no room are left out, and counted."""

    def __init__(self, out: TextIO, *, as_json: bool, wall: Callable[[], float]) -> None:
        """Prepare.

        Args:
            out: standard output.
            as_json: one object a line.
            wall: epoch seconds now.
        """
        self._out = out
        self._as_json = as_json
        self._wall = wall
        self._file = _file_number(out)
        self._left_out = 0
        self._is_closed = False

    def __call__(self, entry: Entry) -> None:
        """Print an entry; a phone's acknowledgement says nothing that its delivery has not said."""
        if entry.event == "acknowledged" or self._is_closed:
            return
        try:
            if not self._has_room():
                self._left_out += 1
                return
            if self._left_out:
                left_out, self._left_out = self._left_out, 0
                self._print(self._line_of_left_out(left_out))
            self._print(self._line(entry))
        except OSError:
            self._is_closed = True  # nobody reads any more

    def _line(self, entry: Entry) -> str:
        if self._as_json:
            return json.dumps({**msgspec.structs.asdict(entry), "at": round(self._wall(), 3)})
        time = datetime.fromtimestamp(self._wall(), UTC).strftime("%H:%M:%S.%f")[:-3]
        reason = f"{entry.reason} ({entry.detail})" if entry.detail else entry.reason
        named = {"token": entry.token, "id": entry.id}
        more = [reason, entry.kind, *(f"{name} {value}" for name, value in named.items() if value)]
        return plain(f"{time}Z {entry.service:<12} {entry.event:<12} {'  '.join(filter(None, more))}".rstrip())

    def _line_of_left_out(self, count: int) -> str:
        words = f"{count} lines are left out: nobody has read them"
        return json.dumps({"event": "left_out", "count": count}) if self._as_json else words

    def _has_room(self) -> bool:
        return self._file is None or bool(select.select([], [self._file], [], 0)[1])

    def _print(self, line: str) -> None:
        if self._file is None:
            print(line, file=self._out, flush=True)
        else:  # past the buffer, which would keep what could not be written
            os.write(self._file, line.encode("utf-8", "backslashreplace")[: _LONGEST - 1] + b"\n")


def _file_number(out: TextIO) -> int | None:
    try:
        return out.fileno()
    except OSError:
        return None
