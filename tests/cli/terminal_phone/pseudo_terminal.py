"""A program of ours on a terminal: what it writes, keys and the size of the window, and how it leaves the terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.processes import RINGWAKE, SECONDS

ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
"""The alternate screen."""

_COMMANDS = re.compile(rb"\x1b\][^\x07\x1b]*\x07")
"""To the terminal itself, such as its title: they end with a bell that does not sound."""


class PseudoTerminal:
    """Runs a command while the context is open."""

    def __init__(
        self, *arguments: str, state: Path, size: tuple[int, int] = (80, 24), kind: str = "xterm-256color"
    ) -> None:
        self.output = b""
        self._read_to = 0
        self._terminal, self._computer = pty.openpty()
        self.resize(*size)
        self._before = termios.tcgetattr(self._computer)
        environment = {**os.environ, "RINGWAKE_STATE": str(state), "TERM": kind}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [RINGWAKE, *arguments],
            stdin=self._computer,
            stdout=self._computer,
            stderr=self._computer,
            env=environment,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._terminal)
        os.close(self._computer)

    def resize(self, columns: int, rows: int) -> None:
        """Have another size of the window."""
        fcntl.ioctl(self._computer, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._terminal, keys)

    def until(self, wanted: bytes) -> None:
        """Wait until something is written that was not waited for yet."""
        deadline = time.monotonic() + SECONDS
        while (found := self.output.find(wanted, self._read_to)) < 0:
            assert self._take(deadline - time.monotonic()), f"{wanted!r} was not written, but:\n{self.output!r}"
        self._read_to = found + len(wanted)

    def stop(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait until the program ends; return its exit code."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end; it wrote:\n{self.output!r}"
            self._take(0.1)
        while self._take(0.0):
            pass
        return self.process.returncode

    @property
    def is_restored(self) -> bool:
        """Whether the terminal is as it was: its modes, and the screen that was there."""
        modes = termios.tcgetattr(self._computer)
        return modes == self._before and self.output.rfind(LEFT) > self.output.rfind(ENTERED)

    @property
    def bells(self) -> int:
        """How often it has sounded."""
        return _COMMANDS.sub(b"", self.output).count(b"\x07")

    def _take(self, seconds: float) -> bool:
        """Read what has been written, if there is any within the time."""
        if not select.select([self._terminal], [], [], max(0.0, seconds))[0]:
            return False
        octets = os.read(self._terminal, 65536)
        self.output += octets
        return bool(octets)
