"""A terminal in this process: one command at a time runs in it, and another thread sits before it.

The command has the main thread, because signals reach no other; keys go through a real pipe.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from ringwake.cli.main import main

SECONDS = 20.0


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it has printed."""
        return self.out.splitlines()


class Screen(io.TextIOBase):
    """Takes what is printed; lets another thread wait for it."""

    def __init__(self) -> None:
        self._text = ""
        self._changed = threading.Condition()

    def write(self, text: str) -> int:
        with self._changed:
            self._text += text
            self._changed.notify_all()
        return len(text)

    def writable(self) -> bool:
        return True

    @property
    def text(self) -> str:
        """All that was printed."""
        with self._changed:
            return self._text

    def until(self, wanted: str) -> str:
        """Wait for a text; return the line that has it."""
        with self._changed:
            found = self._changed.wait_for(lambda: wanted in self._text, SECONDS)
            assert found, f"{wanted!r} was not printed, but:\n{self._text}"
            return next(line for line in self._text.splitlines() if wanted in line)


class Terminal:
    """`run` a command; what sits before the terminal may `press` keys, wait `until` something is shown, `stop` it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
        self.state = state
        self.out = Screen()
        self.err = Screen()
        self._keys = -1
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("RINGWAKE_STATE", str(state))
        monkeypatch.setenv("COLUMNS", "80")

    def run(self, *arguments: str, text: str = "", person: Callable[[], None] | None = None) -> Done:
        """Run a command to its end.

        Args:
            arguments: of the command line.
            text: what stands in standard input.
            person: sits before the terminal, in a thread; without one, standard input ends after the text.
        """
        self.out, self.err = Screen(), Screen()
        stdin, self._keys = os.pipe()
        os.write(self._keys, text.encode())
        errors: list[BaseException] = []
        sitting = threading.Thread(target=self._sit, args=(person, errors), daemon=True)
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        signal.signal(signal.SIGTERM, _unexpected)  # this is the test run's own process
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background has it ignored
        try:
            with self._monkeypatch.context() as patch, os.fdopen(stdin) as keys:
                patch.setattr(sys, "stdin", keys)
                patch.setattr(sys, "stdout", self.out)
                patch.setattr(sys, "stderr", self.err)
                sitting.start()
                code = _exit_code(list(arguments))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            sitting.join(SECONDS)
        if errors:
            raise errors[0]
        return Done(code, self.out.text, self.err.text)

    def press(self, keys: str) -> None:
        """Type lines of keys."""
        os.write(self._keys, keys.encode())

    def until(self, wanted: str) -> str:
        """Wait until something is printed on standard output; return its line."""
        return self.out.until(wanted)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the command as systemd would."""
        os.kill(os.getpid(), number)

    def _sit(self, person: Callable[[], None] | None, errors: list[BaseException]) -> None:
        try:
            if person is not None:
                person()
        except BaseException as error:  # noqa: BLE001  the test raises it
            errors.append(error)
            self.stop()
        finally:
            os.close(self._keys)


def _exit_code(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


def _unexpected(number: int, frame: FrameType | None) -> None:
    del frame
    raise AssertionError(f"signal {number} came to a command that takes none")
