"""Fifty calls a second while the push services misbehave at random: every call rings, each phone once."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.scenario.storm import SleepyPhone, Trunk
from tests.support.home import wall
from tests.support.processes import Program, ringwake, run_ringwake

from ringwake.cli.lab_toml import BUNDLE, lab_toml
from ringwake.emulators.clock import Clock
from ringwake.emulators.journal import Entry
from ringwake.emulators.lab import Lab

PHONES = 500
A_SECOND = 50
TICK = 0.5
"""Seconds for which the services misbehave in one way."""
SERVICES = ("apns", "fcm")
_TABLES = """\
[[listen]]
transport = "tcp"
address = "127.0.0.1:0"

[[peer]]
address = "127.0.0.0/8"
may_call = true

[log]
format = "json"
"""


def _fault(service: str, random: Random) -> dict[str, Any]:
    """Draw what goes wrong next. A 429 of FCM that names no time would mean a minute: no window allows that."""
    times = random.randrange(1, 12)
    retry_after = random.choice([0, 1] if service == "fcm" else ["", 0, 1])
    return random.choice(
        [
            {},
            {"goaway": random.randrange(2, 30)},
            {"answer": 429, "times": times, "retry_after": retry_after},
            {"answer": 503, "times": times, "retry_after": random.choice(["", 1])},
            {"answer": 500, "times": times},
            {"reset": True, "times": times},
            {"lose_answer": True, "times": times},
            {"hang": True, "times": min(times, 3)},
            {"slow": random.uniform(0.05, 1.0), "times": times},
            {"stall": True},
            {"freeze": True},
            {"off": True},
            {"streams": random.randrange(1, 10)},
        ]
    )


@dataclass(slots=True)
class Storm:
    """What is under way, and what may have been sent twice."""

    lab: Lab
    state: Path
    trunk: Trunk
    phones: list[SleepyPhone]
    unheard: int = 0
    """Requests that were taken, and whose answer was lost on purpose: each may come once more, under the same id."""
    cut: int = 0
    """Requests that were under way when a connection was cut: of each the same is true."""
    drawn: list[str] = field(default_factory=list)

    def noted(self, entry: Entry) -> None:
        """Count the answers that were lost."""
        self.unheard += entry.event == "unanswered"

    @property
    def repeats(self) -> int:
        """How many pushes came that had come already."""
        return sum(len(phone.pushes) - len({push["id"] for push in phone.pushes}) for phone in self.phones)

    async def misbehave(self, random: Random) -> None:
        """Go from fault to fault until cancelled."""
        while True:
            for service in SERVICES:
                fault = _fault(service, random)
                self.drawn.append("+".join(fault) or "none")
                self.cut += self.lab.open_requests(service)
                await self.lab.switches.clear(service)
                await self.lab.switches.set(service, **fault)
                if "goaway" in fault or "off" in fault:
                    self.cut += self.lab.open_requests(service)
            await asyncio.sleep(TICK)  # noqa: TID251  real faults last for real time

    async def rain(self, random: Random, seconds: float) -> None:
        """Call sleeping phones at a steady rate."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(int(seconds * A_SECOND)):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - loop.time()))  # noqa: TID251  a steady rate
            idle = [phone for phone in self.phones if phone.is_idle]
            self.trunk.call(random.choice(idle).user)


@asynccontextmanager
async def storm(state: Path) -> AsyncIterator[Storm]:
    """Start emulators here, a server in a process of its own, and phones that have registered and died."""
    passwords = {f"u{number:04}": secrets.token_hex(6) for number in range(PHONES)}
    async with Lab.open(state / "lab", clock=Clock(wall)) as lab:
        await lab.switches.set("apns", token_interval=0)
        server_tables = f'[server]\nhttp = "127.0.0.1:0"\ndata = "{state}/ringwake.db"\n'
        config = state / "server.toml"
        config.write_text(lab_toml(lab, passwords, more=_TABLES).replace("[server]\n", server_tables))
        with ringwake("serve", "--config", str(config), state=state, log=state / "server.log") as server:
            address = await asyncio.to_thread(_listens, server)
            trunk = Trunk()
            await trunk.open(address)
            phones = [
                _phone(lab, user, password, address, number)
                for number, (user, password) in enumerate(passwords.items())
            ]
            for start in range(0, PHONES, 50):
                await asyncio.gather(*(phone.wake() for phone in phones[start : start + 50]))
                for phone in phones[start : start + 50]:
                    phone.sleep()
            here = Storm(lab, state, trunk, phones)
            lab.journal.hook = here.noted
            yield here
            trunk.close()
            for phone in phones:
                phone.sleep()
            await asyncio.to_thread(server.stop)
        log = (state / "server.log").read_text()
        assert "Traceback" not in log
        assert '"level": "error"' not in log


