"""`ringwake serve` as a process that may be killed and started again: same addresses, same database."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.processes import RINGWAKE, Program, run_ringwake

SIP_PORT, CONNECTORS_PORT = 5060, 8444


@dataclass(kw_only=True)
class Edge:
    """The server, at the same addresses in each of its lives."""

    host: str
    state: Path
    ca_file: Path
    config: Path
    _server: Program | None = None
    _lives: Iterator[int] = field(default_factory=itertools.count)

    @property
    def sip(self) -> str:
        """Where phones reach it: `host:port`."""
        return f"{self.host}:{SIP_PORT}"

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._server is not None:
            return
        log = self.state / f"server{next(self._lives)}.log"
        self._server = Program(RINGWAKE, "serve", "--config", str(self.config), state=self.state, log=log)
        ready = self._server.event("ready")
        assert ready["connectors"] == [f"{self.host}:{CONNECTORS_PORT}"]

    def kill(self) -> None:
        """Kill it as the out-of-memory killer would."""
        assert self._server is not None
        self._server.kill()
        self._server.stop()
        self._server = None

    def stop(self) -> int:
        """Stop it; return its exit code."""
        return self._server.stop() if self._server is not None else 0

    def states(self, domain: str, accounts: tuple[str, ...]) -> set[str]:
        """Return how the phones of these accounts are."""
        told = run_ringwake(["device", "list", "--json"], state=self.state)
        names = {f"{account}@{domain}" for account in accounts}
        return {one["state"] for one in json.loads(told.stdout) if one["account"] in names}

    def verdicts(self) -> dict[str, str]:
        """Return what `ringwake doctor` says, by what was looked at."""
        told = run_ringwake(["doctor", "--json"], state=self.state)
        return {check["name"]: check["verdict"] for check in json.loads(told.stdout)}

    def trace(self, call_id: str) -> list[dict[str, Any]]:
        """Return what `ringwake trace` tells about a call."""
        told = run_ringwake(["trace", "--json", call_id], state=self.state)
        assert told.returncode == 0, told.stderr
        events: list[dict[str, Any]] = json.loads(told.stdout)["events"]
        return events
