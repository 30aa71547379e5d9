"""SIP over WebSocket (RFC 7118) on real loopback sockets, spoken to by a client that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from tests.support.authority import Authority, Pair
from tests.support.real_loop import run_real, turn
from tests.support.recorder import Recorder
from tests.support.sip_messages import request
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.typing import Origin, Subprotocol

from ringwake.net import websocket
from ringwake.net.tls import client_context, server_context
from ringwake.net.websocket import MAX_UNSENT, WebSocket
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.parser import MAX_MESSAGE

LOOPBACK = Address("127.0.0.1", 0)
SIP = [Subprotocol("sip")]
MESSAGE = request("OPTIONS", body=b"body").encode()
ORIGIN = "https://phone.example.com"


@dataclass(frozen=True)
class Wire:
    """A listener, and how a browser connects to it."""

    server: WebSocket
    recorder: Recorder
    context: ssl.SSLContext | None

    @property
    def address(self) -> Address:
        return self.server.addresses()[0]

    @asynccontextmanager
    async def peer(
        self, *, subprotocols: Sequence[Subprotocol] | None = SIP, origin: str = ""
    ) -> AsyncIterator[ClientConnection]:
        scheme = "wss" if self.context else "ws"
        async with connect(
            f"{scheme}://{self.address}/anywhere",
            ssl=self.context,
            subprotocols=subprotocols,
            origin=Origin(origin) if origin else None,
            proxy=None,
            ping_interval=None,
            close_timeout=1,
        ) as connection:
            yield connection


Test = Callable[[Wire], Awaitable[None]]


async def rest_of(connection: ClientConnection) -> list[str | bytes]:
    """Return all that comes until the server closes."""
    frames: list[str | bytes] = []
    try:
        while True:
            frames.append(await connection.recv())
    except ConnectionClosedError:
        return frames


def over_ws(test: Test) -> None:
    """Run a test against a listener without TLS that lets one origin in."""

    async def main() -> None:
        recorder = Recorder()
        server = WebSocket(Transport.WS, recorder, node="n", origins=[ORIGIN])
        await server.listen(LOOPBACK)
        try:
            await test(Wire(server, recorder, None))
        finally:
            await server.close()
        assert sorted(recorder.gone) == sorted(recorder.open)

    run_real(main())


@pytest.mark.parametrize("frame", [MESSAGE, MESSAGE.decode()], ids=["binary", "text"])
def test_a_frame_is_a_message(frame: bytes | str) -> None:
    async def test(wire: Wire) -> None:
        async with wire.peer() as peer:
            await peer.send(frame)
            await peer.send(frame)
            await wire.recorder.until_received(2)
            (flow,) = wire.recorder.open
            assert wire.recorder.batches == [[(flow, MESSAGE)]] * 2
            assert (flow.transport, flow.serial, flow.node) == (Transport.WS, 1, "n")
            assert flow.remote == Address(*peer.local_address[:2])
        await wire.recorder.until(lambda: wire.recorder.gone)

    over_ws(test)


@pytest.mark.parametrize("pieces", [[MESSAGE[:10], MESSAGE[10:]], [MESSAGE.decode()[:7], "", MESSAGE.decode()[7:]]])
def test_fragments_are_one_message(pieces: list[bytes] | list[str]) -> None:
    async def test(wire: Wire) -> None:
        async with wire.peer() as peer:
            await peer.send(pieces)
            await wire.recorder.until_received(1)
        assert wire.recorder.messages == [MESSAGE]

    over_ws(test)


def test_octets_that_are_no_text_pass_in_both_directions() -> None:
    """RFC 7118 section 4.2: a body may hold anything, a NUL among it."""

    async def test(wire: Wire) -> None:
        strange = request("OPTIONS", body=b"\0\xff\xfe").encode()
        async with wire.peer() as peer:
            await peer.send(strange)
            await wire.recorder.until_received(1)
            assert wire.recorder.messages == [strange]
            (flow,) = wire.recorder.open
            assert wire.server.send(flow, strange)
            assert await peer.recv() == strange
            assert wire.server.send(flow, MESSAGE)
            assert await peer.recv() == MESSAGE.decode(), "what is UTF-8 goes as text"

    over_ws(test)


@pytest.mark.parametrize("ping", ["\r\n\r\n", b"\r\n\r\n"])
def test_a_ping_gets_a_pong_and_a_pong_gets_nothing(ping: str | bytes) -> None:
    """RFC 7118 section 6, RFC 5626 section 4.4.1."""

    async def test(wire: Wire) -> None:
        async with wire.peer() as peer:
            for frame in (ping, "\r\n", ""):
                await peer.send(frame)
            await peer.send(ping)
            assert [await peer.recv(), await peer.recv()] == ["\r\n", "\r\n"]
            await peer.send(MESSAGE)
            await wire.recorder.until_received(1)
        assert wire.recorder.messages == [MESSAGE]

    over_ws(test)


@pytest.mark.parametrize("offered", [None, [Subprotocol("xmpp")], [Subprotocol("SIP")]])
def test_a_handshake_without_the_subprotocol_is_refused(offered: list[Subprotocol] | None) -> None:
    """RFC 7118 section 4.1."""

    async def test(wire: Wire) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with wire.peer(subprotocols=offered):
                pass
        assert refused.value.response.status_code == 400
        async with wire.peer(subprotocols=[Subprotocol("xmpp"), *SIP]) as peer:
            assert peer.subprotocol == "sip"

    over_ws(test)


def test_pages_of_other_origins_are_refused() -> None:
    """Reliability S18: a browser says where a page comes from, and others say nothing."""

    async def test(wire: Wire) -> None:
        for origin in ("https://evil.example.com", "null", ORIGIN + ".evil.com", "http://phone.example.com"):
            with pytest.raises(InvalidStatus) as refused:
                async with wire.peer(origin=origin):
                    pass
            assert refused.value.response.status_code == 403
        assert wire.recorder.open == []
        for origin in (ORIGIN, ""):
            async with wire.peer(origin=origin) as peer:
                await peer.send(MESSAGE)
        await wire.recorder.until_received(2)

    over_ws(test)


def test_a_message_longer_than_any_is_closed() -> None:
    async def test(wire: Wire) -> None:
        async with wire.peer() as peer:
            await peer.send(b"x" * MAX_MESSAGE)
            await wire.recorder.until_received(1)
            await peer.send(b"x" * (MAX_MESSAGE + 1))
            with pytest.raises(ConnectionClosedError) as closed:
                await peer.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
        await wire.recorder.until(lambda: wire.recorder.gone)
        assert [len(message) for message in wire.recorder.messages] == [MAX_MESSAGE]

    over_ws(test)


@pytest.mark.parametrize("said", ["", "\r\n\r\n"])
def test_who_has_said_nothing_in_time_is_closed(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability S17."""
    monkeypatch.setattr(websocket, "FIRST_MESSAGE_SECONDS", 0.05)

    async def test(wire: Wire) -> None:
        async with wire.peer() as speaker:
            await speaker.send(MESSAGE)
            await wire.recorder.until_received(1)
            async with wire.peer() as silent:
                await silent.send(said)
                assert await rest_of(silent) == ["\r\n"] * bool(said)
            await speaker.send(MESSAGE)
            await wire.recorder.until_received(2)

    over_ws(test)


