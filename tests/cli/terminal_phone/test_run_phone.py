"""`ringwake phone` on a real terminal, with emulators and server as programs of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.household import Household
from tests.cli.terminal_phone.pseudo_terminal import ENTERED, PseudoTerminal
from tests.support.home import Home
from tests.support.processes import ringwake

from ringwake.model.account import Aor
from ringwake.model.settings import AlertStyle, Notifications

DOWN, ENTER = b"\x1b[B", b"\r"


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


def test_a_terminated_phone_rings_and_answers_on_the_alert(house: Household, state: Path) -> None:
    with PseudoTerminal("phone", "alice", "--sleep", state=state) as terminal:
        terminal.until(b"The app is terminated.")
        assert terminal.bells == 0
        boss, call = house.call()
        terminal.until(b"Boss calling")
        terminal.until(b"Accept (a)")
        terminal.until(b"The call is here.")
        terminal.press(b"a")
        terminal.until(b"In the call.")
        house.hang_up(boss, call)
        terminal.until(b"The call is over (bye).")
        terminal.press(b"q")
        assert terminal.end() == 0
        assert terminal.bells > 0
        assert terminal.is_restored


def test_settings_that_are_changed_on_the_screen_hold_for_the_next_call(house: Household, state: Path) -> None:
    with PseudoTerminal("phone", "alice", "--sleep", state=state, size=(40, 12)) as terminal:
        terminal.until(b"is terminated.")
        terminal.press(b"s")
        terminal.until(b"Do not disturb")
        for _ in ("style", "sound"):
            terminal.press(DOWN + ENTER)
            terminal.until(b"Changing ...")
            terminal.until(b"changes a line")
        kept = house.do(_settings)
        assert (kept.style, kept.sound) == (AlertStyle.NONE, False)
        terminal.press(b"\x1b")
        terminal.until(b"is terminated.")
        house.call()
        terminal.until(b"The call is here.")
        terminal.press(b"r")
        terminal.until(b"The call is over (rejected).")
        terminal.press(b"q")
        assert terminal.end() == 0
        assert b"Boss calling" not in terminal.output
        assert terminal.bells == 0


def test_another_size_of_the_window_is_drawn_anew(house: Household, state: Path) -> None:
    with PseudoTerminal("phone", "alice", "--sleep", state=state) as terminal:
        terminal.until(b"is terminated.")
        house.call()
        terminal.until(b"Accept (a)")
        terminal.resize(40, 12)
        terminal.stop(signal.SIGWINCH)
        terminal.until(b"Accept (a)")
        terminal.press(b"r")
        terminal.until(b"is over (rejected).")
        terminal.press(b"q")
        assert terminal.end() == 0


async def _settings(home: Home) -> Notifications:
    account = home.app._directory.account(Aor("alice@ringwake.test"))
    assert account is not None
    return account.settings.notifications


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


def test_whoever_wants_lines_does_not_wait_for_the_screen() -> None:
    program = "import sys, ringwake.cli.phone; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("name", ["dumb", ""])
def test_a_terminal_that_cannot_move_its_cursor_gets_lines(lab: Path, name: str) -> None:
    with PseudoTerminal("phone", "alice", state=lab, kind=name) as terminal:
        terminal.until(b"it will be woken by push.\r\n")
        terminal.press(b"q")
        assert terminal.end() == 0
        assert ENTERED not in terminal.output
