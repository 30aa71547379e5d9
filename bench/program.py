"""Programs that a benchmark runs beside itself: they end with it, however it ends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

PATIENCE = 30.0
"""Seconds that a program gets to stop by itself."""


class Program:
    """A program that says JSON, one object a line, and stops on SIGTERM."""

    def __init__(self, *command: str, log: Path) -> None:
        self._log = log
        self._is_stopping = False
        with log.open("w") as errors:
            # A group of its own: Ctrl-C is for us, and we stop it.
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, process_group=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop()
        try:
            self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def line(self) -> dict[str, Any]:
        """Return what it says next.

        Raises:
            SystemExit: it has ended.
        """
        out: IO[str] | None = self._process.stdout
        assert out is not None
        line = out.readline()
        if not line:
            raise SystemExit(f"{self._log.read_text()[-2000:]}\nThe {self._log.stem} has ended.")
        value: dict[str, Any] = json.loads(line)
        return value

    def last_line(self) -> dict[str, Any]:
        """Let it stop, and return what it says then."""
        self._stop()
        return self.line()

    def _stop(self) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._process.terminate()
