"""In front of ejabberd's SIP module: another registrar and another proxy than Kamailio, written by others."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.interop.lab_server import PASSWORD, SECONDS
from tests.interop.pbx import PBX_PASSWORD
from tests.interop.station import Station, station
from tests.support.ejabberd import PROGRAM, ejabberd
from tests.support.leg import CalleeLeg, CallerLeg
from tests.support.loopback import leased_address
from tests.support.processes import ringwake, run_ringwake
from tests.support.wire import Wire

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="ejabberd is not installed: see tests/interop/debian.txt")
MODES = ("vault", "contact")
USERS = ("alice", "boss")


@dataclass(frozen=True)
class Site:
    """A server of ours with a tenant for each mode, and the ejabberd that is the PBX of both."""

    ours: str
    pbx: str
    state: Path
    stack: ExitStack

    def registered(self, mode: str) -> tuple[Station, Wire]:
        """Return a phone of alice, once we have registered her at the PBX."""
        place = self.phone(mode)
        phone = place.phone()
        deadline = time.monotonic() + SECONDS
        while "registered at the PBX" not in self._standings(f"alice@{mode}.test"):
            assert time.monotonic() < deadline, "she is not registered"
        return place, phone

    def _standings(self, account: str) -> list[str]:
        told = run_ringwake(["device", "list", "--json"], state=self.state)
        return [one["pbx"] for one in json.loads(told.stdout) if one["account"] == account]

    def phone(self, mode: str) -> Station:
        """Return a place of alice, whose phones know us alone."""
        password = PASSWORD if mode == "vault" else PBX_PASSWORD
        return self.stack.enter_context(station(self.ours, f"{mode}.test", "alice", password=password))

    def boss(self, mode: str) -> Station:
        """Return a place of somebody who knows the PBX alone."""
        return self.stack.enter_context(station(self.pbx, f"{mode}.test", "boss", password=PBX_PASSWORD))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    folder = tmp_path_factory.mktemp("ejabberd")
    domains = [f"{mode}.test" for mode in MODES]
    with ejabberd(folder, domains=domains, users=USERS, password=PBX_PASSWORD) as pbx, leased_address() as own:
        config, state = folder / "server.toml", folder / "state"
        config.write_text(_config(own, pbx, state))
        with ringwake("serve", "--config", str(config), state=state, log=folder / "server.log") as server:
            server.event("ready")
            yield f"{own}:5060", pbx, state
            assert server.stop() == 0


def _config(own: str, pbx: str, state: Path) -> str:
    login = f'[[tenant.account]]\nuser = "alice"\npassword = "{PASSWORD}"\npbx_password = "{PBX_PASSWORD}"'
    tables = [
        f'[server]\nlab = true\nhttp = "127.0.0.1:0"\ndata = "{state}/ringwake.db"\ndigest = ["MD5"]',
        f'[[listen]]\ntransport = "udp"\naddress = "{own}:5060"',
        f'[[tenant]]\ndomain = "contact.test"\nupstream = "contact"\npbx = "sip:{pbx};transport=udp"',
        f'[[tenant]]\ndomain = "vault.test"\nupstream = "vault"\npbx = "sip:{pbx};transport=udp"',
        login,
    ]
    return "\n\n".join(tables)


@pytest.fixture
def site(servers: tuple[str, str, Path]) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(*servers, stack)


@pytest.mark.parametrize("mode", MODES)
def test_an_account_of_ejabberd_is_called_through_us(site: Site, mode: str) -> None:
    (_, phone), outside = site.registered(mode), site.boss(mode).wire()
    caller = CallerLeg(outside, "boss", "alice", password=PBX_PASSWORD)
    caller.invite()
    caller.until_challenged()
    callee = CalleeLeg(phone, "alice")
    callee.reply(callee.invite, 180)
    caller.until(180)
    # No further: ejabberd 23.01 passes no BYE on, between two phones of its own either.
    callee.reply(callee.invite, 486)
    caller.until(486)


@pytest.mark.parametrize("mode", MODES)
def test_a_phone_calls_an_account_of_ejabberd_through_us(site: Site, mode: str) -> None:
    (place, phone), outside = site.registered(mode), site.boss(mode).phone()
    caller = CallerLeg(phone, "alice", "boss", password=place.password)
    caller.invite()
    caller.until_challenged()  # in vault by us, since a datagram proves nothing; in contact by ejabberd
    callee = CalleeLeg(outside, "boss")
    callee.reply(callee.invite, 180)
    caller.until(180)
    callee.reply(callee.invite, 486)
    caller.until(486)
