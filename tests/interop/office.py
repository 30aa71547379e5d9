"""Kamailios in private networks: `ringwake connect` beside each, one `ringwake serve` in front, rtpengine between.

All on loopback, where nothing is private by itself; what we let each know of the others makes it so. The connectors
dial the server, and no file of the server's says where a PBX is.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.branch import PASSWORD, Branch
from tests.interop.edge_process import CONNECTORS_PORT, Edge
from tests.interop.pbx import EXAMPLE
from tests.interop.station import station
from tests.support.authority import Authority
from tests.support.hep import Ear, Overheard, modules
from tests.support.kamailio import kamailio
from tests.support.leg import CallerLeg
from tests.support.loopback import leased_address
from tests.support.processes import RINGWAKE, Program, ringwake
from tests.support.rtpengine import rtpengine
from tests.support.wire import Wire

LOCAL_PORT = 5070
_GRANT = 3600
_MEDIA_PORTS = 2000
SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where the PBX is; by default beside us, on loopback addresses of its own."""

    inside: Callable[[], AbstractContextManager[None]] = nullcontext
    """While open, sockets and processes that this thread makes are in the PBX's network."""
    pbx: str = ""
    local: str = ""
    """Hosts of the PBX and of its one connector there."""
    edge: str = ""
    """Host by which a connector reaches the server, and RTP the relay."""
    door: Callable[[str], AbstractContextManager[object]] = nullcontext
    """Opened for the server's own host: connections to `edge` lead there from then on."""


@dataclass(kw_only=True)
class Office:
    """One PBX, its connectors, and the server."""

    branch: Branch
    lab: dict[str, Any]
    """What `ringwake emulate --json` has printed."""
    pbx: str
    """`host:port` of the PBX."""
    ear: Ear
    """Hears all that the PBX hears and says."""
    locals: list[str]
    """`host:port` of each connector, as the PBX sees it."""
    edge: Edge
    token: Path
    network: Network
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _connectors: dict[int, Program] = field(default_factory=dict)
    _lent: ExitStack = field(default_factory=ExitStack)

    @property
    def domain(self) -> str:
        """Of the accounts."""
        return self.branch.domain

    def account(self) -> str:
        """Return an account that nobody has used."""
        return f"phone{next(self._numbers):03}"

    def connect(self, *numbers: int) -> None:
        """Start these connectors, the first one without, and wait until the server has let them in."""
        numbers = numbers or (0,)
        for number in numbers:
            self.launch(number)
        for number in numbers:
            self.welcome(number)

    def launch(self, number: int) -> None:
        """Start one of the connectors."""
        log = self.token.with_name(f"connector{number}-{len(list(self.token.parent.glob('connector*')))}.log")
        # fmt: off
        command = [
            RINGWAKE, "connect", f"wss://{self.network.edge or self.edge.host}:{CONNECTORS_PORT}",
            "--ca", str(self.edge.ca_file), "--tenant", self.domain,
            "--pbx", f"sip:{self.pbx};transport={self.branch.transport}",
            "--local", self.locals[number], "--token-file", str(self.token),
        ]
        # fmt: on
        with self.network.inside():
            self._connectors[number] = Program(*command, state=self.edge.state, log=log)

    def welcome(self, number: int) -> None:
        """Wait until the server has let a connector in that was started."""
        assert self._connectors[number].event("ready")["local"] == self.locals[number]

    def kill_connector(self, number: int = 0) -> None:
        """Kill a connector as the out-of-memory killer would."""
        self._connectors[number].kill()
        self._connectors.pop(number).stop()

    def in_use(self) -> int:
        """Return the connector to which the PBX has sent its last message."""
        targets = [one.target for one in self.ear.heard() if one.target in self.locals]
        return self.locals.index(targets[-1])

    def media_hosts(self) -> set[str]:
        """Return to which hosts the PBX was told to send media by us."""
        told = "".join(one.text for one in self.ear.heard() if self._is_ours(one.source))
        return set(re.findall(r"^c=IN IP4 (\S+)", told, re.MULTILINE))

    def stop(self) -> list[int]:
        """Stop all connectors; return their exit codes."""
        return [connector.stop() for connector in self._connectors.values()]

    def wire(self) -> Wire:
        """Open a socket beside the PBX."""
        address = self._lent.enter_context(leased_address())
        with self.network.inside():
            return self._lent.enter_context(Wire(address, self.pbx, domain=self.domain))

    def caller(self, callee: str) -> CallerLeg:
        """Return somebody with an account at the PBX who is about to call."""
        return CallerLeg(self.wire(), "boss", callee, password=PASSWORD)

    def desk(self, user: str) -> Wire:
        """Return a phone of another account that is registered at the PBX itself."""
        with self.network.inside():
            return self._lent.enter_context(station(self.pbx, self.domain, user, password=PASSWORD)).phone()

    def until_reached(self) -> None:
        """Wait until the server has a connector again: another test may have killed the server a moment ago."""
        deadline = time.monotonic() + SECONDS
        while self.edge.verdicts().get(f"pbx {self.domain}") != "ok":
            assert time.monotonic() < deadline, self.edge.verdicts()

    def until_at_pbx(self, *accounts: str, after: int = 0) -> None:
        """Wait until the PBX has said yes to a REGISTER of each that came by a connector.

        `after` so many messages: what it has said before does not count.
        """
        for account in accounts:

            def has_granted(one: Overheard, account: str = account) -> bool:
                is_register = one.text.startswith("SIP/2.0 200 ") and " REGISTER\r\n" in one.text
                return is_register and f"<sip:{account}@{self.domain}>" in one.text and self._is_ours(one.target)

            self.ear.until(has_granted, after=after)

    def until_asleep(self, *accounts: str) -> None:
        """Wait until the server knows that none of their phones is connected."""
        while "awake" in self.edge.states(self.domain, accounts):
            pass  # each question is a process of its own: no hurry

    @contextmanager
    def lent(self) -> Iterator[Office]:
        """Lend it to one test: what the test opens is closed in the end, and what it kills is there for the next."""
        self.edge.start()
        if missing := set(range(self.branch.connectors)) - set(self._connectors):
            self.connect(*missing)
        with self._lent:
            yield self

    def _is_ours(self, where: str) -> bool:
        # Connections that a connector opens come from wherever the system lets them begin.
        return where in self.locals or where.startswith("127.0.0.1:")


