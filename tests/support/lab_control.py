"""The emulators' switches, turned through their control door (docs/reference/inbox.md)."""

from __future__ import annotations

import json
import ssl
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

SECONDS = 20.0


class LabControl:
    """A connection to the control door."""

    def __init__(self, lab: dict[str, Any]) -> None:
        """Connect; `lab` is what `ringwake emulate --json` has printed."""
        tls = ssl.create_default_context(cafile=lab["ca_file"])
        secret = Path(lab["inbox"]["control_secret_file"]).read_text().strip()
        self._connection = connect(lab["inbox"]["url"], ssl=tls, compression=None, proxy=None, legacy=True)
        self._ask({"op": "control", "secret": secret})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._connection.close()

    def switch(self, service: str, **changes: object) -> None:
        """Change the switches of a service."""
        self._ask({"op": "switch", "service": service, "set": changes})

    def accepted(self, service: str) -> list[dict[str, Any]]:
        """Return the journal's accepted pushes of a service."""
        entries = self._ask({"op": "journal", "after": 0})["entries"]
        return [one for one in entries if one["service"] == service and one["event"] == "accepted"]

    def until_accepted(self, service: str, count: int) -> None:
        """Wait until the service has accepted that many pushes."""
        deadline = time.monotonic() + SECONDS
        while len(self.accepted(service)) < count:
            assert time.monotonic() < deadline, f"{service} did not accept {count} pushes"

    def _ask(self, message: dict[str, object]) -> dict[str, Any]:
        self._connection.send(json.dumps(message))
        answer: dict[str, Any] = json.loads(self._connection.recv(timeout=10))
        assert answer["op"] != "error", answer
        return answer
