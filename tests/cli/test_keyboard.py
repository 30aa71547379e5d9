"""Keys of a terminal come one by one; lines of anything else by their first letter."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import termios
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.support.real_loop import run_real, turn

from ringwake.cli.keyboard import Keyboard

ECHO = 3
"""Index of the local flags in what `tcgetattr` gives."""


class Keys:
    """Keys that were pressed; waits for more."""

    def __init__(self) -> None:
        self.pressed: list[str] = []
        self._changed = asyncio.Event()

    def press(self, key: str) -> None:
        self.pressed.append(key)
        self._changed.set()

    async def until(self, *wanted: str) -> None:
        while self.pressed != list(wanted):
            self._changed.clear()
            await self._changed.wait()


def typing(
    descriptors: tuple[int, int], monkeypatch: pytest.MonkeyPatch, story: Callable[[Keys], Coroutine[Any, Any, None]]
) -> None:
    """Run a test with a keyboard on the first of two descriptors; both are closed."""
    read, write = descriptors

    async def main() -> None:
        keys = Keys()
        with Keyboard(asyncio.get_running_loop(), keys.press):
            await story(keys)

    with os.fdopen(read) as file, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", file)
        try:
            run_real(main())
        finally:
            os.close(write)


def test_a_terminal_gives_keys_without_enter_and_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, computer = pty.openpty()
    before = termios.tcgetattr(computer)

    async def story(keys: Keys) -> None:
        assert not termios.tcgetattr(computer)[ECHO] & termios.ECHO
        os.write(terminal, b"ar")
        await keys.until("a", "r")

    kept = os.dup(computer)
    typing((computer, terminal), monkeypatch, story)
    os.close(kept)
    assert before[ECHO] & termios.ECHO


def test_a_terminal_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, computer = pty.openpty()
    before = termios.tcgetattr(computer)
    kept = os.dup(terminal)
    shown = os.dup(computer)

    async def story(keys: Keys) -> None:
        del keys

    typing((computer, terminal), monkeypatch, story)
    assert termios.tcgetattr(shown) == before
    os.close(kept)
    os.close(shown)


def test_lines_of_a_pipe_count_by_their_first_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()

    async def story(keys: Keys) -> None:
        os.write(write, "accept\n\n\nreject\nü\n".encode())
        await keys.until("a", "r", "ü")

    typing((read, write), monkeypatch, story)


def test_a_line_may_come_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()

    async def story(keys: Keys) -> None:
        for piece in (b"acc", b"ept", b"\nr"):
            os.write(write, piece)
            await turn(3)
        await keys.until("a", "r")

    typing((read, write), monkeypatch, story)


def test_the_end_of_input_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(write)
    spare = os.dup(read)  # stands in for the closed end

    async def story(keys: Keys) -> None:
        await turn(5)
        assert keys.pressed == []

    typing((read, spare), monkeypatch, story)


def test_a_phone_without_an_input_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(keys: Keys) -> None:
        assert keys.pressed == []

    typing((os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY)), monkeypatch, story)


def test_a_closed_input_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with Keyboard(asyncio.get_running_loop(), lambda _: None):
            await turn()

    with open(os.devnull) as file, monkeypatch.context() as patch:  # noqa: PTH123  a path of its own is no use
        file.close()
        patch.setattr(sys, "stdin", file)
        run_real(main())
