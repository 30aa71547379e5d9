"""SIP over TCP and TLS on real loopback sockets: framing, deadlines, slow readers, and who is let in."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.authority import Authority, Pair
from tests.support.real_loop import run_real, turn
from tests.support.recorder import Recorder
from tests.support.sip_messages import octets, request, request_fields

from ringwake.net import stream
from ringwake.net.stream import MAX_UNSENT, Stream
from ringwake.net.tls import client_context, server_context
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.framing import PONG, KeepAlive
from ringwake.sip.parser import MAX_HEAD, MAX_MESSAGE

LOOPBACK = Address("127.0.0.1", 0)
PING = KeepAlive.PING.value


@dataclass(frozen=True)
class Wire:
    """A listener, and how a peer that nobody here wrote connects to it."""

    server: Stream
    recorder: Recorder
    context: ssl.SSLContext | None

    @property
    def address(self) -> Address:
        return self.server.addresses()[0]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address, ssl=self.context)

    @asynccontextmanager
    async def peer(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        known = len(self.recorder.open)
        reader, writer = await self.connect()
        await self.recorder.until(lambda: len(self.recorder.open) > known)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            await self.recorder.until(lambda: self.recorder.open[known] in self.recorder.gone)


Test = Callable[[Wire], Awaitable[None]]
Run = Callable[[Test], None]


@pytest.fixture(params=[Transport.TCP, Transport.TLS])
def run(request: pytest.FixtureRequest, authority: Authority, loopback: Pair) -> Run:
    """Run a test on TCP and on TLS."""
    transport: Transport = request.param

    async def main(test: Test) -> None:
        is_tls = transport is Transport.TLS
        recorder = Recorder()
        server = Stream(transport, recorder, node="n", tls=server_context(*loopback) if is_tls else None)
        await server.listen(LOOPBACK)
        try:
            await test(Wire(server, recorder, client_context(authority.file) if is_tls else None))
        finally:
            await server.close()

    return lambda test: run_real(main(test))


def numbered(number: int, *, body: bytes = b"body") -> bytes:
    return request("OPTIONS", seq=number + 1, branch=f"z9hG4bK-{number}", body=body).encode()


def test_a_message_is_the_same_byte_by_byte(run: Run) -> None:
    async def test(wire: Wire) -> None:
        async with wire.peer() as (_, writer):
            for position in range(len(numbered(1))):
                writer.write(numbered(1)[position : position + 1])
                await turn(2)
            await wire.recorder.until_received(1)
        assert wire.recorder.messages == [numbered(1)]

    run(test)


def test_several_messages_in_one_segment_are_one_batch(run: Run) -> None:
    async def test(wire: Wire) -> None:
        sent = [numbered(number) for number in range(5)]
        async with wire.peer() as (_, writer):
            writer.write(b"".join(sent))
            await wire.recorder.until_received(5)
        assert wire.recorder.batches == [[(wire.recorder.open[0], message) for message in sent]]

    run(test)


def test_a_ping_gets_a_pong_and_lone_line_ends_get_nothing(run: Run) -> None:
    """RFC 5626 section 4.4.1, RFC 3261 section 7.5."""

    async def test(wire: Wire) -> None:
        async with wire.peer() as (reader, writer):
            writer.write(PING + numbered(1) + PING + b"\r\n")
            assert await reader.readexactly(4) == PONG + PONG
            await wire.recorder.until_received(1)
            writer.write(numbered(2))
            await wire.recorder.until_received(2)
        assert wire.recorder.messages == [numbered(1), numbered(2)]

    run(test)


BROKEN = {
    "no Content-Length": ([], 400),
    "twice": (["Content-Length: 0", "l: 0"], 400),
    "signed": (["Content-Length: +5"], 400),
    "negative": (["Content-Length: -1"], 400),
    "underscore": (["Content-Length: 5_0"], 400),
    "Arabic": (["Content-Length: \u0665"], 400),
    "over 31 bits": (["Content-Length: 2147483648"], 513),
    "over 32 bits": (["Content-Length: 4294967328"], 400),
    "40 digits": (["Content-Length: " + "1" * 40], 400),
    "longer than any message": ([f"Content-Length: {MAX_MESSAGE}"], 513),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_stream_that_cannot_be_framed_gets_an_answer_and_an_end(run: Run, name: str) -> None:
    """Reliability S15, RFC 4475 section 3.1.2.2: what follows could be anything."""
    fields, status = BROKEN[name]

    async def test(wire: Wire) -> None:
        async with wire.peer() as (reader, writer):
            writer.write(numbered(1) + octets("OPTIONS sip:b@example.com SIP/2.0", *request_fields(), *fields))
            answer = (await reader.read()).decode()
            assert answer.startswith(f"SIP/2.0 {status} ")
            assert "Call-ID: call-1@198.51.100.7\r\n" in answer
            await wire.recorder.until(lambda: wire.recorder.gone)
        assert wire.recorder.messages == [numbered(1)], "what came whole before it counts"
        assert len(wire.recorder.rules) == 1

    run(test)


@pytest.mark.parametrize(
    "broken",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        octets("SIP/2.0 200 OK", *request_fields()),  # a response is not answered
        octets("OPTIONS sip:b@example.com SIP/2.0", "From: <sip:a@b>"),  # without Via there is no way back
        b"x" * (MAX_HEAD + 4),
    ],
    ids=["HTTP", "TLS to TCP", "response", "no Via", "endless line"],
)
def test_what_is_no_request_at_all_is_closed_without_a_word(run: Run, broken: bytes) -> None:
    async def test(wire: Wire) -> None:
        async with wire.peer() as (reader, writer):
            writer.write(broken)
            assert await reader.read() == b""
        assert wire.recorder.messages == []
        assert len(wire.recorder.rules) == 1

    run(test)


@pytest.mark.parametrize("said", [b"", b"OPT", PING + PING, numbered(1)[:-1]])
def test_who_has_said_nothing_whole_in_time_is_closed(run: Run, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability S17: pings alone hold no connection open either."""
    monkeypatch.setattr(stream, "FIRST_MESSAGE_SECONDS", 0.05)

    async def test(wire: Wire) -> None:
        async with wire.peer() as (reader, writer):
            writer.write(said)
            assert (await reader.read()).replace(PONG, b"") == b""
        assert wire.recorder.messages == []

    run(test)


