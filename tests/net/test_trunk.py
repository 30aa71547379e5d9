"""The way to a PBX on real loopback sockets: found, dialled, and dialled again. No time passes: pauses are scripted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from tests.support.authority import Authority, Pair
from tests.support.real_loop import run_real, turn
from tests.support.recorder import Recorder

from ringwake.model.events import Event, Happened
from ringwake.net import trunk
from ringwake.net.resolver import ResolveError, Target
from ringwake.net.stream import Stream
from ringwake.net.tls import client_context, server_context
from ringwake.net.transport import Listener
from ringwake.net.trunk import FIRST_PAUSE, LONGEST_PAUSE, LOOK_AGAIN, STEADY_SECONDS, Dialled, Keepers, Trunks
from ringwake.net.trunk_line import TrunkLine
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.uri import Uri, parse_uri

UDP, TCP, TLS = Transport.UDP, Transport.TCP, Transport.TLS
HERE = {UDP: Address("127.0.0.1", 5060), TCP: Address("127.0.0.1", 5060), TLS: Address("127.0.0.1", 5061)}
LOOPBACK = Address("127.0.0.1", 0)


@dataclass
class Script:
    """A finder that says what it is told, a clock that stands, and pauses that are over when the test says so."""

    found: list[Sequence[Target] | str] = field(default_factory=list)
    """What each look-up returns; a text fails it. The last one stays."""
    now: float = 100.0
    pauses: list[float] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    asked: list[Uri] = field(default_factory=list)
    _waiting: asyncio.Future[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def targets(self, uri: Uri) -> list[Target]:
        self.asked.append(uri)
        said = self.found.pop(0) if len(self.found) > 1 else self.found[0]
        if isinstance(said, str):
            raise ResolveError(said)
        return list(said)

    def after(self, seconds: float) -> asyncio.Future[None]:
        self.pauses.append(seconds)
        self._waiting = asyncio.get_running_loop().create_future()
        self._changed.set()
        return self._waiting

    def note(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, *, pauses: int = 0, events: int = 0) -> None:
        """Wait for so many pauses and events, since the beginning."""
        while len(self.pauses) < pauses or len(self.events) < events:
            self._changed.clear()
            await self._changed.wait()

    def go_on(self) -> None:
        """End the pause."""
        assert self._waiting is not None
        self.now += self.pauses[-1]
        self._waiting.set_result(None)

    @property
    def told(self) -> list[tuple[Happened, object]]:
        return [(event.what, event.fields.get("reason")) for event in self.events]


@dataclass
class Bed:
    """A way that is kept, and the PBX."""

    script: Script
    way: Dialled
    recorder: Recorder
    """Of our end."""


def line(listener: Listener, transport: Transport = TCP, *, ca_file: Path | None = None) -> TrunkLine:
    """Return what dials."""
    tls = client_context(ca_file) if ca_file else None
    return TrunkLine("example.com", listener, partial(Stream, transport, node="trunk", tls=tls))


@asynccontextmanager
async def kept(
    *found: Sequence[Target] | str, uri: str = "sip:pbx.example", ca_file: Path | None = None
) -> AsyncIterator[Bed]:
    """Keep a way open while a test runs."""
    script, recorder = Script(list(found)), Recorder()
    lines = {TCP: line(recorder)}
    if ca_file is not None:
        lines[TLS] = line(recorder, TLS, ca_file=ca_file)
    way = Dialled(
        tenant="example.com",
        uri=parse_uri(uri),
        finder=script,
        listeners=HERE,
        lines=lines,
        note=script.note,
        clock=lambda: script.now,
        after=script.after,
    )
    keepers = Keepers()
    keepers.keep(way)
    try:
        yield Bed(script, way, recorder)
    finally:
        await keepers.close()
        for each in lines.values():
            await each.close()


@asynccontextmanager
async def pbx(transport: Transport = TCP, pair: Pair | None = None) -> AsyncIterator[tuple[Stream, Recorder]]:
    """Let a PBX listen."""
    recorder = Recorder()
    stream = Stream(transport, recorder, node="pbx", tls=server_context(*pair) if pair else None)
    await stream.listen(LOOPBACK)
    try:
        yield stream, recorder
    finally:
        await stream.close()


def at(stream: Stream, transport: Transport = TCP) -> Target:
    return Target(transport, stream.addresses()[0])


def nobody() -> Target:
    """Return where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return Target(TCP, Address(*sock.getsockname()))


# ---- dialled


def test_a_connection_is_dialled_and_names_our_listener() -> None:
    """So that the PBX can dial back: its own port is nothing that anybody listens on."""

    async def main() -> None:
        async with pbx() as (stream, recorder), kept([at(stream)]) as bed:
            await bed.script.until(events=1)
            flow = bed.way.flow()
            assert flow is not None
            assert (flow.local, flow.remote) == (HERE[TCP], stream.addresses()[0])
            assert bed.script.told == [(Happened.PBX_REACHED, None)]
            assert bed.script.events[0].fields == {"tenant": "example.com", "pbx": "pbx.example"}
            await recorder.until(lambda: recorder.open)
            assert recorder.open[0].remote.port != HERE[TCP].port

    run_real(main())


