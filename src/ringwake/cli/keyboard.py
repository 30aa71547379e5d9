"""Single key presses without Enter on a terminal; first letters of lines otherwise."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Keyboard:
    """Calls `on_key` with each key while the context is open; leaves the terminal as it was."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_key: Callable[[str], None]) -> None:
        self._loop = loop
        self._on_key = on_key
        self._descriptor = -1
        self._saved: list[Any] | None = None
        self._at_line_start = True

    def __enter__(self) -> None:
        """Begin to read."""
        try:
            self._descriptor = sys.stdin.fileno()
            if os.isatty(self._descriptor):
                self._saved = termios.tcgetattr(self._descriptor)
                tty.setcbreak(self._descriptor)
            self._loop.add_reader(self._descriptor, self._read)
        except (OSError, ValueError):  # closed, or a file that cannot be waited for: a phone without keys
            self._descriptor = -1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Stop reading."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
        if self._saved is not None:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._saved)

    def _read(self) -> None:
        octets = os.read(self._descriptor, 1024)
        if not octets:  # end of input: the phone goes on without keys
            self._loop.remove_reader(self._descriptor)
            return
        for letter in octets.decode("utf-8", "replace"):
            if self._saved is not None or (self._at_line_start and letter != "\n"):
                self._on_key(letter)
            self._at_line_start = letter == "\n"
