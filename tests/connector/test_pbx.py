"""The side of the PBX over TCP: its connections and ours, and nobody else's."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.support.loopback import leased_address
from tests.support.real_loop import run_real, turn
from tests.support.tunnels import Edge, connector, edge, numbered

from ringwake.connector import pbx as sides
from ringwake.connector.connector import Connector
from ringwake.sip.flow import Address, Flow, Transport


class StreamPbx:
    """A PBX on TCP. `accepted` are connections that others have opened, in order."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self.writers: list[asyncio.StreamWriter] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self.accepted.put_nowait((reader, writer))

    async def dial(self, to: Address, *, source: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*to, local_addr=(source or self.address.host, 0))
        self.writers.append(writer)
        return reader, writer


@asynccontextmanager
async def stream_pbx(host: str) -> AsyncIterator[StreamPbx]:
    pbx = StreamPbx(Address(host, 0))
    server = await asyncio.start_server(pbx.take, host, 0)
    pbx.address = Address(*server.sockets[0].getsockname()[:2])
    try:
        yield pbx
    finally:
        server.close()
        for writer in pbx.writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in pbx.writers), return_exceptions=True)
        await server.wait_closed()


Test = Callable[[Edge, StreamPbx, Connector], Awaitable[None]]


def over_tcp(test: Test) -> None:
    async def main(host: str) -> None:
        async with (
            edge() as at,
            stream_pbx(host) as pbx,
            connector(at, pbx.address, transport=Transport.TCP) as made,
        ):
            await test(at, pbx, made)

    with leased_address() as host:
        run_real(main(host))


async def message(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def flow_to(at: Edge) -> Flow:
    flow = at.tunnel.flow()
    assert flow is not None
    assert flow.transport is Transport.TCP
    return flow


def test_the_edges_requests_go_down_one_connection_of_ours_and_answers_come_back() -> None:
    async def test(at: Edge, pbx: StreamPbx, made: Connector) -> None:
        del made
        for number in range(3):
            assert at.tunnel.send(flow_to(at), numbered(number))
        reader, writer = await pbx.accepted.get()
        assert [await message(reader) for _ in range(3)] == [numbered(number) for number in range(3)]
        assert at.tunnel.send(flow_to(at), numbered(3))
        assert await message(reader) == numbered(3)
        writer.write(numbered(4)[:20])
        await writer.drain()
        writer.write(numbered(4)[20:] + b"\r\n\r\n" + numbered(5))
        await at.ear.until_received(2)
        assert at.ear.messages == [numbered(4), numbered(5)]
        assert at.ear.flows == [flow_to(at)] * 2
        assert pbx.accepted.empty()

    over_tcp(test)


def test_what_comes_down_a_connection_of_the_pbx_is_answered_on_it() -> None:
    async def test(at: Edge, pbx: StreamPbx, made: Connector) -> None:
        del made
        reader, writer = await pbx.dial(at.tunnel.addresses()[0])
        writer.write(numbered(1))
        await at.ear.until_received(1)
        (flow,) = at.ear.flows
        assert flow.remote == Address(*writer.get_extra_info("sockname")[:2])
        assert at.tunnel.send(flow, numbered(2))
        assert await message(reader) == numbered(2)
        assert pbx.accepted.empty()

    over_tcp(test)


def test_when_that_connection_is_gone_the_pbx_is_dialled() -> None:
    """RFC 3261 section 18.2.2."""

    async def test(at: Edge, pbx: StreamPbx, made: Connector) -> None:
        reader, writer = await pbx.dial(at.tunnel.addresses()[0])
        writer.write(numbered(1))
        await at.ear.until_received(1)
        writer.close()
        assert await reader.read() == b""
        side = made._pbx
        assert isinstance(side, sides.PbxConnections)
        while side._flows:
            await turn()
        assert at.tunnel.send(at.ear.flows[0], numbered(2))
        dialled, _ = await pbx.accepted.get()
        assert await message(dialled) == numbered(2)

    over_tcp(test)


def test_a_connection_from_another_address_is_closed_and_counted() -> None:
    async def test(at: Edge, pbx: StreamPbx, made: Connector) -> None:
        with leased_address() as elsewhere:
            reader, writer = await pbx.dial(at.tunnel.addresses()[0], source=elsewhere)
            writer.write(numbered(1))
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)
        assert made.strangers == 1
        _, trusted = await pbx.dial(at.tunnel.addresses()[0])
        trusted.write(numbered(2))
        await at.ear.until_received(1)
        assert at.ear.messages == [numbered(2)]

    over_tcp(test)


def test_a_pbx_that_takes_no_connection_is_reported_and_tried_again_for_the_next_message() -> None:
    async def main(host: str) -> None:
        with socket.socket() as taken:
            taken.bind((host, 0))
            address = Address(*taken.getsockname())
            async with edge() as at, connector(at, address, transport=Transport.TCP):
                assert at.tunnel.send(flow_to(at), numbered(1))
                await at.ear.until(lambda: len(at.ear.gone) == 1)
                assert at.tunnel.send(flow_to(at), numbered(2))
                await at.ear.until(lambda: len(at.ear.gone) == 2)
                assert at.ear.gone == [flow_to(at)] * 2

    with leased_address() as host:
        run_real(main(host))


def test_what_waits_for_a_connection_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "MAX_UNSENT", 2)

    async def test(at: Edge, pbx: StreamPbx, made: Connector) -> None:
        del at
        side = made._pbx
        assert side is not None
        for number in range(3):
            side.send(pbx.address, numbered(number))
        reader, _ = await pbx.accepted.get()
        assert [await message(reader) for _ in range(2)] == [numbered(0), numbered(1)]
        side.send(pbx.address, numbered(3))
        assert await message(reader) == numbered(3)

    over_tcp(test)


def test_octets_that_are_no_message_end_the_connection_and_are_said(caplog: pytest.LogCaptureFixture) -> None:
    async def test(at: Edge, pbx: StreamPbx, made: Connector) -> None:
        del made
        reader, writer = await pbx.dial(at.tunnel.addresses()[0])
        writer.write(b"HELO mail.example\r\n\r\n")
        assert await reader.read() == b""
        assert at.ear.messages == []
        assert caplog.messages[-1].startswith("from or to the PBX: ")

    over_tcp(test)


def test_a_connector_that_stops_while_it_dials_leaves_nothing_behind() -> None:
    async def test(at: Edge, pbx: StreamPbx, made: Connector) -> None:
        del at
        assert made._pbx is not None
        made._pbx.send(pbx.address, numbered(1))

    over_tcp(test)
