"""A connection to a PBX keeps its name over all that are dialled, so an answer finds its way down the next one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import pytest
from tests.support.real_loop import run_real, turn
from tests.support.recorder import Recorder
from tests.support.sip_messages import request

from ringwake.net.stream import Stream
from ringwake.net.trunk_line import ACK_SECONDS, IDLE_SECONDS, TrunkLine, watch
from ringwake.sip.flow import Address, Flow, Transport

TCP = Transport.TCP
HERE = Address("192.0.2.1", 5060)
MESSAGE = request("OPTIONS").encode()


@dataclass
class Bed:
    """A line and the PBX at its other end."""

    line: TrunkLine
    ours: Recorder
    pbx: Stream
    theirs: Recorder

    async def dial(self) -> Flow:
        return await self.line.connect(self.pbx.addresses()[0], name="", local=HERE)

    async def hang_up(self) -> None:
        """Let the PBX close the connection that was opened last."""
        gone = self.line.gone()
        await self.theirs.until(lambda: self.theirs.open)
        self.pbx.close_flow(self.theirs.open[-1])
        await gone


@asynccontextmanager
async def bed() -> AsyncIterator[Bed]:
    ours, theirs = Recorder(), Recorder()
    pbx = Stream(TCP, theirs, node="pbx")
    await pbx.listen(Address("127.0.0.1", 0))
    line = TrunkLine("example.com", ours, partial(Stream, TCP, node="one-life"))
    try:
        yield Bed(line, ours, pbx, theirs)
    finally:
        await line.close()
        await pbx.close()


def test_every_connection_is_the_same_flow() -> None:
    async def main() -> None:
        async with bed() as it:
            first = await it.dial()
            assert first == Flow(TCP, HERE, it.pbx.addresses()[0], 0, "trunk:tcp:example.com")
            assert it.line.is_open(first)
            await it.hang_up()
            assert not it.line.is_open(first)
            assert not it.line.send(first, MESSAGE)
            assert await it.dial() == first
            assert it.line.send(first, MESSAGE)
            await it.theirs.until_received(1)
            assert (it.ours.open, it.ours.gone) == ([first, first], [first])

    run_real(main())


def test_another_life_of_the_server_knows_it_by_the_same_name() -> None:
    """A parked call is answered where it came from, though its connection died with the process."""
    lives = [TrunkLine("example.com", Recorder(), partial(Stream, TCP, node=life)) for life in ("one", "two")]
    assert lives[0].node == lives[1].node
    assert lives[0].node != TrunkLine("example.net", Recorder(), partial(Stream, TCP, node="one")).node


def test_what_comes_down_it_has_its_name() -> None:
    async def main() -> None:
        async with bed() as it:
            flow = await it.dial()
            await it.theirs.until(lambda: it.theirs.open)
            it.pbx.send(it.theirs.open[-1], MESSAGE)
            await it.ours.until_received(1)
            assert (it.ours.flows, it.ours.messages) == ([flow], [MESSAGE])

    run_real(main())


def test_octets_that_are_no_message_are_reported() -> None:
    async def main() -> None:
        async with bed() as it:
            await it.dial()
            await it.theirs.until(lambda: it.theirs.open)
            it.pbx.send(it.theirs.open[-1], b"OPTIONS sip:a SIP/2.0\r\nContent-Length: x\r\n\r\n")
            await it.ours.until(lambda: it.ours.rules)

    run_real(main())


@pytest.mark.parametrize("how", ["close_flow", "reset"])
def test_it_can_be_closed_and_broken_off(how: str) -> None:
    async def main() -> None:
        async with bed() as it:
            flow = await it.dial()
            gone = it.line.gone()
            getattr(it.line, how)(flow)
            await gone
            getattr(it.line, how)(flow)  # and once more: there is nothing to close
            assert it.ours.gone == [flow]

    run_real(main())


def test_a_pbx_that_gives_no_sign_of_life_is_gone() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        ours = Recorder()
        line = TrunkLine("example.com", ours, partial(Stream, TCP, node="n"))
        flow = await line.connect(Address(*server.sockets[0].getsockname()), name="", local=HERE)
        line.ping(flow, 0.01)
        await ours.until(lambda: ours.gone)
        line.ping(flow, 0.01)  # there is nobody to ask
        assert ours.gone == [flow]
        server.close()
        await line.close()

    run_real(main())


def test_who_waits_for_an_end_that_was_already_waits_for_nothing() -> None:
    async def main() -> None:
        async with bed() as it:
            assert it.line.gone().done()
            assert it.line.addresses() == []
            await it.dial()
            assert not it.line.gone().done()

    run_real(main())


def test_the_end_of_an_older_connection_says_nothing_of_the_one_that_stands() -> None:
    async def main() -> None:
        async with bed() as it:
            flow = await it.dial()
            gone = it.line.gone()
            it.line.closed(flow._replace(serial=99))
            assert (it.ours.gone, gone.done(), it.line.is_open(flow)) == ([], False, True)

    run_real(main())


def test_where_nobody_listens_there_is_no_connection() -> None:
    async def main() -> None:
        async with bed() as it:
            there = it.pbx.addresses()[0]
            await it.pbx.close()
            with pytest.raises(ConnectionRefusedError):
                await it.line.connect(there, name="", local=HERE)
            assert it.line.gone().done()

    run_real(main())


def test_a_connection_that_is_gone_before_it_stood_is_none() -> None:
    class Closing(Stream):
        async def connect(self, remote: Address, *, name: str = "") -> Flow:
            flow = await super().connect(remote, name=name)
            self.close_flow(flow)
            await turn(5)
            return flow

    async def main() -> None:
        async with bed() as it:
            line = TrunkLine("example.com", it.ours, partial(Closing, TCP, node="n"))
            with pytest.raises(ConnectionResetError):
                await line.connect(it.pbx.addresses()[0], name="", local=HERE)
            await line.close()

    run_real(main())


def test_the_system_watches_the_connection() -> None:
    """One that a firewall has forgotten would else look open for a quarter of an hour."""
    watched: list[socket.socket] = []

    def prepare(connection: socket.socket) -> None:
        watch(connection)
        watched.append(connection)

    async def main() -> None:
        async with bed() as it:
            line = TrunkLine("example.com", it.ours, partial(Stream, TCP, node="n", prepare=prepare))
            await line.connect(it.pbx.addresses()[0], name="", local=HERE)
            (connection,) = watched
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == IDLE_SECONDS
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == ACK_SECONDS * 1000
            await line.close()

    run_real(main())
