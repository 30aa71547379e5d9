"""What every transport promises to the stack, asked of each of them: the contract of `Carrier` and `Connector`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import pytest
from tests.support.authority import Authority, Pair
from tests.support.real_loop import run_real, turn
from tests.support.recorder import Recorder
from tests.support.sip_messages import request

from ringwake.net.memory import MemoryNetwork
from ringwake.net.stream import Stream
from ringwake.net.tls import client_context, server_context
from ringwake.net.transport import Carrier, Connector
from ringwake.net.udp import Udp
from ringwake.net.websocket import WebSocket
from ringwake.sip.flow import Address, Flow, Transport

LOOPBACK = Address("127.0.0.1", 0)
KINDS = ["memory udp", "memory tcp", "udp", "tcp", "tls", "ws", "wss"]


class Phone(Carrier, Connector, Protocol):
    """A transport that connects."""


@dataclass(frozen=True)
class Ends:
    """A server and a phone that has connected to it, and what each is told."""

    server: Carrier
    phone: Carrier
    theirs: Recorder
    ours: Recorder
    flow: Flow
    """As the phone knows it."""

    async def their_flow(self) -> Flow:
        """Return the flow as the server knows it."""
        assert self.phone.send(self.flow, numbered(0))
        await self.theirs.until_received(1)
        return self.theirs.flows[0]


class UdpPhone(Udp):
    """A datagram socket that connects as a phone does: by naming the flow."""

    async def connect(self, remote: Address, *, name: str = "") -> Flow:
        del name
        return Flow(Transport.UDP, self.addresses()[0], remote)


Test = Callable[[Ends], Awaitable[None]]
Run = Callable[[Test], None]


def numbered(number: int) -> bytes:
    return request("OPTIONS", seq=number + 1, branch=f"z9hG4bK-{number}").encode()


async def make(kind: str, theirs: Recorder, ours: Recorder, files: tuple[Pair, Authority]) -> tuple[Carrier, Phone]:
    """Return a server that listens, and a phone."""
    family, _, name = kind.rpartition(" ")
    transport, loop = Transport(name), asyncio.get_running_loop()
    if family:
        network = MemoryNetwork(loop, seed=1)
        server = network.carrier(transport, Address("10.0.0.1", 5060), theirs)
        return server, network.carrier(transport, Address("10.0.0.2", 5060), ours)
    if transport is Transport.UDP:
        return Udp.bind(LOOPBACK, theirs, loop), UdpPhone.bind(LOOPBACK, ours, loop)  # type: ignore[return-value]
    pair, authority = files
    tls = (server_context(*pair), client_context(authority.file)) if transport.is_secure else (None, None)
    maker = WebSocket if transport in (Transport.WS, Transport.WSS) else Stream
    listener, phone = maker(transport, theirs, node="s", tls=tls[0]), maker(transport, ours, node="p", tls=tls[1])
    await listener.listen(LOOPBACK)
    return listener, phone


@pytest.fixture(params=KINDS)
def run(request: pytest.FixtureRequest, authority: Authority, loopback: Pair) -> Run:
    """Run a test over each transport."""

    async def main(test: Test) -> None:
        theirs, ours = Recorder(), Recorder()
        server, phone = await make(request.param, theirs, ours, (loopback, authority))
        flow = await phone.connect(server.addresses()[0])
        try:
            await test(Ends(server, phone, theirs, ours, flow))
        finally:
            await phone.close()
            await server.close()

    return lambda test: run_real(main(test))


def test_messages_arrive_whole_and_in_order_both_ways(run: Run) -> None:
    async def test(ends: Ends) -> None:
        sent = [numbered(number) for number in range(50)]
        for message in sent:
            assert ends.phone.send(ends.flow, message)
        await ends.theirs.until_received(50)
        for message in sent:
            assert ends.server.send(ends.theirs.flows[0], message)
        await ends.ours.until_received(50)
        assert ends.theirs.messages == ends.ours.messages == sent
        assert set(ends.ours.flows) == {ends.flow}
        assert len(set(ends.theirs.flows)) == 1

    run(test)


def test_both_ends_name_the_same_way(run: Run) -> None:
    async def test(ends: Ends) -> None:
        theirs = await ends.their_flow()
        assert (theirs.local, theirs.remote) == (ends.flow.remote, ends.flow.local)
        assert theirs.transport is ends.server.transport is ends.phone.transport is ends.flow.transport
        assert theirs.local == ends.server.addresses()[0]
        assert Flow.decode(theirs.encode()) == theirs

    run(test)


def test_a_connection_is_told_when_it_opens_and_once_when_it_closes(run: Run) -> None:
    async def test(ends: Ends) -> None:
        theirs = await ends.their_flow()
        if theirs.transport is Transport.UDP:
            ends.server.close_flow(theirs)
            assert ends.server.is_open(theirs), "a datagram can always be sent"
            assert ends.theirs.open == ends.ours.open == []
            return
        assert ends.theirs.open == [theirs]
        ends.server.close_flow(theirs)
        ends.server.close_flow(theirs)
        assert not ends.server.send(theirs, numbered(1))
        await ends.theirs.until(lambda: ends.theirs.gone)
        await ends.ours.until(lambda: ends.ours.gone)
        assert (ends.theirs.gone, ends.ours.gone) == ([theirs], [ends.flow])
        assert not ends.server.is_open(theirs)
        assert not ends.phone.is_open(ends.flow)
        assert not ends.phone.send(ends.flow, numbered(1))

    run(test)


def test_what_was_sent_before_the_end_arrives_before_the_end(run: Run) -> None:
    async def test(ends: Ends) -> None:
        theirs = await ends.their_flow()
        if theirs.transport is Transport.UDP:
            return
        assert ends.server.send(theirs, numbered(1))
        ends.server.close_flow(theirs)
        await ends.ours.until(lambda: ends.ours.gone)
        assert ends.ours.messages == [numbered(1)]

    run(test)


def test_what_was_sent_before_a_reset_may_be_lost_and_nothing_follows_it(run: Run) -> None:
    """Both ends learn that it is over; resetting again, or what is over, does nothing."""

    async def test(ends: Ends) -> None:
        theirs = await ends.their_flow()
        ends.server.reset(theirs)
        if theirs.transport is Transport.UDP:
            assert ends.server.is_open(theirs), "a datagram that was sent is gone"
            return
        assert not ends.server.send(theirs, numbered(1))
        await ends.theirs.until(lambda: ends.theirs.gone)
        await ends.ours.until(lambda: ends.ours.gone)
        ends.server.reset(theirs)
        assert (ends.theirs.gone, ends.ours.gone, ends.ours.messages) == ([theirs], [ends.flow], [])

    run(test)


def test_a_foreign_flow_is_never_open(run: Run) -> None:
    async def test(ends: Ends) -> None:
        theirs = await ends.their_flow()
        other = Transport.TCP if theirs.transport is not Transport.TCP else Transport.UDP
        for foreign in (
            theirs._replace(transport=other),
            theirs._replace(local=Address("192.0.2.1", 5060)),
            theirs._replace(serial=4711, local=Address("192.0.2.1", 5060)),
        ):
            assert not ends.server.is_open(foreign)
            if theirs.transport is not Transport.UDP:  # the stack asks first which socket a datagram leaves by
                assert not ends.server.send(foreign, numbered(1))
            ends.server.close_flow(foreign)
        assert ends.server.is_open(theirs)

    run(test)


def test_after_close_nothing_is_sent_and_closing_again_is_quiet(run: Run) -> None:
    async def test(ends: Ends) -> None:
        theirs = await ends.their_flow()
        await ends.server.close()
        await turn(3)
        assert not ends.server.is_open(theirs)
        assert not ends.server.send(theirs, numbered(1))
        await ends.server.close()
        if theirs.transport is not Transport.UDP:
            await ends.ours.until(lambda: ends.ours.gone)
            await ends.theirs.until(lambda: ends.theirs.gone)

    run(test)
