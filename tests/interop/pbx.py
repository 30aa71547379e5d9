"""Kamailios of the example as PBXs, each with a tenant of one server of ours in front of it."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.interop.lab_server import PASSWORD, LabServer, lab_server
from tests.interop.station import Station, station
from tests.support.hep import Ear, Overheard, modules
from tests.support.kamailio import PROGRAM, kamailio
from tests.support.leg import CallerLeg
from tests.support.loopback import leased_address
from tests.support.wire import Wire

EXAMPLE = Path(__file__).parents[2] / "examples/kamailio/pbx.cfg"
needs_kamailio = pytest.mark.skipif(PROGRAM is None, reason="kamailio is not installed: see tests/interop/debian.txt")
DAY = 86_400
GRANT = 8
"""Seconds: the longest registration at PBXs whose grants are to run out in a test."""
PBX_PASSWORD = "known-to-the-pbx"
"""Of all accounts at a PBX whose passwords the phones do not know."""


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A tenant, and how its PBX is."""

    name: str
    upstream: str
    transport: str
    longest: int
    """Seconds: the PBX's longest registration."""
    trusts: bool = False
    """Whether the PBX takes our word, and asks us for no password."""
    asks_callers: bool = True
    """Whether the PBX challenges calls."""
    accounts: int = 0
    """How many accounts have a password here."""
    more: str = ""
    """More lines of its table."""

    @property
    def domain(self) -> str:
        """Of the tenant and of its PBX."""
        return f"{self.name}.test"

    @property
    def password(self) -> str:
        """Of all accounts at the PBX."""
        return PBX_PASSWORD if self.accounts else PASSWORD

    @property
    def bundle(self) -> str:
        """Return the bundle id of the app that its phones run."""
        return f"test.{self.name}"

    def options(self) -> list[str]:
        """Return the command line of its PBX."""
        defines = [f'DOMAIN="{self.domain}"', f'PASSWORD="{self.password}"', f"LONGEST={self.longest}"]
        if self.trusts:
            defines.append('TRUSTED="127.0.0.1"')
        if not self.asks_callers:
            defines.append("CALLS_FREE")
        return [word for define in defines for word in ("-A", define)]

    def table(self, lab: dict[str, Any], pbx: str) -> str:
        """Write its part of our configuration."""
        apns = lab["apns"]
        login = f'pbx_password = "{PBX_PASSWORD}"' if self.upstream == "vault" else ""
        return f"""
[[tenant]]
domain = "{self.domain}"
upstream = "{self.upstream}"
pbx = "sip:{pbx};transport={self.transport}"
{self.more}

{
            "".join(
                f'''[[tenant.account]]
user = "phone{number:02}"
password = "{PASSWORD}"
{login}

'''
                for number in range(self.accounts)
            )
        }
[[app]]
provider = "apns"
tenant = "{self.domain}"
param = "{apns["team"]}.{self.bundle}"
key_id = "{apns["key_id"]}"
key_file = "{apns["key_file"]}"
endpoint = "{apns["url"]}"
ca_file = "{lab["ca_file"]}"
"""


@dataclass(frozen=True, kw_only=True)
class Front(LabServer):
    """One tenant of the server, and its PBX."""

    tenant: Tenant
    pbx: str
    """`host:port` of the PBX."""
    ear: Ear
    """Hears all that the PBX hears and says."""
    _desks: Iterator[int] = field(default_factory=itertools.count)
    _stack: ExitStack = field(default_factory=ExitStack)

    def desk(self, user: str = "") -> Station:
        """Return a place of another account of the PBX, by default one that nobody has used: it knows nothing of us."""
        user = user or f"desk{next(self._desks):02}"
        return self._stack.enter_context(station(self.pbx, self.domain, user, password=self.tenant.password))

    def phone(self, *, password: str = PASSWORD, transport: str = "udp") -> Station:
        """Return a place of an account that nobody has used, whose phones know us alone."""
        return self._place(self.account(), password, transport)

    def phone_of(self, account: str) -> Station:
        """Return a place of an account whose phones know us alone."""
        return self._place(account, self.tenant.password, "udp")

    @property
    def app(self) -> str:
        """Return what the app is known by at APNs: team and bundle."""
        return f"{self.lab['apns']['team']}.{self.bundle}"

    def _place(self, account: str, password: str, transport: str) -> Station:
        where = self.listen[transport]
        place = station(where, self.domain, account, password=password, transport=transport)
        return self._stack.enter_context(place)

    def caller(self, callee: str) -> CallerLeg:
        """Return somebody with an account at the PBX who is about to call."""
        return CallerLeg(self.desk("boss").wire(), "boss", callee, password=self.tenant.password)

    def until_registered(self, account: str) -> str:
        """Wait until the PBX has said yes to a REGISTER of an account that came through us; return how it said so."""

        def has_granted(one: Overheard) -> bool:
            is_register = "CSeq: " in one.text and " REGISTER\r\n" in one.text
            is_for_us = one.target.startswith("127.0.0.1:") and f"<sip:{account}@{self.domain}>" in one.text
            return is_register and is_for_us and one.text.startswith("SIP/2.0 200 ")

        return self.ear.until(has_granted).text

    def contact_user(self, account: str) -> str:
        """Return the user part of our Contact of an account, as the PBX has bound it."""
        said = self.until_registered(account)
        found = re.search(r"^Contact: <sip:([^@]+)@", said, re.MULTILINE)
        assert found is not None
        return found[1]

    def standing(self, account: str) -> str:
        """Return how `ringwake device list` says that an account stands at the PBX."""
        (device,) = self.devices(account)
        return str(device["pbx"])

    def heard_after(self, count: int) -> str:
        """Return all that the PBX has heard and said since it was so much."""
        return "".join(one.text for one in self.ear.heard()[count:])

    def answered_for(self, account: str, responses: set[str], *, since: int) -> set[str]:
        """Return the methods of an account's requests in which the PBX has heard one of these digests."""
        heard = (one.text for one in self.ear.heard()[since:])
        return {text.split(" ", 1)[0] for text in heard if account in text and any(it in text for it in responses)}


