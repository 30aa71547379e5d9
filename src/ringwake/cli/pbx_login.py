"""`--pbx-user`, `--pbx-password-file` and `--no-pbx`: an account's login at its PBX, where the tenant keeps one."""

from __future__ import annotations

import argparse
from pathlib import Path

from msgspec import UNSET, UnsetType

from ringwake.api.logins import NewLogin
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.password import asked_password, password_in


def add_pbx(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--pbx-user", default="", help="user name at the PBX, if it is another than the account's")
    parser.add_argument("--pbx-realm", default="", help="the only realm whose challenges are answered")
    parser.add_argument(
        "--pbx-password-file", type=Path, help="file whose first line is the password at the PBX; - is standard input"
    )
    parser.add_argument("--no-pbx", action="store_true", help="set: forget the login at the PBX")


def check_pbx(options: argparse.Namespace) -> None:
    """Refuse options that mean nothing.

    Raises:
        CommandError: which, and what would do.
    """
    is_named = bool(options.pbx_user or options.pbx_realm)
    if (is_named or options.pbx_password_file) and options.action not in ("add", "set"):
        raise CommandError(f"{options.action} takes no login at the PBX", USAGE)
    if is_named and options.pbx_password_file is None:
        raise CommandError("--pbx-user and --pbx-realm want --pbx-password-file", USAGE)
    if options.no_pbx and (options.action != "set" or options.pbx_password_file):
        raise CommandError("--no-pbx goes with set, and without another login", USAGE)


def pbx_login(options: argparse.Namespace) -> NewLogin | UnsetType | None:
    """Return the login that is given; None when it is to be forgotten.

    Raises:
        CommandError: the password cannot be read.
    """
    if options.no_pbx:
        return None
    file: Path | None = options.pbx_password_file
    if file is None:
        return UNSET
    password = asked_password("Password at the PBX: ") if str(file) == "-" else password_in(file)
    return NewLogin(password.reveal(), options.pbx_user, options.pbx_realm)
