"""A flood of hostile messages leaves the server as it was: answering, small, and with nothing to say in its log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

import psutil
import pytest
from tests.conformance.hostile import hostile
from tests.conformance.peers import Connection, Datagrams, Visit, options, token
from tests.conformance.phone import USERS, Phone
from tests.conformance.server import Server, serve
from tests.conformance.shapes_sound import SOUND
from tests.support.loopback import leased_address

SEED = 4475
PROBE_EVERY = 25
"""Messages after which the server has to answer an OPTIONS: no more than its socket can hold."""
MAX_GROWTH = 20 * 2**20
CPU_SECONDS_PER_KIB = 0.001


@pytest.fixture
def victim(caller: str, tmp_path: Path) -> Iterator[Server]:
    """A server of its own: what it needs at its start is known."""
    with serve(tmp_path, trusted=caller, users=USERS) as running:
        yield running


def whole(wire: Connection, rng: Random) -> int:
    """Several messages at once, and the connection closed."""
    octets = b"".join(hostile(rng) for _ in range(rng.randrange(1, 20)))
    wire.send(octets)
    return len(octets)


def half(wire: Connection, rng: Random) -> int:
    """A part of a message."""
    octets = hostile(rng)
    wire.send(octets[: len(octets) // 2])
    return len(octets) // 2


def dripping(wire: Connection, rng: Random) -> int:
    """A message in small pieces."""
    octets = hostile(rng)[:2000]
    for at in range(0, len(octets), 40):
        wire.send(octets[at : at + 40])
    return len(octets)


def broken_off(wire: Connection, rng: Random) -> int:
    """Messages whose answers find nobody."""
    sent = whole(wire, rng)
    wire.reset()
    return sent


STREAMS: tuple[Callable[[Connection, Random], int], ...] = (whole, half, dripping, broken_off)


def flood(victim: Server, hosts: tuple[str, ...], count: int, rng: Random) -> int:
    """Send so many messages, one in 25 over TCP; return the octets. The server answers all the while."""
    sent = 0
    with ExitStack() as stack:
        wires = [Datagrams(host, victim.udp) for host in hosts]
        for wire in wires:
            stack.callback(wire.close)
        for host in hosts * 20:  # they have begun a message, and say no more
            stalled = Connection(host, victim.tcp)
            stack.callback(stalled.close)
            stalled.send(b"INVITE sip:mara@harbour.test SIP/2.0\r\nVia: ")
        for number in range(count):
            wire = wires[number % len(wires)]
            if number % PROBE_EVERY:
                octets = hostile(rng)
                wire.send(octets)
                sent += len(octets)
                continue
            sent += stream(victim, wire.host, rng)
            call = token()
            wire.send(options(wire.host, call))
            assert wire.hear(call).status == 200
    return sent


def stream(victim: Server, host: str, rng: Random) -> int:
    """Send something over a connection, which the server may close whenever it likes."""
    wire, sent = Connection(host, victim.tcp), 0
    with suppress(ConnectionError, OSError):
        sent = rng.choice(STREAMS)(wire, rng)
    wire.close()
    return sent


def cpu_seconds(process: psutil.Process) -> float:
    """Return what a process and its children have used."""
    return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))


@pytest.mark.parametrize("count", [3000, pytest.param(100_000, marks=pytest.mark.torture)])
def test_hostile_messages_leave_the_server_as_it_was(count: int, victim: Server, caller: str, stranger: str) -> None:
    print(f"seed {SEED}")  # noqa: T201  shown when it fails
    process = psutil.Process(victim.pid)
    size, used = process.memory_info().rss, cpu_seconds(process)
    sent = flood(victim, (caller, stranger), count, Random(SEED))
    assert (cpu_seconds(process) - used) / (sent / 1024) <= CPU_SECONDS_PER_KIB
    assert process.memory_info().rss - size <= MAX_GROWTH
    assert victim.faults() == []
    # From another address: with so many wrong passwords the other one is not listened to for a while.
    with (
        leased_address() as home,
        Phone(home, victim.udp) as phone,
        Visit(Datagrams(caller, victim.udp), token()) as visit,
    ):
        visit.peer.send(SOUND["lwsdisp"].shape.write(visit.token))
        phone.answer(phone.next(visit.token), "200 OK")
        assert visit.final().status == 200