def test_what_came_whole_is_answered_before_the_rest_ends_the_stream(run: Run) -> None:
    async def test(wire: Wire) -> None:
        def answer(flow: Flow, _: bytes) -> None:
            assert wire.server.send(flow, b"answer")

        wire.recorder.answer = answer
        async with wire.peer() as (reader, writer):
            writer.write(numbered(1) + octets("OPTIONS sip:b@example.com SIP/2.0", *request_fields()))
            assert (await reader.read()).startswith(b"answerSIP/2.0 400 ")

    run(test)


def test_the_rest_of_a_message_is_not_waited_for_for_ever(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability S17, RFC 4475 section 3.1.2.2."""
    monkeypatch.setattr(stream, "MESSAGE_SECONDS", 0.05)

    async def test(wire: Wire) -> None:
        async with wire.peer() as (reader, writer):
            writer.write(numbered(1) + numbered(2)[:-1])
            assert await reader.read() == b""
        assert wire.recorder.messages == [numbered(1)]

    run(test)


def test_a_message_that_came_in_pieces_leaves_no_deadline(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MESSAGE_SECONDS", 0.5)

    async def test(wire: Wire) -> None:
        async with wire.peer() as (_, writer):
            writer.write(numbered(1) + numbered(2)[:-1])
            await wire.recorder.until_received(1)
            writer.write(numbered(2)[-1:] + b"\r\n")
            await wire.recorder.until_received(2)
            async with wire.peer() as (silent, half):  # it is closed later than the first would be
                half.write(numbered(3) + b"OPT")
                await silent.read()
            writer.write(numbered(4))
            await wire.recorder.until_received(4)

    run(test)


def test_who_has_said_something_whole_is_not_timed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone may keep still for days."""
    monkeypatch.setattr(stream, "FIRST_MESSAGE_SECONDS", 0.05)

    async def test(wire: Wire) -> None:
        async with wire.peer() as (_, writer):
            writer.write(numbered(1))
            await wire.recorder.until_received(1)
            async with wire.peer() as (silent, _):  # it is closed later than the first would be
                await silent.read()
            writer.write(numbered(2))
            await wire.recorder.until_received(2)

    run(test)


def test_a_slow_reader_is_dropped_before_it_fills_our_memory(run: Run) -> None:
    """Reliability S17."""

    async def test(wire: Wire) -> None:
        async with wire.peer() as (reader, _):
            reader._transport.pause_reading()  # type: ignore[attr-defined]  # a peer that does not read
            (flow,) = wire.recorder.open
            message, count = numbered(1, body=b"x" * 60_000), 0
            while not wire.recorder.gone:
                count += wire.server.send(flow, message)
                await turn()
                assert count < 1000, "nothing is dropped, whatever it is owed"
            assert wire.recorder.gone == [flow]
            assert not wire.server.is_open(flow)
            assert not wire.server.send(flow, message)
            assert count * len(message) > MAX_UNSENT

    run(test)


def test_closing_a_flow_lets_out_what_was_written(run: Run) -> None:
    async def test(wire: Wire) -> None:
        async with wire.peer() as (reader, writer):
            writer.write(numbered(1))
            await wire.recorder.until_received(1)
            message = numbered(2, body=b"x" * 60_000)
            for _ in range(4):
                assert wire.server.send(wire.recorder.open[0], message)
            wire.server.close_flow(wire.recorder.open[0])
            assert not wire.server.send(wire.recorder.open[0], message)
            assert await reader.read() == message * 4

    run(test)


def test_closing_the_listener_flushes_and_tells_of_each_connection(run: Run) -> None:
    async def test(wire: Wire) -> None:
        peers = [await wire.connect() for _ in range(3)]
        await wire.recorder.until(lambda: len(wire.recorder.open) == 3)
        for flow in wire.recorder.open:
            assert wire.server.send(flow, numbered(1))
        address = wire.address
        await wire.server.close()
        assert [await reader.read() for reader, _ in peers] == [numbered(1)] * 3
        await wire.recorder.until(lambda: len(wire.recorder.gone) == 3)
        assert set(wire.recorder.gone) == set(wire.recorder.open)
        assert wire.server.addresses() == []
        with pytest.raises(OSError, match="onnect"):
            await asyncio.open_connection(*address)
        for _, writer in peers:
            writer.transport.abort()
        await turn(3)

    run(test)


def test_a_peer_that_does_not_let_go_is_let_go(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shutting down must not wait for phones whose radio sleeps."""
    monkeypatch.setattr(stream, "CLOSE_SECONDS", 0.1)

    async def test(wire: Wire) -> None:
        async with wire.peer() as (reader, _):
            reader._transport.pause_reading()  # type: ignore[attr-defined]  # a peer that does not read
            while wire.server._connections[wire.recorder.open[0]]._transport.get_write_buffer_size() == 0:  # type: ignore[union-attr]
                wire.server.send(wire.recorder.open[0], numbered(1, body=b"x" * 60_000))
            async with asyncio.timeout(5):
                await wire.server.close()
                await wire.recorder.until(lambda: wire.recorder.gone)

    run(test)


def test_a_reset_connection_is_gone_once(run: Run) -> None:
    async def test(wire: Wire) -> None:
        _, writer = await wire.connect()
        await wire.recorder.until(lambda: wire.recorder.open)
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await wire.recorder.until(lambda: wire.recorder.gone)
        wire.server.close_flow(wire.recorder.open[0])
        await turn(3)
        assert wire.recorder.gone == wire.recorder.open

    run(test)


def test_a_flow_names_one_connection_of_one_life(run: Run) -> None:
    """A flow that was stored by an earlier life, or an earlier connection, is never open."""

    async def test(wire: Wire) -> None:
        async with wire.peer() as (_, writer):
            (flow,) = wire.recorder.open
            sockname, peername = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
            assert flow == Flow(wire.server.transport, Address(*peername), Address(*sockname), 1, "n")
            assert wire.server.is_open(flow)
            for other in (flow._replace(serial=2), flow._replace(node="m"), flow._replace(transport=Transport.WS)):
                assert not wire.server.is_open(other)
                assert not wire.server.send(other, b"x")
                wire.server.close_flow(other)
        async with wire.peer():
            assert wire.recorder.open[1].serial == 2

    run(test)


def test_a_flood_that_is_cut_off_leaves_nothing_behind(run: Run) -> None:
    """CVE-2018-7286, CVE-2020-28327: requests, then a reset, many times over."""

    async def test(wire: Wire) -> None:
        wire.recorder.answer = lambda flow, _: assert_quiet(wire.server, flow)
        for _ in range(30):
            _, writer = await wire.connect()
            writer.write(b"".join(numbered(number) for number in range(20)))
            await turn()
            writer.transport.abort()
        await wire.recorder.until(lambda: len(wire.recorder.gone) == len(wire.recorder.open) > 0)
        assert wire.server._connections == {}

    def assert_quiet(server: Stream, flow: Flow) -> None:
        server.send(flow, b"SIP/2.0 200 OK\r\n\r\n")

    run(test)


# ---- the client's side


def test_a_phone_connects_and_both_sides_speak(authority: Authority, loopback: Pair) -> None:
    async def main() -> None:
        theirs, ours = Recorder(), Recorder()
        server = Stream(Transport.TLS, theirs, node="s", tls=server_context(*loopback))
        phone = Stream(Transport.TLS, ours, node="p", tls=client_context(authority.file))
        await server.listen(LOOPBACK)
        flow = await phone.connect(server.addresses()[0])
        assert ours.open == [flow]
        assert phone.addresses() == []
        assert phone.send(flow, numbered(1))
        await theirs.until_received(1)
        assert server.send(theirs.flows[0], numbered(2))
        await ours.until_received(1)
        assert (theirs.messages, ours.messages) == ([numbered(1)], [numbered(2)])
        await phone.close()
        await theirs.until(lambda: theirs.gone)
        assert ours.gone == ours.open
        await server.close()

    run_real(main())


def test_a_phone_is_not_timed_by_its_own_end(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that waits for a call gets no message for hours."""
    del authority
    monkeypatch.setattr(stream, "FIRST_MESSAGE_SECONDS", 0.05)

    async def main() -> None:
        theirs, ours = Recorder(), Recorder()
        server, phone = Stream(Transport.TCP, theirs, node="s"), Stream(Transport.TCP, ours, node="p")
        await server.listen(LOOPBACK)
        flow = await phone.connect(server.addresses()[0])
        assert phone.send(flow, numbered(1))
        reader, writer = await asyncio.open_connection(*server.addresses()[0])
        await reader.read()  # the server closes this one, which came later
        writer.close()
        assert phone.is_open(flow)
        await phone.close()
        await server.close()

    run_real(main())


def test_nobody_listening_is_an_error() -> None:
    async def main() -> None:
        with socket.socket() as free:
            free.bind(LOOPBACK)
            port = Address(*free.getsockname())
        with pytest.raises(ConnectionRefusedError):
            await Stream(Transport.TCP, Recorder(), node="p").connect(port)

    run_real(main())


def test_a_connection_that_is_gone_before_it_stands_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer may reset it before anybody has asked for its address."""

    async def main() -> None:
        recorder = Recorder()
        phone = Stream(Transport.TCP, recorder, node="p")
        async with listening() as server:
            monkeypatch.setattr(socket.socket, "getpeername", _gone)
            with pytest.raises(ConnectionError):
                await phone.connect(server)
        assert recorder.open == recorder.gone == []
        await phone.close()
        await turn(3)

    run_real(main())


def _gone(_: socket.socket) -> None:
    raise OSError("not connected any more")


@asynccontextmanager
async def listening() -> AsyncIterator[Address]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), *LOOPBACK)
    try:
        yield Address(*server.sockets[0].getsockname())
    finally:
        server.close()
        await server.wait_closed()


def other_name(authority: Authority, folder: Path) -> tuple[Pair, Path]:
    del folder
    return authority.issue("sip.example.com", "127.0.0.2"), authority.file


def expired(authority: Authority, folder: Path) -> tuple[Pair, Path]:
    del folder
    return authority.issue("127.0.0.1", until=datetime(2021, 1, 1, tzinfo=UTC)), authority.file


def other_authority(authority: Authority, folder: Path) -> tuple[Pair, Path]:
    return Authority(folder).issue("127.0.0.1"), authority.file


@pytest.mark.parametrize("make", [other_name, expired, other_authority])
def test_a_server_that_does_not_prove_its_name_is_refused(
    authority: Authority, tmp_path: Path, make: Callable[[Authority, Path], tuple[Pair, Path]]
) -> None:
    """Reliability S20."""
    pair, trusted = make(authority, tmp_path)

    async def main() -> None:
        theirs, ours = Recorder(), Recorder()
        server = Stream(Transport.TLS, theirs, node="s", tls=server_context(*pair))
        await server.listen(LOOPBACK)
        phone = Stream(Transport.TLS, ours, node="p", tls=client_context(trusted))
        with pytest.raises(ssl.SSLCertVerificationError):
            await phone.connect(server.addresses()[0])
        assert ours.open == []
        await phone.close()
        await server.close()
        assert theirs.messages == []

    run_real(main())


def test_a_stalled_handshake_is_ended(monkeypatch: pytest.MonkeyPatch, loopback: Pair) -> None:
    """Reliability S17."""
    monkeypatch.setattr(stream, "HANDSHAKE_SECONDS", 0.05)

    async def main() -> None:
        recorder = Recorder()
        server = Stream(Transport.TLS, recorder, node="s", tls=server_context(*loopback))
        await server.listen(LOOPBACK)
        reader, writer = await asyncio.open_connection(*server.addresses()[0])
        assert await reader.read() == b""
        writer.close()
        assert recorder.open == []
        await server.close()

    run_real(main())


def test_a_taken_address_is_an_error() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(LOOPBACK)
            taken.listen()
            with pytest.raises(OSError, match="in use"):
                await Stream(Transport.TCP, Recorder(), node="s").listen(Address(*taken.getsockname()))

    run_real(main())