@contextmanager
def offices(
    folder: Path, *branches: Branch, digest: tuple[str, ...] = ("SHA-256", "MD5"), network: Network | None = None
) -> Iterator[dict[str, Office]]:
    """Run all while the context is open; by branch, all connectors dialled in.

    Args:
        folder: for their files.
        branches: the tenants.
        digest: algorithms that the server offers to phones.
        network: where the PBXs are; with one that is not ours there is one branch.
    """
    network = network or Network()
    state = folder / "state"
    with ExitStack() as stack:
        lab = stack.enter_context(ringwake("emulate", "--json", state=state)).event("ready")
        relay, _ = stack.enter_context(rtpengine(folder, ports=_MEDIA_PORTS, host=network.edge))
        host = stack.enter_context(leased_address())
        authority = Authority(folder)
        pair = authority.issue(host, *([network.edge] if network.edge else []))
        pair.key.chmod(0o600)
        edge = Edge(host=host, state=state, ca_file=authority.file, config=folder / "server.toml")
        stack.callback(edge.stop)
        made: dict[str, Office] = {}
        for branch in branches:
            with network.inside():
                made[branch.name] = _office(stack, branch, folder / branch.name, _Around(edge, lab, network))
        head = f"""
[server]
lab = true
http = "127.0.0.1:0"
data = "{state}/ringwake.db"
digest = {json.dumps(digest)}

[[listen]]
transport = "udp"
address = "{edge.sip}"

[[listen]]
transport = "tcp"
address = "{edge.sip}"

[connectors]
listen = "{host}:{CONNECTORS_PORT}"
certificate = "{pair.certificate}"
key = "{pair.key}"

[media]
rtpengine = "{relay}"
"""
        edge.config.write_text(head + "".join(one.branch.table(lab, one.token) for one in made.values()))
        edge.start()
        stack.enter_context(network.door(host))
        for begin in (Office.launch, Office.welcome):
            for office in made.values():
                for number in range(office.branch.connectors):
                    begin(office, number)
        yield made
        codes = [code for office in made.values() for code in office.stop()]
        assert [*codes, edge.stop()] == [0] * (len(codes) + 1)


@dataclass(frozen=True)
class _Around:
    edge: Edge
    lab: dict[str, Any]
    network: Network


def _office(stack: ExitStack, branch: Branch, folder: Path, around: _Around) -> Office:
    folder.mkdir()
    token = folder / "token"
    token.write_text(f"token-of-{branch.name}-0123456789abcdef")
    token.chmod(0o600)
    ear = stack.enter_context(Ear(stack.enter_context(leased_address())))
    defines = [f'DOMAIN="{branch.domain}"', f'PASSWORD="{PASSWORD}"', f"LONGEST={_GRANT}"]
    options = [*(word for define in defines for word in ("-A", define)), *modules(ear)]
    host = around.network.pbx
    pbx = stack.enter_context(kamailio(EXAMPLE, folder, domain=branch.domain, options=options, address=host))
    hosts = [around.network.local or stack.enter_context(leased_address()) for _ in range(branch.connectors)]
    office = Office(
        branch=branch,
        lab=around.lab,
        pbx=pbx,
        ear=ear,
        locals=[f"{each}:{LOCAL_PORT}" for each in hosts],
        edge=around.edge,
        token=token,
        network=around.network,
    )
    stack.callback(office.stop)
    return office
