"""`ringwake phone` on a real terminal, with emulators and server as programs of their own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal_phone.pseudo_terminal import ENTERED, PseudoTerminal
from tests.support.processes import ringwake


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the state folder of a server that runs."""
    state = tmp_path_factory.mktemp("lab") / "state"
    with ringwake("emulate", "--json", state=state) as emulators:
        emulators.event("ready")
        with ringwake("serve", state=state) as server:
            server.event("ready")
            yield state


def test_q_leaves_the_terminal_as_it_was(lab: Path) -> None:
    with PseudoTerminal("phone", "alice", state=lab) as terminal:
        terminal.until(ENTERED)
        terminal.until(b"Registered.")
        terminal.press(b"q")
        assert terminal.end() == 0
        assert terminal.is_restored


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_the_terminal_as_it_was(lab: Path, number: signal.Signals) -> None:
    with PseudoTerminal("phone", "alice", state=lab) as terminal:
        terminal.until(b"Registered.")
        terminal.stop(number)
        assert terminal.end() == 0
        assert terminal.is_restored


def test_control_c_leaves_the_terminal_as_it_was(lab: Path) -> None:
    with PseudoTerminal("phone", "alice", state=lab) as terminal:
        terminal.until(b"Registered.")
        terminal.press(b"\x03")
        assert terminal.end() == 0
        assert terminal.is_restored


def test_a_terminated_phone_rings_and_answers_on_the_alert(lab: Path) -> None:
    with (
        PseudoTerminal("phone", "alice", "--sleep", state=lab) as terminal,
        ringwake("phone", "bob", "--json", "--provider", "", state=lab),
    ):
        terminal.until(b"The app is terminated.")
        terminal.press(b"q")
        assert terminal.end() == 0


def test_why_it_cannot_register_is_one_line_on_the_screen_that_was_there(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("wrong")
    with PseudoTerminal("phone", "alice", "--password-file", str(tmp_path / "word"), state=lab) as terminal:
        assert terminal.end() == 1
        assert terminal.is_restored
        assert b"ringwake phone: REGISTER was answered 401: the password is wrong\r\n" in terminal.output


def test_plain_prints_lines(lab: Path) -> None:
    with PseudoTerminal("phone", "alice", "--plain", state=lab) as terminal:
        terminal.until(b"Registered for 30 days; it will be woken by push.\r\n")
        terminal.press(b"q")
        assert terminal.end() == 0
        assert ENTERED not in terminal.output
