"""A server with emulated push services around it, bare phones and a caller whom it trusts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.scenario.bare_phone import DOMAIN, PASSWORD, BarePhone
from tests.support.caller import Caller
from tests.support.lab_control import LabControl
from tests.support.loopback import leased_address
from tests.support.processes import Program, ringwake, run_ringwake

WAKE_SECONDS = 2
USERS = tuple(f"mara{number}" for number in range(40))


@dataclass(frozen=True, slots=True)
class Stage:
    """A server with push services around it, for all scenarios; each has an account of its own."""

    servers: dict[str, tuple[str, int]]
    lab: dict[str, Any]
    control: LabControl
    host: str
    """Of a caller whom the server trusts."""
    users: Iterator[str]
    state: Path
    """State folder of the programs, by which the command line finds them."""

    def choose(self, user: str, *options: str) -> None:
        """Set what the owner of an account wants, on the command line."""
        done = run_ringwake(["account", "set", f"{user}@{DOMAIN}", *options], state=self.state)
        assert done.returncode == 0, done.stderr

    def phone(self, user: str = "") -> BarePhone:
        """Return a phone of an account, of a fresh one unless it is named."""
        return BarePhone(self.servers, self.lab, user or next(self.users))

    def call(self, user: str) -> Caller:
        """Call an account, and wait until the call is parked."""
        caller = Caller("{}:{}".format(*self.servers["udp"]), user, host=self.host)
        caller.invite()
        caller.until(100)
        return caller

    @contextmanager
    def woken(self) -> Iterator[tuple[BarePhone, Caller]]:
        """Call a phone that sleeps, and let it get the push."""
        with self.phone() as phone, self.call(phone.sleep().user) as caller:
            phone.pushed()
            yield phone, caller

    def pushes_to(self, phone: BarePhone) -> int:
        """Return how many pushes to a phone were accepted."""
        known = sha256(phone.token.encode()).hexdigest()[:8]
        return sum(one["token"] == known for one in self.control.accepted("fcm"))


@contextmanager
def open_stage(state: Path, *more: str) -> Iterator[Stage]:
    """Start the programs with a folder of their own; `more` are further tables of the server's configuration."""
    with leased_address() as host, ringwake("emulate", "--json", state=state) as emulators:
        lab = emulators.event("ready")
        config, log = state / "server.toml", state / "server.log"
        config.write_text(_config(state, host, *more))
        with (
            LabControl(lab) as control,
            ringwake("serve", "--config", str(config), state=state, log=log) as server,
        ):
            yield Stage(_listens(server), lab, control, host, iter(USERS), state)
        assert "Traceback" not in log.read_text()
        assert '"level": "error"' not in log.read_text()


def _config(state: Path, host: str, *more: str) -> str:
    tables = [
        f'[server]\nlab = true\nhttp = "127.0.0.1:0"\ndata = "{state}/ringwake.db"',
        '[log]\nformat = "json"',
        f"[wake]\nwake_timeout = {WAKE_SECONDS}\nring_timeout = 20",
        f'[[peer]]\naddress = "{host}"\nmay_call = true',
        *(f'[[listen]]\ntransport = "{name}"\naddress = "127.0.0.1:0"' for name in ("udp", "tcp")),
        *more,
    ]
    accounts = "".join(f'[[tenant.account]]\nuser = "{user}"\npassword = "{PASSWORD}"\n\n' for user in USERS)
    lab = (state / "lab.toml").read_text().replace("[server]\nlab = true", "\n\n".join(tables))
    return lab.replace("[[app]]", f"{accounts}[[app]]", 1)


def _listens(server: Program) -> dict[str, tuple[str, int]]:
    found = {}
    for one in server.event("ready")["listen"]:
        host, _, port = one["address"].rpartition(":")
        found[one["transport"]] = (host, int(port))
    return found
