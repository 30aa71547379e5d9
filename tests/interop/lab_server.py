"""`ringwake emulate` and `ringwake serve` for phones of others: UDP, TCP, and TLS by the laboratory's authority."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import gethostbyname
from typing import Any

import pytest
from tests.support.processes import ringwake, run_ringwake

from ringwake.cli.lab_toml import BUNDLE
from ringwake.config.embedded import DOMAIN

PASSWORD = "secret"
ACCOUNTS = 100
SECONDS = 20.0
_PEER = """
[[peer]]
address = "127.77.0.0/16"
may_call = true

"""


@dataclass(frozen=True, kw_only=True)
class LabServer:
    """A running server, which leased addresses may call without digest, and the push services around it."""

    lab: dict[str, Any]
    """What `ringwake emulate --json` has printed."""
    listen: dict[str, str]
    """`host:port` by transport."""
    state: Path
    domain: str = DOMAIN
    bundle: str = BUNDLE
    """Of the app on its phones."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def account(self) -> str:
        """Return an account that nobody has used."""
        return f"phone{next(self._numbers):02}"

    def uri(self, transport: str) -> str:
        """Return the server's URI; over TLS by the name that its certificate has, where that name leads to us."""
        host, _, port = self.listen[transport].rpartition(":")
        if transport == "tls" and not _knows_localhost():
            pytest.skip("localhost has no address here, and phones check the name in a certificate: see /etc/hosts")
        return f"sip:{'localhost' if transport == 'tls' else host}:{port};transport={transport}"

    def until_asleep(self, account: str) -> None:
        """Wait until the server knows that the account's one phone is not connected."""
        deadline = time.monotonic() + SECONDS
        while self._states(account) != ["asleep"]:
            assert time.monotonic() < deadline, f"{account} is {self._states(account)}"

    def trace(self, call_id: str) -> list[str]:
        """Return what `ringwake trace` tells about a call, event by event."""
        told = run_ringwake(["trace", "--json", call_id], state=self.state)
        assert told.returncode == 0, told.stderr
        return [event["what"] for event in json.loads(told.stdout)["events"]]

    def devices(self, account: str) -> list[dict[str, Any]]:
        """Return what `ringwake device list` tells about an account."""
        told = run_ringwake(["device", "list", "--json"], state=self.state)
        return [one for one in json.loads(told.stdout) if one["account"] == f"{account}@{self.domain}"]

    def checks(self) -> list[dict[str, str]]:
        """Return what `ringwake doctor` finds."""
        told = run_ringwake(["doctor", "--json"], state=self.state)
        return json.loads(told.stdout)  # type: ignore[no-any-return]  # JSON

    def told(self, account: str) -> tuple[list[str], str]:
        """Return what `ringwake trace` tells about an account at its PBX: event by event, and in a sentence."""
        told = run_ringwake(["trace", "--json", f"{account}@{self.domain}"], state=self.state)
        assert told.returncode == 0, told.stderr
        trace = json.loads(told.stdout)
        return [event["what"] for event in trace["events"]], trace["verdict"]

    def _states(self, account: str) -> list[str]:
        return [one["state"] for one in self.devices(account)]


@contextmanager
def lab_server(
    state: Path, *, digest: tuple[str, ...] = ("SHA-256", "MD5"), tables: Callable[[dict[str, Any]], str] | None = None
) -> Iterator[LabServer]:
    """Run both while the context is open; the server is to stop without a complaint.

    Args:
        state: folder of their own.
        digest: algorithms.
        tables: writes other tables in place of those for peers and accounts, from what the emulators have said.
    """
    with ringwake("emulate", "--json", state=state) as emulators:
        lab = emulators.event("ready")
        config = state / "server.toml"
        more = tables(lab) if tables else _PEER + _accounts()
        config.write_text(_config((state / "lab.toml").read_text(), lab, state, digest) + more)
        with ringwake("serve", "--config", str(config), state=state, log=state / "server.log") as server:
            listen = {one["transport"]: one["address"] for one in server.event("ready")["listen"]}
            yield LabServer(lab=lab, listen=listen, state=state)
            assert server.stop() == 0


def _knows_localhost() -> bool:
    try:
        gethostbyname("localhost")
    except OSError:
        return False
    return True


def _config(written: str, lab: dict[str, Any], state: Path, digest: tuple[str, ...]) -> str:
    pem, fcm = state / "lab/server.pem", lab["fcm"]
    head = f"""\
[server]
lab = true
http = "127.0.0.1:0"
data = "{state}/ringwake.db"
digest = {json.dumps(digest)}

[[listen]]
transport = "udp"
address = "127.0.0.1:0"

[[listen]]
transport = "tcp"
address = "127.0.0.1:0"

[[listen]]
transport = "tls"
address = "127.0.0.1:0"
certificate = "{pem}"
key = "{pem.with_suffix(".key")}"
"""
    # The same project once more, by its number: that is how Linphone names it.
    tail = f"""
[[app]]
provider = "fcm"
tenant = "{DOMAIN}"
param = "{fcm["project_number"]}"
service_account = "{fcm["service_account"]}"
endpoint = "{fcm["url"]}"
ca_file = "{lab["ca_file"]}"
"""
    return written.replace("[server]\nlab = true", head) + tail


def _accounts() -> str:
    return "".join(
        f'[[tenant.account]]\nuser = "phone{number:02}"\npassword = "{PASSWORD}"\n\n' for number in range(ACCOUNTS)
    )
