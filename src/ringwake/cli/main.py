"""`ringwake`: which command is meant."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn, TextIO

from ringwake import __version__
from ringwake.cli.failure import FAILED, USAGE, CommandError

# Each module has `add(parser)` and `run(options) -> exit code`; it is imported only when its command is asked for.
COMMANDS = {
    "serve": "run the server",
    "demo": "let sleeping phones ring against emulated push services, and show how",
    "emulate": "run emulators of APNs, FCM and a Web Push service on loopback",
    "connect": "carry SIP between a PBX in a private network and the edge",
    "phone": "a softphone in the terminal",
    "account": "add, change, show, list and remove accounts",
    "message": "write a message in the name of an account, and list what was written",
    "device": "list the phones and whether they can be reached",
    "app": "list the applications at the push services, and how pushing to them goes",
    "push": "send a test push, and tell what the provider said and whether the phone came",
    "call": "list what has become of calls: answered, missed, forwarded ...",
    "trace": "show what happened to a call, or to an account at its PBX, step by step",
    "doctor": "tell what is the matter with a running server, and what to do about it",
}


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        # `--password hunter2` is not taken for `--password-file hunter2`, which would be named in an error.
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _name(word: str) -> str:
    """Return what may be shown of a word that is not understood: an option's name. Others may be passwords."""
    return word.partition("=")[0] if word.startswith("-") else "..."


def run() -> None:
    """Run the command that the process was started with."""
    # Whoever closed them (`>&-`) wants to read nothing; the next file that is opened must not take their place.
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on (`| head -1`): what Python would still flush at its exit must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run a command; return its exit code."""
    parser = _Parser(prog="ringwake", description="A SIP push-notification server: a terminated app rings.")
    parser.add_argument("--version", action="version", version=f"ringwake {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = next((word for word in arguments if not word.startswith("-")), None)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".")
        if name == asked:
            importlib.import_module(f"ringwake.cli.{name}").add(command)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands.choices[options.command].error(f"unrecognized arguments: {' '.join(map(_name, unknown))}")
    try:
        code: int = importlib.import_module(f"ringwake.cli.{options.command}").run(options)
    except CommandError as error:
        print(f"ringwake {options.command}: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return 0
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"ringwake {options.command}: {place}{error.strerror or error}", file=sys.stderr)
        return FAILED
    return code