def test_until_it_stands_there_is_no_way() -> None:
    async def main() -> None:
        async with kept([nobody()]) as bed:
            await bed.script.until(pauses=1)
            assert bed.way.flow() is None
            assert bed.script.told == [(Happened.PBX_LOST, "Connection refused")]

    run_real(main())


def test_pauses_grow_up_to_a_few_seconds_and_it_is_said_once() -> None:
    async def main() -> None:
        async with kept([nobody()]) as bed:
            for number in range(1, 7):
                await bed.script.until(pauses=number)
                bed.script.go_on()
            assert bed.script.pauses == [FIRST_PAUSE, 1.0, 2.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
            assert len(bed.script.events) == 1

    run_real(main())


def test_a_pbx_that_is_back_is_found_within_five_seconds() -> None:
    assert LONGEST_PAUSE + 1 < 5


def test_a_connection_that_has_stood_is_dialled_again_at_once() -> None:
    async def main() -> None:
        async with pbx() as (stream, recorder), kept([at(stream)]) as bed:
            await bed.script.until(events=1)
            first = bed.way.flow()
            bed.script.now += STEADY_SECONDS
            await recorder.until(lambda: recorder.open)
            stream.close_flow(recorder.open[0])
            await bed.script.until(events=3)
            assert bed.script.pauses == []
            assert bed.script.told[1:] == [
                (Happened.PBX_LOST, "the connection is gone"),
                (Happened.PBX_REACHED, None),
            ]
            assert bed.way.flow() == first, "it is the same way"
            assert len(recorder.open) == 2

    run_real(main())


def test_a_pbx_that_closes_at_once_is_not_dialled_in_a_loop() -> None:
    async def main() -> None:
        async with pbx() as (stream, recorder), kept([at(stream)]) as bed:
            for number in range(1, 4):
                await recorder.until(lambda: len(recorder.open) >= number)  # noqa: B023  awaited here
                stream.close_flow(recorder.open[-1])
                await bed.script.until(pauses=number)
                assert bed.way.flow() is None
                bed.script.go_on()
            assert bed.script.pauses == [FIRST_PAUSE, 1.0, 2.0]

    run_real(main())


def test_after_a_good_connection_pauses_begin_small_again() -> None:
    async def main() -> None:
        async with pbx() as (stream, recorder), kept([nobody()], [nobody()], [at(stream)], [nobody()]) as bed:
            for number in (1, 2):
                await bed.script.until(pauses=number)
                bed.script.go_on()
            await recorder.until(lambda: recorder.open)
            await bed.script.until(events=2)
            bed.script.now += STEADY_SECONDS
            stream.close_flow(recorder.open[0])
            await bed.script.until(pauses=3)
            assert bed.script.pauses == [FIRST_PAUSE, 1.0, FIRST_PAUSE]

    run_real(main())


def test_of_several_servers_the_first_that_answers_is_taken() -> None:
    async def main() -> None:
        async with pbx() as (stream, _), kept([nobody(), at(stream)]) as bed:
            await bed.script.until(events=1)
            flow = bed.way.flow()
            assert flow is not None
            assert flow.remote == stream.addresses()[0]

    run_real(main())


def test_a_server_that_does_not_answer_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full backlog swallows the SYN, as a dead host does."""
    monkeypatch.setattr(trunk, "DIAL_SECONDS", 0.05)

    async def main() -> None:
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            address = Address(*deaf.getsockname())
            fillers = [socket.socket() for _ in range(8)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(address)
            try:
                async with kept([Target(TCP, address)]) as bed:
                    await bed.script.until(pauses=1)
                    assert bed.script.told == [(Happened.PBX_LOST, "it does not answer")]
            finally:
                for filler in fillers:
                    filler.close()

    run_real(main())


# ---- looked up


def test_a_name_that_nobody_knows_is_said_and_asked_again() -> None:
    async def main() -> None:
        async with kept("pbx.example: no such name", [nobody()]) as bed:
            await bed.script.until(pauses=1)
            assert bed.script.told == [(Happened.PBX_LOST, "pbx.example: no such name")]
            bed.script.go_on()
            await bed.script.until(pauses=2)
            assert [str(uri) for uri in bed.script.asked] == ["sip:pbx.example"] * 2

    run_real(main())


def test_a_name_without_addresses_is_no_way() -> None:
    async def main() -> None:
        async with kept([]) as bed:
            await bed.script.until(pauses=1)
            assert bed.script.told == [(Happened.PBX_LOST, "pbx.example: no address")]

    run_real(main())


def test_on_udp_the_way_stands_at_once_and_the_name_is_looked_up_now_and_then() -> None:
    async def main() -> None:
        first, second = Address("192.0.2.5", 5060), Address("192.0.2.6", 5060)
        async with kept([Target(UDP, first)], "no answer", [Target(UDP, second)]) as bed:
            await bed.script.until(pauses=1)
            assert bed.way.flow() == Flow(UDP, HERE[UDP], first)
            bed.script.go_on()
            await bed.script.until(pauses=2)
            assert bed.way.flow() == Flow(UDP, HERE[UDP], first), "what was known still stands"
            bed.script.go_on()
            await bed.script.until(pauses=3)
            assert bed.way.flow() == Flow(UDP, HERE[UDP], second)
            assert bed.script.pauses == [LOOK_AGAIN, FIRST_PAUSE, LOOK_AGAIN]
            assert bed.script.told == [(Happened.PBX_REACHED, None)]

    run_real(main())


# ---- TLS


@pytest.mark.parametrize(("host", "is_right"), [("localhost", True), ("pbx.example", False)])
def test_the_certificate_is_that_of_the_name_in_the_configuration(
    host: str, is_right: bool, authority: Authority, loopback: Pair
) -> None:
    """Not of the name or the address that a look-up has returned (RFC 5922 section 7.3)."""

    async def main() -> None:
        async with (
            pbx(TLS, loopback) as (stream, _),
            kept([at(stream, TLS)], uri=f"sips:{host}", ca_file=authority.file) as bed,
        ):
            await bed.script.until(events=1)
            assert (bed.way.flow() is not None) is is_right
            if not is_right:
                assert "Hostname mismatch" in str(bed.script.told[0][1])

    run_real(main())


def test_an_authority_that_we_do_not_know_is_none(loopback: Pair, tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            pbx(TLS, loopback) as (stream, _),
            kept([at(stream, TLS)], uri="sips:localhost", ca_file=Authority(tmp_path).file) as bed,
        ):
            await bed.script.until(events=1)
            assert bed.way.flow() is None
            assert "certificate verify failed" in str(bed.script.told[0][1])

    run_real(main())


# ---- who is the PBX


def test_a_datagram_from_its_port_is_the_pbxs_and_another_port_of_its_address_is_near() -> None:
    async def main() -> None:
        address = Address("192.0.2.5", 5060)
        async with kept([Target(UDP, address)]) as bed:
            await bed.script.until(pauses=1)
            flow = Flow(UDP, HERE[UDP], address)
            other = flow._replace(remote=Address("192.0.2.5", 5062))
            stranger = flow._replace(remote=Address("192.0.2.6", 5060))
            tunnelled = flow._replace(node="connector:example.net")
            trunks = Trunks()
            trunks.add("example.com", bed.way)
            flows = (flow, other, stranger, tunnelled)
            assert [trunks.tenant_of(each) for each in flows] == ["example.com", "", "", ""]
            assert [trunks.is_near(each, "example.com") for each in flows] == [True, True, False, False]
            assert [trunks.is_near(each, "example.net") for each in flows] == [False] * 4
            assert (trunks.flow("example.com"), trunks.flow("example.net")) == (flow, None)
            assert (trunks.has("example.com"), trunks.has("example.net")) == (True, False)

    run_real(main())


def test_only_the_connection_that_we_have_dialled_is_the_pbxs_for_sure() -> None:
    async def main() -> None:
        async with pbx() as (stream, _), kept([at(stream)]) as bed:
            await bed.script.until(events=1)
            flow = bed.way.flow()
            assert flow is not None
            assert bed.way.is_from(flow)
            dialled_by_it = flow._replace(serial=99, node="listener", remote=Address(flow.remote.host, 40_000))
            assert (bed.way.is_from(dialled_by_it), bed.way.is_near(dialled_by_it)) == (False, True)

    run_real(main())


# ---- a start


def test_a_start_waits_until_each_pbx_was_tried() -> None:
    async def main() -> None:
        async with pbx() as (stream, _):
            ways = [Script([[at(stream)]]), Script([[nobody()]])]
            keepers = Keepers()
            await keepers.begun()  # nobody to wait for
            dialled = [_dialled(script) for script in ways]
            for way in dialled:
                keepers.keep(way)
            await keepers.begun()
            assert [way.flow() is not None for way in dialled] == [True, False]
            await keepers.close()
            for way in dialled:
                await way.lines[TCP].close()

    run_real(main())


def test_a_start_does_not_wait_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk, "FIRST_TRY", 0.01)

    class Silent(Script):
        async def targets(self, uri: Uri) -> list[Target]:
            self.asked.append(uri)
            await asyncio.Event().wait()
            return []

    async def main() -> None:
        keepers, script = Keepers(), Silent()
        keepers.keep(_dialled(script))
        await keepers.begun()
        assert script.asked
        await keepers.close()

    run_real(main())


def test_a_pause_ends_by_itself_and_leaves_no_timer_when_it_is_given_up() -> None:
    async def main() -> None:
        way = _dialled(Script([[nobody()]]))
        real = Dialled(
            tenant="",
            uri=way.uri,
            finder=way.finder,
            listeners=HERE,
            lines=way.lines,
            note=way.note,
            clock=way.clock,
        )
        await real.after(0.0)
        real.after(3600.0).cancel()
        await turn()

    run_real(main())


def _dialled(script: Script) -> Dialled:
    return Dialled(
        tenant="example.com",
        uri=parse_uri("sip:pbx.example:5070"),
        finder=script,
        listeners=HERE,
        lines={TCP: line(Recorder())},
        note=script.note,
        clock=lambda: script.now,
        after=script.after,
    )
