"""Messages to sleeping phones while the server is killed again and again: all come, each is shown once, in order.

On the wire a message comes again only if a kill has cut it off: the phone had it, and nobody had written that down yet.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from tests.scenario.mail import MailPhone, Sender, conversations, params_of
from tests.support.home import wall
from tests.support.processes import Program, ringwake

from ringwake.cli.lab_toml import BUNDLE, lab_toml
from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab
from ringwake.model.store_ops import Recover
from ringwake.store.keys import load_keys
from ringwake.store.sqlite.store import SqliteStore
from ringwake.wake.outbox import delivery_call_id

KILLS = 5
SENDERS = 40
LOOK = 0.02
PATIENCE = 30.0
"""Seconds for which the last messages are waited for."""
_TABLES = """\
[[listen]]
transport = "tcp"
address = "{address}"

[[peer]]
address = "127.0.0.0/8"
may_call = true

[limits]
wakes_per_minute = 100000
wakes_per_tenant = 10000000
wakes_per_app = 10000000

[log]
format = "json"
"""


async def until(wanted: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not wanted():  # noqa: ASYNC110  it is made so by real programs and sockets
        await asyncio.sleep(LOOK)  # noqa: TID251  likewise


@dataclass(slots=True)
class Lives:
    """One server process after another, at the same address and with the same database."""

    lab: Lab
    state: Path
    passwords: dict[str, str]
    address: str = "127.0.0.1:0"
    logs: list[Path] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _program: Program | None = None

    def start(self) -> None:
        """Start the next."""
        config, log = self.state / "server.toml", self.state / f"server-{len(self.logs)}.log"
        head = f'[server]\nhttp = "127.0.0.1:0"\ndata = "{self.data}"\n'
        tables = _TABLES.format(address=self.address)
        config.write_text(lab_toml(self.lab, self.passwords, more=tables).replace("[server]\n", head))
        self.logs.append(log)
        self._program = self._stack.enter_context(ringwake("serve", "--config", str(config), state=self.state, log=log))
        self.address = self._program.event("ready")["listen"][0]["address"]

    def kill(self) -> None:
        """Kill it as the out-of-memory killer would."""
        assert self._program is not None
        self._program.kill()

    def stop(self) -> None:
        """Stop the last one; none has said that anything was wrong."""
        self._stack.close()
        for log in self.logs:
            text = log.read_text()
            assert "Traceback" not in text
            assert '"level": "error"' not in text

    @property
    def data(self) -> Path:
        """The database."""
        return self.state / "ringwake.db"

    @property
    def listens(self) -> tuple[str, int]:
        """Where it takes TCP."""
        host, _, port = self.address.rpartition(":")
        return host, int(port)


@dataclass(slots=True)
class Post:
    """All that takes part, and what was seen."""

    lives: Lives
    phones: dict[str, MailPhone]
    senders: list[Sender]
    cut_off: list[set[tuple[str, str]]] = field(default_factory=list)
    """At each kill: phones and Call-IDs of the messages that a phone had and the store did not know it had."""
    waiting: list[int] = field(default_factory=list)
    """At each kill: messages that the store was still to deliver."""

    @property
    def taken(self) -> int:
        """How many messages were answered 202."""
        return sum(len(sender.taken) for sender in self.senders)

    @property
    def shown(self) -> int:
        """How many messages were seen by the owners of the phones."""
        return sum(len(phone.texts) for phone in self.phones.values())

    @property
    def again(self) -> dict[tuple[str, str], int]:
        """How often too often messages came on the wire."""
        return {
            (phone.user, call_id): count - 1
            for phone in self.phones.values()
            for call_id, count in phone.heard.items()
            if count > 1
        }

    async def reached(self, messages: float) -> None:
        """Wait until so many messages were answered 202."""
        await until(lambda: self.taken >= messages)

    async def kill(self) -> None:
        """Kill the server, look into what it leaves, and start the next."""
        await asyncio.to_thread(self.lives.kill)
        await until(lambda: all(phone.is_idle for phone in self.phones.values()))
        await self._autopsy()
        await asyncio.to_thread(self.lives.start)

    async def _autopsy(self) -> None:
        data = self.lives.data
        keys = load_keys(data.with_name("keys"))
        store = await SqliteStore.open(data, keys=keys.derive("store"), note_fault=pytest.fail)
        found = await store.do(Recover(wall=wall()))
        await store.close()
        waited_for = {
            (str(binding.aor.partition("@")[0]), delivery_call_id(keys, message, binding.phone))
            for message, bindings in found.messages
            for binding in bindings
        }
        self.waiting.append(len(waited_for))
        had = {(user, call_id) for user, call_id in waited_for if call_id in self.phones[user].heard}
        self.cut_off.append(had)


@asynccontextmanager
async def post(state: Path, users: int) -> AsyncIterator[Post]:
    """Start emulators here, a server in a process of its own, and phones that have registered and died."""
    passwords = {f"u{number:03}": secrets.token_hex(6) for number in range(users)}
    async with Lab.open(state / "lab", clock=Clock(wall)) as lab:
        await lab.switches.set("apns", token_interval=0)
        lives = Lives(lab, state, passwords)
        await asyncio.to_thread(lives.start)
        phones = {}
        for number, (user, password) in enumerate(passwords.items()):
            device, _ = lab._office.directory.device(user, user)
            phones[user] = MailPhone(user, password, lives.listens, contact=params_of(lab, device, number, BUNDLE))
            phones[user].acknowledge = device.acknowledge
            device.attach(phones[user])
        for phone in phones.values():
            await phone.wake()
            phone.sleep()
        senders = [Sender(f"s{number:02}", lives.listens) for number in range(SENDERS)]
        yield Post(lives, phones, senders)
        for phone in phones.values():
            phone.sleep()
        for sender in senders:
            sender.close()
        await asyncio.to_thread(lives.stop)


async def _check(state: Path, *, users: int, messages: int, seed: int) -> None:
    random, began = Random(seed), time.monotonic()
    async with post(state, users) as here:
        names = list(here.phones)

        async def write(sender: Sender, order: list[str]) -> None:
            for user in order:
                await sender.write(user)

        orders = [[random.choice(names) for _ in range(messages // SENDERS)] for _ in here.senders]
        work = [asyncio.ensure_future(write(*pair)) for pair in zip(here.senders, orders, strict=True)]
        for number in range(KILLS):
            await here.reached(messages * (number + random.uniform(0.2, 0.9)) / KILLS)
            await here.kill()
        await asyncio.gather(*work)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await until(lambda: here.shown >= messages)
        sys.stdout.write("\n".join(_told(here, seed, time.monotonic() - began)) + "\n")
        _judge(here, messages)


def _told(here: Post, seed: int, lasted: float) -> Iterator[str]:
    wire = sum(sum(phone.heard.values()) for phone in here.phones.values())
    wakes = sum(phone.wakes for phone in here.phones.values())
    yield f"seed {seed}: {here.taken} messages to {len(here.phones)} phones in {lasted:.1f} s, {wakes} wakes"
    yield f"{wire} MESSAGEs on the wire, {here.shown} shown, {sum(here.again.values())} came again"
    yield f"in flight at the kills: {[len(cut) for cut in here.cut_off]} of {here.waiting} still to be delivered"
    yield f"{sum(sender.repeats for sender in here.senders)} requests sent again by their senders"


def _judge(here: Post, messages: int) -> None:
    assert here.taken == messages
    meant: dict[str, list[str]] = {}
    for sender in here.senders:
        for user, text in sender.taken:
            meant.setdefault(user, []).append(text)
    for user, phone in here.phones.items():
        assert conversations(phone.texts) == conversations(meant.get(user, [])), f"{user}: not each once, in order"
    cut_off = [one for cut in here.cut_off for one in cut]
    assert len(here.cut_off) == KILLS
    for one, times in here.again.items():
        assert times <= cut_off.count(one), f"{one} came again, and no kill had cut it off"


@pytest.mark.timeout(150)
def test_a_thousand_messages_come_though_the_server_is_killed_five_times(tmp_path: Path) -> None:
    asyncio.run(_bounded(tmp_path, users=50, messages=1000, seed=1, seconds=100))


@pytest.mark.torture
@pytest.mark.timeout(300)
def test_ten_thousand_messages_to_two_hundred_phones_come_though_the_server_is_killed_five_times(
    tmp_path: Path,
) -> None:
    asyncio.run(_bounded(tmp_path, users=200, messages=10_000, seed=2, seconds=240))


async def _bounded(state: Path, *, users: int, messages: int, seed: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await _check(state, users=users, messages=messages, seed=seed)
