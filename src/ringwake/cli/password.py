"""Passwords come from a file, a terminal or standard input: never from the command line, where others could read it."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from ringwake.cli.failure import USAGE, CommandError
from ringwake.secret import Secret


def password_in(file: Path) -> Secret[str]:
    """Return the first line of a file.

    Raises:
        CommandError: it cannot be read, or is empty.
    """
    try:
        return _filled(file.read_text().partition("\n")[0])
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{file} cannot be read", USAGE) from None


def asked_password(question: str = "Password: ") -> Secret[str]:
    """Ask for the password on a terminal, or take the next line of standard input.

    Raises:
        CommandError: it is empty.
    """
    try:
        return _filled(getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline())
    except EOFError:
        print(file=sys.stderr)  # the question's line ends here
        return _filled("")


def _filled(line: str) -> Secret[str]:
    password = line.rstrip("\r\n")
    if not password:
        raise CommandError("the password is empty", USAGE)
    return Secret(password)
