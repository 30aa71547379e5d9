"""The emulators' switches, turned through their control door (docs/reference/inbox.md)."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.inbox_line import InboxLine

SECONDS = 20.0


class LabControl:
    """A connection to the control door."""

    def __init__(self, lab: dict[str, Any]) -> None:
        """Connect; `lab` is what `ringwake emulate --json` has printed."""
        self._line = InboxLine(lab)
        secret = Path(lab["inbox"]["control_secret_file"]).read_text().strip()
        self._line.ask({"op": "control", "secret": secret})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._line.close()

    def switch(self, service: str, **changes: object) -> None:
        """Change the switches of a service."""
        self._line.ask({"op": "switch", "service": service, "set": changes})

    def accepted(self, service: str) -> list[dict[str, Any]]:
        """Return the journal's accepted pushes of a service."""
        entries = self._line.ask({"op": "journal", "after": 0})["entries"]
        return [one for one in entries if one["service"] == service and one["event"] == "accepted"]

    def until_accepted(self, service: str, count: int) -> None:
        """Wait until the service has accepted that many pushes."""
        deadline = time.monotonic() + SECONDS
        while len(self.accepted(service)) < count:
            assert time.monotonic() < deadline, f"{service} did not accept {count} pushes"
