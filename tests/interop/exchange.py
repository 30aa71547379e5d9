"""`ringwake serve` for programs of others: an address of its own, and an account for each test."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.loopback import leased_address
from tests.support.processes import ringwake, run_ringwake
from tests.support.wire import Wire, challenged

DOMAIN = "ringwake.test"
PASSWORD = "secret"
ACCOUNTS = 100


class Exchange:
    """A running server, which any loopback address may call."""

    def __init__(self, address: str, state: Path) -> None:
        self.address = f"{address}:5060"
        """Over UDP and TCP."""
        self._state = state
        self._numbers = itertools.count()

    def account(self) -> str:
        """Return an account that nobody has used."""
        return f"phone{next(self._numbers):02}"

    def credentials(self, account: str) -> str:
        """Return an Authorization for one REGISTER of an account."""
        with leased_address() as address, Wire(address, self.address, domain=DOMAIN) as wire:
            return challenged(wire, account, PASSWORD)

    def trace(self, call_id: str) -> dict[str, Any]:
        """Return what `ringwake trace` tells about a call."""
        told = run_ringwake(["trace", "--json", call_id], state=self._state)
        assert told.returncode == 0, told.stderr
        trace: dict[str, Any] = json.loads(told.stdout)
        return trace


@contextmanager
def exchange(folder: Path) -> Iterator[Exchange]:
    """Run a server while the context is open; it is to stop without a complaint."""
    with leased_address() as address:
        config, state = folder / "server.toml", folder / "state"
        config.write_text(_config(address, state))
        with ringwake("serve", "--config", str(config), state=state) as server:
            server.event("ready")
            yield Exchange(address, state)
            assert server.stop() == 0


def _config(address: str, state: Path) -> str:
    tables = [
        f'[server]\nlab = true\nhttp = "127.0.0.1:0"\ndata = "{state}/ringwake.db"',
        *(f'[[listen]]\ntransport = "{name}"\naddress = "{address}:5060"' for name in ("udp", "tcp")),
        '[[peer]]\naddress = "127.0.0.0/8"\nmay_call = true',
        f'[[tenant]]\ndomain = "{DOMAIN}"',
        *(f'[[tenant.account]]\nuser = "phone{n:02}"\npassword = "{PASSWORD}"' for n in range(ACCOUNTS)),
    ]
    return "\n\n".join(tables)