TENANTS = (
    Tenant(name="path-udp", upstream="path", transport="udp", longest=DAY),
    Tenant(name="path-tcp", upstream="path", transport="tcp", longest=DAY),
    Tenant(name="path-short", upstream="path", transport="udp", longest=600),
    Tenant(name="contact-udp", upstream="contact", transport="udp", longest=GRANT),
    Tenant(name="contact-tcp", upstream="contact", transport="tcp", longest=GRANT),
    Tenant(name="trusted-udp", upstream="contact", transport="udp", longest=GRANT, trusts=True, accounts=40),
    Tenant(name="trusted-tcp", upstream="contact", transport="tcp", longest=GRANT, trusts=True, accounts=40),
    Tenant(name="vault-udp", upstream="vault", transport="udp", longest=GRANT, accounts=40),
    Tenant(name="vault-tcp", upstream="vault", transport="tcp", longest=GRANT, accounts=40),
    Tenant(
        name="vault-free",
        upstream="vault",
        transport="udp",
        longest=GRANT,
        accounts=40,
        asks_callers=False,
    ),
)


@contextmanager
def fronts(folder: Path) -> Iterator[dict[str, Front]]:
    """Run all PBXs and our one server while the context is open; nobody but a PBX is trusted."""
    with ExitStack() as stack:
        ears, pbxs = {}, {}
        for tenant in TENANTS:
            ear = stack.enter_context(Ear(stack.enter_context(leased_address())))
            place = folder / tenant.name
            place.mkdir()
            options = [*tenant.options(), *modules(ear)]
            pbxs[tenant.name] = stack.enter_context(kamailio(EXAMPLE, place, domain=tenant.domain, options=options))
            ears[tenant.name] = ear

        def tables(lab: dict[str, Any]) -> str:
            return "".join(tenant.table(lab, pbxs[tenant.name]) for tenant in TENANTS)

        server = stack.enter_context(lab_server(folder / "edge", tables=tables))
        yield {
            tenant.name: Front(
                lab=server.lab,
                listen=server.listen,
                state=server.state,
                domain=tenant.domain,
                bundle=tenant.bundle,
                tenant=tenant,
                pbx=pbxs[tenant.name],
                ear=ears[tenant.name],
            )
            for tenant in TENANTS
        }


@contextmanager
def in_front(front: Front) -> Iterator[Front]:
    """Lend a front to one test: what it opens is closed in the end."""
    with ExitStack() as stack:
        yield replace(front, _stack=stack)


@contextmanager
def outsider(front: Front) -> Iterator[Wire]:
    """Somebody behind the PBX, as from a trunk of it."""
    with leased_address() as address, Wire(address, front.pbx, domain=front.domain) as wire:
        yield wire


def until_grants_run_out(fronts: Iterable[Front]) -> None:
    """Wait until registrations that begin now, and are not refreshed, have run out at all these PBXs."""
    with ExitStack() as stack:
        controls = [stack.enter_context(in_front(front)).desk("control") for front in fronts]
        for control in controls:
            control.phone()
        deadline = time.monotonic() + 5 * GRANT
        for control in controls:
            asking = control.wire()
            while (answer := asking.ask(asking.write("OPTIONS", control.aor), seconds=0.2)) is None:
                assert time.monotonic() < deadline, "the PBX keeps what is not refreshed"
            assert answer.status == 480