def _listens(server: Program) -> tuple[str, int]:
    host, _, port = server.event("ready")["listen"][0]["address"].rpartition(":")
    return host, int(port)


def _phone(lab: Lab, user: str, password: str, server: tuple[str, int], number: int) -> SleepyPhone:
    """Give a phone its tokens; every other one is an iPhone."""
    ids, directory = lab.credentials.ids, lab._office.directory
    device, _ = directory.device(user, user)
    if number % 2:
        tokens = directory.register(device, "apns", BUNDLE).tokens
        push = (
            f"pn-provider=apns;pn-param={ids.team}.{BUNDLE}.voip%26remote"
            f";pn-prid={tokens['voip']}%3Avoip%26{tokens['remote']}%3Aremote"
        )
    else:
        token = directory.register(device, "fcm", ids.project).tokens[""]
        push = f"pn-provider=fcm;pn-param={ids.project};pn-prid={token}"
    phone = SleepyPhone(user, password, server, contact=push)
    phone.acknowledge = device.acknowledge
    device.attach(phone)
    return phone


def check(state: Path, *, seconds: float, seed: int) -> None:
    """Let it storm; what came of it stands in the test's output."""
    asyncio.run(_check(state, Random(seed), seconds))


async def _check(state: Path, random: Random, seconds: float) -> None:
    async with storm(state) as here:
        faults = asyncio.get_running_loop().create_task(here.misbehave(random))
        began = time.monotonic()
        await here.rain(random, seconds)
        lasted = time.monotonic() - began
        faults.cancel()
        for service in SERVICES:
            await here.lab.switches.clear(service)
        async with asyncio.timeout(60):
            await here.trunk.all_over()
        sys.stdout.write("\n".join(_told(here, lasted)) + "\n")
        for call in here.trunk.silent[:5]:
            trace = await asyncio.to_thread(run_ringwake, ["trace", call.call_id], state=state)
            sys.stdout.write(trace.stdout)
        _judge(here)
        devices = await asyncio.to_thread(run_ringwake, ["device", "list", "--json"], state=state)
        tokens = sorted(len(device["push"]) for device in json.loads(devices.stdout))
        assert tokens == [1] * (PHONES // 2) + [2] * (PHONES // 2), "a token was lost"


def _judge(here: Storm) -> None:
    calls, phones = here.trunk.calls.values(), here.phones
    assert here.trunk.silent == [], f"{len(here.trunk.silent)} of {len(calls)} calls did not ring"
    assert {tuple(call.finals) for call in calls} == {(200,)}
    invites = [count for phone in phones for count in phone.invites.values()]
    assert invites == [1] * len(calls), "an INVITE came twice"
    shown = [count for phone in phones for count in phone.shown.values()]
    assert set(shown) <= {1}, "an alert was shown twice"
    ids = {(push["id"], push["call_id"]) for phone in phones for push in phone.pushes if push["kind"] == "call"}
    assert len(ids) <= len(calls), "one call was pushed under two ids"
    reset = sum(here.lab.counters(service).resets for service in SERVICES)
    most = here.unheard + reset + here.cut
    assert here.repeats <= most, f"{here.repeats} repeats: {here.unheard} unheard, {reset} reset, {here.cut} cut off"


def _told(here: Storm, lasted: float) -> Iterator[str]:
    calls, pushes = here.trunk.calls.values(), sum(len(phone.pushes) for phone in here.phones)
    delays = sorted(call.rang_at - call.began_at for call in calls if call.rang_at is not None)
    middle, last = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    yield f"{len(calls)} calls in {lasted:.1f} s ({len(calls) / lasted:.0f} a second), {len(delays)} rang"
    yield f"INVITE to 180: median {middle:.3f} s, p99 {last:.3f} s, longest {delays[-1]:.3f} s"
    yield f"{pushes} pushes came, {here.repeats} of them again under their id; {here.unheard} answers were lost"
    yield "faults: " + ", ".join(f"{name} {count}" for name, count in sorted(Counter(here.drawn).items()))


def test_every_call_rings_while_the_services_misbehave(tmp_path: Path) -> None:
    check(tmp_path, seconds=20, seed=1)


@pytest.mark.torture
def test_every_call_rings_for_three_minutes(tmp_path: Path) -> None:
    check(tmp_path, seconds=180, seed=2)
