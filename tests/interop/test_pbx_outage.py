"""A PBX that was gone is back: who registers there first, how fast, and whether phones can call (`vault`)."""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.interop.lab_server import PASSWORD
from tests.interop.pbx import DAY, EXAMPLE, PBX_PASSWORD, needs_kamailio
from tests.interop.station import station
from tests.support.hep import Ear, Overheard, modules
from tests.support.kamailio import kamailio
from tests.support.leg import CallerLeg
from tests.support.loopback import leased_address
from tests.support.processes import ringwake
from tests.support.wire import Wire

from ringwake.sip.message import Request, Response

pytestmark = needs_kamailio
DOMAIN = "outage.test"
ACCOUNTS = 200
CALLING = 3
"""So many of them call, each from a phone on TCP."""
CALLS_A_SECOND = 5
EARLY = 10
"""Among so many of them are those that were called last."""
FIRST_WITHIN, ALL_WITHIN = 5.0, 60.0
MOST_A_SECOND = 20
"""REGISTERs with credentials; 200 phones of their own would send them all in the first one."""
_TO = re.compile(r"^To: <sip:([^@]+)@", re.MULTILINE)


@dataclass(frozen=True)
class Site:
    """A server of ours, and the place where its PBX is, or was."""

    listen: dict[str, str]
    host: str
    """The PBX's address."""
    ear: Ear
    folder: Path

    @contextmanager
    def pbx(self) -> Iterator[None]:
        """Run the PBX, which knows of no registration yet."""
        defines = [f'DOMAIN="{DOMAIN}"', f'PASSWORD="{PBX_PASSWORD}"', f"LONGEST={DAY}"]
        options = [word for define in defines for word in ("-A", define)] + modules(self.ear)
        with kamailio(EXAMPLE, self.folder, domain=DOMAIN, options=options, address=self.host):
            yield

    def granted(self, after: int) -> list[tuple[float, str]]:
        """Return when, and for which accounts of ours, the PBX has said yes since it had said so much."""
        return [
            (one.at, found[1])
            for one in self.ear.heard()[after:]
            if _is_yes(one) and (found := _TO.search(one.text)) and found[1].startswith("phone")
        ]


def _is_yes(one: Overheard) -> bool:
    return one.text.startswith("SIP/2.0 200 ") and " REGISTER\r\n" in one.text


