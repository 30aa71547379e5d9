"""`ringwake`: which command is meant, and how each ends."""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.processes import RINGWAKE

from ringwake import __version__
from ringwake.cli import main as main_module
from ringwake.cli import trace
from ringwake.cli.main import COMMANDS


def test_without_a_command_it_says_where_help_is(terminal: Terminal) -> None:
    done = terminal.run()
    assert (done.code, done.err) == (
        2,
        "ringwake: the following arguments are required: COMMAND (see ringwake --help)\n",
    )


def test_help_names_every_command_in_80_columns(terminal: Terminal) -> None:
    done = terminal.run("--help")
    assert done.code == 0
    assert all(f"    {name} " in done.out for name in COMMANDS)
    assert all(len(line) <= 80 for line in done.lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_in_80_columns(command: str, terminal: Terminal) -> None:
    done = terminal.run(command, "--help")
    assert done.code == 0
    assert done.out.startswith(f"usage: ringwake {command} ")
    assert all(len(line) <= 80 for line in done.lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_that_prints_can_print_json(command: str) -> None:
    parser = argparse.ArgumentParser()
    importlib.import_module(f"ringwake.cli.{command}").add(parser)
    assert any("--json" in action.option_strings for action in parser._actions)


def test_the_version_is_told(terminal: Terminal) -> None:
    assert terminal.run("--version").out == f"ringwake {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_one_line_that_points_to_the_commands_help(command: str, terminal: Terminal) -> None:
    needed = {
        "connect": ["wss://edge.example", "--tenant", "example.com", "--pbx", "sip:10.0.0.5"],
        "phone": ["alice"],
        "account": ["list"],
        "message": ["list"],
        "call": ["list"],
        "device": ["list"],
        "app": ["list"],
        "push": ["test"],
    }.get(command, [])
    done = terminal.run(command, *needed, "--nonsense")
    assert (done.code, done.err) == (
        2,
        f"ringwake {command}: unrecognized arguments: --nonsense (see ringwake {command} --help)\n",
    )


def test_a_password_on_the_command_line_is_refused_and_not_repeated(terminal: Terminal) -> None:
    for words in (["--password", "canary"], ["--password=canary"], ["canary"]):
        done = terminal.run("account", "add", "alice", *words)
        assert (done.code, done.out) == (2, "")
        assert "unrecognized arguments: " in done.err
        assert "canary" not in done.err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--nonsense"], ["phone"], ["account", "frob"], ["demo", "--only"]]
)
def test_wrong_usage_is_one_line_and_exit_2(arguments: list[str], terminal: Terminal) -> None:
    done = terminal.run(*arguments)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert done.out == ""


def test_an_option_before_the_command_is_no_command(terminal: Terminal) -> None:
    assert terminal.run("--json", "trace").code in (2, 3)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FileNotFoundError(2, "No such file or directory", "/x/y"), "/x/y: No such file or directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("of a library"), "of a library"),
    ],
)
def test_an_error_of_the_system_is_one_line(
    error: OSError, message: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(trace, "run", run)
    done = terminal.run("trace")
    assert (done.code, done.err) == (1, f"ringwake trace: {message}\n")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 0)])
def test_an_interrupted_command_says_nothing(
    error: BaseException, code: int, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(trace, "run", run)
    done = terminal.run("trace")
    assert (done.code, done.out, done.err) == (code, "", "")


def test_the_program_ends_with_the_commands_code(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    monkeypatch.setenv("RINGWAKE_STATE", str(state))
    monkeypatch.setattr("sys.argv", ["ringwake", "device", "list"])
    with pytest.raises(SystemExit) as caught:
        main_module.run()
    assert caught.value.code == 3


def test_a_reader_that_goes_away_is_no_error(state: Path) -> None:
    """The pipe breaks only when Python flushes: at the end, or at its exit."""
    read, write = os.pipe()
    os.close(read)
    command = [RINGWAKE, "account", "list", "--state", str(state)]
    with os.fdopen(write) as gone:
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_goes_away_ends_the_program_quietly(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    monkeypatch.setenv("RINGWAKE_STATE", str(state))
    monkeypatch.setattr("sys.argv", ["ringwake", "account", "list"])
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        monkeypatch.setattr("sys.stdout", gone)
        with pytest.raises(SystemExit) as caught:
            main_module.run()
    assert caught.value.code == 0


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_a_closed_output_is_no_error_and_no_file_takes_its_place(closed: str, state: Path) -> None:
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", str(RINGWAKE), "account", "list", "--state", str(state)]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
