"""The door of an app on a phone: what happens goes out as JSON lines, keys come in.

Used by the programs here that run the stack of a real phone, and by the tests that start them.
"""

from __future__ import annotations

import json
import os
import select
import sys
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class Key(StrEnum):
    """What a person or the operating system does with the app."""

    ANSWER = "a"
    HANG_UP = "h"
    SUSPEND = "s"
    RESUME = "r"
    LEAVE = "q"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """What the user and the operating system have told an app."""

    folder: str
    """Where it keeps what it wants to remember."""
    user: str
    password: str
    domain: str
    server: str
    """SIP URI, transport included."""
    ca_file: str
    """Whom it trusts over TLS."""
    tokens: dict[str, str]
    """For APNs `team`, `bundle`, `voip` and `remote`; for FCM `project`, `number` and `token`; or none."""

    def write(self) -> Path:
        """Write them into the app's folder; return the file."""
        file = Path(self.folder) / "settings.json"
        file.write_text(json.dumps(asdict(self)))
        return file


def read_settings() -> AppSettings:
    """Read the settings from the file that the command line names."""
    return AppSettings(**json.loads(Path(sys.argv[1]).read_text()))


def keep_others_out() -> None:
    """Keep standard output for the lines of `show`: what a library prints goes to standard error."""
    sys.stdout = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), 1)


def show(event: str, **fields: object) -> None:
    """Tell what has happened."""
    print(json.dumps({"event": event, **fields}), flush=True)  # noqa: T201  the lines are what the program is for


def pressed(seconds: float) -> str:
    """Wait for a key; return "" when none came in time. Nobody at the door is `Key.LEAVE`."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return ""
    return os.read(sys.stdin.fileno(), 64).decode().strip()[:1] or Key.LEAVE


def leave() -> None:
    """End at once, as an app does that the system takes away: nobody is told."""
    show("gone")
    os._exit(0)