@pytest.fixture(params=["udp", "tcp"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with leased_address() as host, leased_address() as own, leased_address() as listening, Ear(listening) as ear:
        config, state = tmp_path / "server.toml", tmp_path / "state"
        config.write_text(_config(own, f"sip:{host}:5060;transport={request.param}", state))
        with ringwake("serve", "--config", str(config), state=state, log=tmp_path / "server.log") as server:
            listen = {one["transport"]: one["address"] for one in server.event("ready")["listen"]}
            yield Site(listen, host, ear, tmp_path)
            assert server.stop() == 0


def _config(own: str, pbx: str, state: Path) -> str:
    accounts = (
        f'[[tenant.account]]\nuser = "phone{n:03}"\npassword = "{PASSWORD}"\npbx_password = "{PBX_PASSWORD}"'
        for n in range(ACCOUNTS)
    )
    tables = [
        f'[server]\nlab = true\nhttp = "127.0.0.1:0"\ndata = "{state}/ringwake.db"\ndigest = ["MD5"]',
        *(f'[[listen]]\ntransport = "{name}"\naddress = "{own}:5060"' for name in ("udp", "tcp")),
        f'[[tenant]]\ndomain = "{DOMAIN}"\nupstream = "vault"\npbx = "{pbx}"',
        *accounts,
    ]
    return "\n\n".join(tables)


@dataclass(frozen=True)
class Comeback:
    """What was seen after a PBX was back; times are seconds since then."""

    granted: list[tuple[float, str]]
    """When it said yes to a REGISTER, and of which account."""
    called: list[str]
    """Accounts that were called before it went."""
    rang_after: float

    @property
    def accounts(self) -> list[str]:
        """In the order of their return."""
        return list(dict.fromkeys(account for _, account in self.granted))

    @property
    def rate(self) -> Counter[int]:
        """REGISTERs that were granted, by second."""
        return Counter(int(at) for at, _ in self.granted)

    def told(self) -> str:
        """Write it as a line; who was called has a place in the order."""
        places = [self.accounts.index(one) + 1 for one in self.called]
        return (
            f"first account after {self.granted[0][0]:.2f} s, first call after {self.rang_after:.2f} s, "
            f"{len(self.accounts)} accounts in {self.granted[-1][0]:.1f} s, "
            f"at most {max(self.rate.values())} a second, who was called before in the places {places}"
        )


class Phones:
    """The phones of all accounts, and somebody behind the PBX."""

    def __init__(self, site: Site, stack: ExitStack) -> None:
        self._numbers = itertools.count()
        self.failed: Counter[int] = Counter()
        """Calls by the status that has ended them."""
        self.callers: list[tuple[str, Wire]] = []
        for number in range(ACCOUNTS):
            account, transport = f"phone{number:03}", "tcp" if number < CALLING else "udp"
            place = station(site.listen[transport], DOMAIN, account, transport=transport)
            wire = stack.enter_context(place).phone()
            if number < CALLING:
                self.callers.append((account, wire))
        self._desk = stack.enter_context(station(f"{site.host}:5060", DOMAIN, "desk", password=PBX_PASSWORD))
        self.desk = self._desk.wire()

    def register_desk(self) -> None:
        """Let the desk register at the PBX."""
        registered = self._desk.register(self.desk)
        assert registered is not None
        assert registered.status == 200

    def call(self) -> None:
        """Let the next phone call the desk, and wait a fifth of a second for what comes of it."""
        number = next(self._numbers)
        account, wire = self.callers[number % CALLING]
        caller = CallerLeg(wire, account, "desk")
        caller.call_id = f"call-{number}-{caller.call_id}"
        caller.invite()
        until = time.monotonic() + 1 / CALLS_A_SECOND
        while (left := until - time.monotonic()) > 0:
            message = wire.receive(left)
            if isinstance(message, Response) and message.status >= 300 and message.call_id == caller.call_id:
                self.failed[message.status] += 1

    def rings(self) -> bool:
        """Tell whether a call has come to the desk; it is turned down."""
        request = self.desk.request("INVITE", seconds=0.01)
        if isinstance(request, Request):
            self.desk.answer(request, 486)
        return request is not None


def _called(site: Site, stack: ExitStack) -> list[str]:
    """Let somebody call two accounts, as soon as the PBX has some; return which."""
    site.ear.until(lambda _: len(site.granted(0)) > CALLING)
    called = [account for _, account in site.granted(0)][1:3]
    outside = stack.enter_context(leased_address())
    for account in called:
        wire = stack.enter_context(Wire(outside, f"{site.host}:5060", domain=DOMAIN))
        caller = CallerLeg(wire, "boss", account, password=PBX_PASSWORD)
        caller.invite()
        caller.until(100)
    return called


def _outage(site: Site, *, gone: float, watched: float) -> Comeback:
    """Let the PBX go after some accounts were called, phones call into the void, and the PBX come back."""
    with ExitStack() as stack:
        with site.pbx():
            phones = Phones(site, stack)
            called = _called(site, stack)
        until = time.monotonic() + gone
        while time.monotonic() < until:
            phones.call()
        heard = len(site.ear.heard())
        with site.pbx():
            back_at, wall = time.monotonic(), time.time()  # noqa: TID251  the PBX dates what it hears by the wall clock
            phones.register_desk()
            rang_after = watched
            while time.monotonic() < back_at + watched:
                phones.call()
                if phones.rings():
                    rang_after = min(rang_after, time.monotonic() - back_at)
            granted = [(at - wall, account) for at, account in site.granted(heard)]
    return Comeback(granted, called, rang_after)


def _judge(back: Comeback) -> None:
    print(back.told())  # noqa: T201  shown when it fails, and by -s
    assert back.rang_after < FIRST_WITHIN
    assert back.granted[0][0] < FIRST_WITHIN
    # Those come first by whom we have asked whether the PBX is there; who was called comes next.
    assert set(back.called) <= set(back.accounts[:EARLY])
    assert max(back.rate.values()) <= MOST_A_SECOND


def test_a_pbx_that_is_back_has_the_first_accounts_and_calls_at_once_and_no_storm(site: Site) -> None:
    back = _outage(site, gone=2.5, watched=5)
    _judge(back)
    seconds = back.granted[-1][0] - back.granted[0][0]
    assert ACCOUNTS * seconds / len(back.accounts) + FIRST_WITHIN < ALL_WITHIN, "at this pace all are back in a minute"


@pytest.mark.torture
@pytest.mark.timeout(300)
def test_a_pbx_that_was_gone_for_a_minute_has_all_accounts_within_another(site: Site) -> None:
    back = _outage(site, gone=60, watched=ALL_WITHIN)
    _judge(back)
    assert len(back.accounts) == ACCOUNTS
