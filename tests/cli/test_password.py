"""Where passwords come from: a file, standard input, or a real terminal that does not show them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.processes import RINGWAKE

from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.password import asked_password, password_in


@pytest.mark.parametrize("text", ["secret", "secret\n", "secret\r\n", "secret\nsecond line\n"])
def test_it_is_the_first_line_of_a_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "word"
    file.write_bytes(text.encode())
    assert password_in(file).reveal() == "secret"


@pytest.mark.parametrize("octets", [b"", b"\n", b"\r\n", b"\nsecond line\n"])
def test_an_empty_line_is_no_password(octets: bytes, tmp_path: Path) -> None:
    file = tmp_path / "word"
    file.write_bytes(octets)
    with pytest.raises(CommandError, match="the password is empty") as caught:
        password_in(file)
    assert caught.value.code == USAGE


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    for name in ("nothing", "latin"):
        with pytest.raises(CommandError, match=re.escape(f"{tmp_path / name} cannot be read")) as caught:
            password_in(tmp_path / name)
        assert caught.value.code == USAGE


@contextmanager
def stdin(descriptor: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with os.fdopen(descriptor) as file, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", file)
        yield


def test_standard_input_gives_its_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, b"secret\nmore\n")
    os.close(write)
    with stdin(read, monkeypatch):
        assert asked_password().reveal() == "secret"


def test_the_end_of_standard_input_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(write)
    with stdin(read, monkeypatch), pytest.raises(CommandError, match="the password is empty"):
        asked_password()


SPAWN = "import pty, sys; pty.spawn(sys.argv[1:])"


def on_a_terminal(typed: bytes, state: Path) -> list[str]:
    """Add an account on a terminal of its own; return the lines that the terminal showed."""
    command = [sys.executable, "-c", SPAWN, RINGWAKE, "account", "add", "alice", "--state", str(state)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = b""
        while not shown.endswith(b"Password: "):
            shown += process.stdout.read(1)
        process.stdin.write(typed)
        process.stdin.flush()
        return [line for line in (shown + process.stdout.read()).decode().split("\r\n") if line]


def test_a_terminal_asks_and_does_not_show_it(tmp_path: Path) -> None:
    assert on_a_terminal(b"secret\n", tmp_path) == ["Password: ", "added alice@ringwake.test"]


def test_the_end_of_input_on_a_terminal_is_no_password(tmp_path: Path) -> None:
    assert on_a_terminal(b"\x04", tmp_path) == ["Password: ", "ringwake account: the password is empty"]