def test_half_a_handshake_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability S17."""
    monkeypatch.setattr(websocket, "HANDSHAKE_SECONDS", 0.05)

    async def test(wire: Wire) -> None:
        reader, writer = await asyncio.open_connection(*wire.address)
        writer.write(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n")
        assert await reader.read() == b""
        writer.close()
        assert wire.recorder.open == []

    over_ws(test)


def test_a_slow_reader_is_dropped_before_it_fills_our_memory() -> None:
    """Reliability S17."""

    async def test(wire: Wire) -> None:
        async with wire.peer() as peer:
            peer.transport.pause_reading()
            await wire.recorder.until(lambda: wire.recorder.open)
            (flow,) = wire.recorder.open
            count = 0
            while not wire.recorder.gone:
                count += wire.server.send(flow, MESSAGE + b"x" * 60_000)
                await turn()
                assert count < 1000, "nothing is dropped, whatever it is owed"
            assert count * 60_000 > MAX_UNSENT
            assert not wire.server.send(flow, MESSAGE)
            peer.transport.abort()

    over_ws(test)


def test_nothing_is_sent_to_who_is_leaving() -> None:
    """Between the close frame and the end of the connection a message would be lost without a word."""

    async def test(wire: Wire) -> None:
        async with wire.peer() as peer:
            await wire.recorder.until(lambda: wire.recorder.open)
            (flow,) = wire.recorder.open
            assert wire.server.is_open(flow)
            peer.protocol.send_close(1000)
            peer.transport.pause_reading()
            peer.send_data()
            while wire.server.is_open(flow):
                await turn()
            assert wire.recorder.gone == [], "the connection stands, but nothing can be said over it"
            assert not wire.server.send(flow, MESSAGE)
            peer.transport.resume_reading()
        await wire.recorder.until(lambda: wire.recorder.gone)

    over_ws(test)


def test_only_the_client_pings() -> None:
    """design.md section 5: a ping would wake the radio of a phone that sleeps."""

    async def test(wire: Wire) -> None:
        async with wire.peer() as peer:
            await wire.recorder.until(lambda: wire.recorder.open)
            (connection,) = wire.server._connections.values()
            assert connection.ping_interval is None
            await (await peer.ping())

    over_ws(test)


def test_a_flow_can_be_closed_and_is_told_once() -> None:
    async def test(wire: Wire) -> None:
        async with wire.peer() as peer:
            await wire.recorder.until(lambda: wire.recorder.open)
            (flow,) = wire.recorder.open
            assert wire.server.send(flow, MESSAGE)
            wire.server.close_flow(flow)
            assert await peer.recv() == MESSAGE.decode()
            with pytest.raises(ConnectionClosed):
                await peer.recv()
            await wire.recorder.until(lambda: wire.recorder.gone)
            wire.server.close_flow(flow)
            assert not wire.server.is_open(flow)
            assert not wire.server.send(flow, MESSAGE)
        assert wire.recorder.gone == [flow]

    over_ws(test)


def test_closing_ends_all_connections_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that of a phone whose radio sleeps."""
    monkeypatch.setattr(websocket, "CLOSE_SECONDS", 0.1)

    async def test(wire: Wire) -> None:
        async with wire.peer() as peer, wire.peer() as asleep:
            asleep.transport.pause_reading()
            await wire.recorder.until(lambda: len(wire.recorder.open) == 2)
            async with asyncio.timeout(5):
                await wire.server.close()
                with pytest.raises(ConnectionClosed):
                    await peer.recv()
            assert len(wire.recorder.gone) == 2
            asleep.transport.abort()

    over_ws(test)


