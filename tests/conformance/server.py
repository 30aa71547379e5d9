"""A `ringwake serve` process with a domain of its own, and what its log says of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ringwake

DOMAIN = "harbour.test"
PASSWORD = "quay"


@dataclass(frozen=True, slots=True)
class Server:
    """The running process."""

    udp: tuple[str, int]
    tcp: tuple[str, int]
    pid: int
    log: Path

    def faults(self) -> list[str]:
        """Return what went wrong that nobody expected."""
        return [line for line in self.log.read_text().splitlines() if '"level": "error"' in line or "Traceback" in line]


@contextmanager
def serve(folder: Path, *, trusted: str, users: Iterable[str]) -> Iterator[Server]:
    """Run a server while the context is open; callers at one address need no password."""
    config, log = folder / "server.toml", folder / "server.log"
    config.write_text(_config(folder, trusted, users))
    with ringwake("serve", "--config", str(config), state=folder / "state", log=log) as program:
        listens = {one["transport"]: one["address"] for one in program.event("ready")["listen"]}
        yield Server(_address(listens["udp"]), _address(listens["tcp"]), program.process.pid, log)


def _config(folder: Path, trusted: str, users: Iterable[str]) -> str:
    tables = [
        f'[server]\nlab = true\nhttp = "127.0.0.1:0"\ndata = {json.dumps(str(folder / "ringwake.db"))}',
        '[log]\nformat = "json"',
        *(f'[[listen]]\ntransport = "{name}"\naddress = "127.0.0.1:0"' for name in ("udp", "tcp")),
        f'[[peer]]\naddress = "{trusted}"\nmay_call = true',
        f'[[tenant]]\ndomain = "{DOMAIN}"',
        *(f'[[tenant.account]]\nuser = {json.dumps(user)}\npassword = "{PASSWORD}"' for user in users),
    ]
    return "\n\n".join(tables)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