def test_a_listener_that_never_listened_can_be_closed() -> None:
    async def main() -> None:
        server = WebSocket(Transport.WS, Recorder(), node="n")
        assert server.addresses() == []
        await server.close()

    run_real(main())


def test_a_phone_connects_over_wss_and_both_sides_speak(authority: Authority, loopback: Pair) -> None:
    async def main() -> None:
        theirs, ours = Recorder(), Recorder()
        server = WebSocket(Transport.WSS, theirs, node="s", tls=server_context(*loopback))
        phone = WebSocket(Transport.WSS, ours, node="p", tls=client_context(authority.file))
        await server.listen(LOOPBACK)
        flow = await phone.connect(server.addresses()[0])
        assert (ours.open, flow.transport, flow.node) == ([flow], Transport.WSS, "p")
        assert phone.send(flow, MESSAGE)
        await theirs.until_received(1)
        assert server.send(theirs.flows[0], MESSAGE)
        await ours.until_received(1)
        await phone.close()
        await theirs.until(lambda: theirs.gone)
        assert ours.gone == [flow]
        await server.close()

    run_real(main())


@pytest.mark.parametrize("names", [("sip.example.com",), ("127.0.0.2",)])
def test_a_server_with_another_name_is_refused(authority: Authority, names: tuple[str, ...]) -> None:
    async def main() -> None:
        server = WebSocket(Transport.WSS, Recorder(), node="s", tls=server_context(*authority.issue(*names)))
        await server.listen(LOOPBACK)
        phone = WebSocket(Transport.WSS, Recorder(), node="p", tls=client_context(authority.file))
        with pytest.raises(ssl.SSLCertVerificationError):
            await phone.connect(server.addresses()[0])
        await phone.close()
        await server.close()

    run_real(main())


async def _refuse(_: ServerConnection) -> None:
    """A WebSocket server that knows nothing of SIP."""


def test_a_server_that_does_not_name_the_subprotocol_is_refused() -> None:
    """RFC 7118 section 4.1: its 101 must contain `sip`."""

    async def main() -> None:
        recorder = Recorder()
        phone = WebSocket(Transport.WS, recorder, node="p")
        async with serve(_refuse, *LOOPBACK) as other:
            address = Address(*other.sockets[0].getsockname()[:2])
            with pytest.raises(OSError, match="does not speak SIP"):
                await phone.connect(address)
        assert recorder.open == []
        await phone.close()

    run_real(main())


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b"SIP/2.0 400\r\n\r\n", b""]
)
def test_a_server_that_is_none_is_an_error(answer: bytes) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def main() -> None:
        other = await asyncio.start_server(respond, *LOOPBACK)
        phone = WebSocket(Transport.WS, Recorder(), node="p")
        with pytest.raises(OSError, match="does not speak SIP"):
            await phone.connect(Address(*other.sockets[0].getsockname()))
        other.close()
        await other.wait_closed()
        await phone.close()

    run_real(main())


def test_nobody_listening_and_a_taken_address_are_errors() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(LOOPBACK)
            address = Address(*taken.getsockname())
            with pytest.raises(OSError, match="onnect"):
                await WebSocket(Transport.WS, Recorder(), node="p").connect(address)
            taken.listen()
            with pytest.raises(OSError, match="in use"):
                await WebSocket(Transport.WS, Recorder(), node="s").listen(address)

    run_real(main())


def test_a_phone_that_the_server_leaves_is_told() -> None:
    async def main() -> None:
        theirs, ours = Recorder(), Recorder()
        server, phone = WebSocket(Transport.WS, theirs, node="s"), WebSocket(Transport.WS, ours, node="p")
        await server.listen(LOOPBACK)
        flow = await phone.connect(server.addresses()[0])
        await theirs.until(lambda: theirs.open)
        await server.close()
        await ours.until(lambda: ours.gone)
        assert ours.gone == [flow]
        assert not phone.send(flow, json.dumps("late").encode())
        await phone.close()

    run_real(main())


def test_flows_are_numbered_within_one_life() -> None:
    async def test(wire: Wire) -> None:
        async with wire.peer(), wire.peer():
            await wire.recorder.until(lambda: len(wire.recorder.open) == 2)
            first, second = wire.recorder.open
            assert (first.serial, second.serial) == (1, 2)
            stored = Flow(Transport.WS, first.local, first.remote, 1, "earlier life")
            assert not wire.server.is_open(stored)
            assert not wire.server.send(stored, MESSAGE)

    over_ws(test)
