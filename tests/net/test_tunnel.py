"""A tenant's tunnel: by which connector a message goes, and what becomes of it when one is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.support.real_loop import run_real, turn
from tests.support.sip_messages import request
from tests.support.tunnels import PBX, TENANT, Ear, Edge, closed, dial, edge, let_in, numbered
from tests.support.virtual_loop import pause, run_virtual
from websockets.asyncio.client import ClientConnection

from ringwake.model.events import Happened
from ringwake.net import tunnel as tunnels
from ringwake.net import tunnel_link
from ringwake.net.stack import Stack
from ringwake.net.tunnel import Tunnel
from ringwake.net.tunnel_frames import pack, unpack
from ringwake.net.tunnel_parcels import KEEP_SECONDS, MAX_WAITING
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.transactions.events import Event, RequestFailed

FIRST, SECOND = Address("10.0.0.9", 5070), Address("10.0.0.10", 5070)
NODE = f"connector:{TENANT}"


def flow(local: Address = FIRST, remote: Address = PBX, kind: Transport = Transport.UDP) -> Flow:
    return Flow(kind, local, remote, 0, NODE)


def on_loopback(test: Callable[[Edge], Awaitable[None]]) -> None:
    async def main() -> None:
        async with edge() as at:
            await test(at)

    run_real(main())


@asynccontextmanager
async def joined(at: Edge, local: Address = FIRST, **more: str) -> AsyncIterator[ClientConnection]:
    """A connector that was let in. It says that it has taken messages only when the test does."""
    async with dial(at) as connection:
        await let_in(connection, local=str(local), **more)
        yield connection


async def taken(connection: ClientConnection, count: int) -> None:
    await connection.send(f'{{"say":"taken","count":{count}}}')


async def hear(connection: ClientConnection, count: int = 1) -> list[bytes]:
    """Return the messages of so many frames."""
    frames = [await connection.recv() for _ in range(count)]
    return [unpack(frame)[1] for frame in frames if isinstance(frame, bytes)]


def test_the_pbx_is_heard_and_answered_by_addresses_of_its_own_network() -> None:
    async def test(at: Edge) -> None:
        async with joined(at) as connection:
            await connection.send(pack(PBX, numbered(1)))
            await at.ear.until_received(1)
            assert at.ear.batches == [[(flow(), numbered(1))]]
            assert at.tunnel.flow() == flow()
            assert at.tunnel.is_from(flow())
            assert at.tunnel.is_near(flow())
            assert at.tunnel.send(flow(), numbered(2))
            frames = {await connection.recv() for _ in range(2)}
            assert frames == {'{"say":"taken","count":1}', pack(PBX, numbered(2))}

    on_loopback(test)


def test_a_flow_of_another_node_is_none_of_ours() -> None:
    async def test(at: Edge) -> None:
        async with joined(at):
            for strange in (flow()._replace(node=""), flow()._replace(node="connector:other.example")):
                assert not at.tunnel.is_open(strange)
                assert not at.tunnel.is_from(strange)
                assert not at.tunnel.is_near(strange)
                assert not at.tunnel.send(strange, numbered(1))

    on_loopback(test)


def test_new_requests_go_by_the_same_connector_while_it_is_there() -> None:
    """In whatever order they came: a PBX that is told of both would call each account by both."""

    async def test(at: Edge) -> None:
        first = min(FIRST, SECOND)
        other = max(FIRST, SECOND)
        async with joined(at, other):
            assert at.tunnel.flow() == flow(other)
            async with joined(at, first):
                assert [at.tunnel.flow() for _ in range(2)] == [flow(first)] * 2
                assert at.tunnel.addresses() == [other, first]
            await at.ear.until_told("is gone")
            assert at.tunnel.flow() == flow(other)

    on_loopback(test)


def test_a_message_goes_by_the_connector_that_its_flow_names() -> None:
    async def test(at: Edge) -> None:
        async with joined(at) as first, joined(at, SECOND) as second:
            assert at.tunnel.send(flow(SECOND), numbered(2))
            assert at.tunnel.send(flow(), numbered(1))
            assert await hear(second) == [numbered(2)]
            assert await hear(first) == [numbered(1)]

    on_loopback(test)


def test_another_connector_carries_on_at_once_with_all_that_the_first_had_not_taken() -> None:
    async def test(at: Edge) -> None:
        async with joined(at) as first, joined(at, SECOND) as second:
            for number in range(3):
                assert at.tunnel.send(flow(), numbered(number))
            assert await hear(first, 3) == [numbered(0), numbered(1), numbered(2)]
            await taken(first, 1)
            first.transport.abort()
            assert await hear(second, 2) == [numbered(1), numbered(2)]
            assert at.tunnel.send(flow(), numbered(3)), "the flow of the connector that is gone stays open"
            assert await hear(second) == [numbered(3)]
            assert at.ear.gone == []
            assert [event.what for event in at.ear.events] == [Happened.PBX_REACHED]

    on_loopback(test)


def test_a_connector_that_lets_messages_lie_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(at: Edge) -> None:
        async with joined(at) as first, joined(at, SECOND) as second:
            assert at.tunnel.send(flow(), numbered(1))
            monkeypatch.setattr("ringwake.net.tunnel_parcels.SLOW_SECONDS", -1.0)
            assert at.tunnel.send(flow(), numbered(2))
            assert await hear(second) == [numbered(2)]
            assert at.tunnel.send(flow(), numbered(3)), "when all are slow, the one that is meant carries it"
            assert await hear(first, 2) == [numbered(1), numbered(3)]

    on_loopback(test)


def test_all_that_was_sent_meanwhile_is_delivered_when_a_connector_returns() -> None:
    async def test(at: Edge) -> None:
        async with joined(at) as first:
            assert at.tunnel.send(flow(), numbered(0))
            await hear(first)
            first.transport.abort()
            await at.ear.until_told("is gone")
        for number in range(50):
            assert at.tunnel.send(flow(), numbered(number)), "the flow is open while a connector may return"
        assert at.tunnel.flow() == flow(), "new requests wait too, for the moment that a restart takes"
        async with joined(at) as second:
            assert await hear(second, 50) == [numbered(number) for number in range(50)]
        assert at.ear.gone == []
        noted = [event.what for event in at.ear.events]
        assert noted[:3] == [Happened.PBX_REACHED, Happened.PBX_LOST, Happened.PBX_REACHED]

    on_loopback(test)


def test_a_connector_with_another_transport_carries_nothing_of_this_one() -> None:
    async def test(at: Edge) -> None:
        async with joined(at, transport="tcp") as over_tcp:
            assert at.tunnel.send(flow(), numbered(1))
            assert at.tunnel.send(flow(kind=Transport.TCP), numbered(2))
            assert await hear(over_tcp) == [numbered(2)]
            async with joined(at) as over_udp:
                assert await hear(over_udp) == [numbered(1)]

    on_loopback(test)


def test_a_connector_that_knows_the_pbx_under_another_address_sends_there() -> None:
    async def test(at: Edge) -> None:
        elsewhere = Address("10.1.0.5", 5062)
        async with joined(at, pbx=str(elsewhere)) as connection:
            assert at.tunnel.send(flow(), numbered(1))
            assert at.tunnel.send(flow(remote=Address("10.1.0.5", 40_000)), numbered(2))
            assert await connection.recv() == pack(elsewhere, numbered(1))
            assert await connection.recv() == pack(Address("10.1.0.5", 40_000), numbered(2))

    on_loopback(test)


def test_a_pbx_that_cannot_be_reached_is_reported_at_once() -> None:
    async def test(at: Edge) -> None:
        async with joined(at) as connection:
            await connection.send(f'{{"say":"unreachable","remote":"{PBX}"}}')
            await at.ear.until(lambda: at.ear.gone)
            assert at.ear.gone == [flow()]
            assert at.tunnel.is_open(flow()), "it may be back"

    on_loopback(test)


@pytest.mark.parametrize("limit", ["MAX_UNTAKEN", "MAX_UNSENT"])
def test_a_connector_that_does_not_read_is_dropped(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel_link, limit, -1)

    async def test(at: Edge) -> None:
        async with joined(at) as connection:
            assert at.tunnel.send(flow(), numbered(1))
            assert at.tunnel.send(flow(), numbered(2)), "it waits while the link is being dropped"
            await closed(connection)
        monkeypatch.setattr(tunnel_link, limit, 10_000_000)
        await at.ear.until_told("is gone")
        async with joined(at) as connection:
            assert sorted(await hear(connection, 2)) == [numbered(1), numbered(2)]

    on_loopback(test)


def test_the_stack_finds_the_tunnel_by_its_node_whatever_its_addresses() -> None:
    """A private address may be that of a listener of ours too."""

    class User:
        def __init__(self) -> None:
            self.events: list[Event] = []

        def receive(self, event: Event, now: float) -> None:
            del now
            self.events.append(event)

        def opened(self, flow: Flow, now: float) -> None:
            del flow, now

        def closed(self, flow: Flow, now: float) -> None:
            del flow, now

        def get_timer(self) -> float | None:
            return None

        def handle_timer(self, now: float) -> None:
            del now

    async def main() -> None:
        loop = asyncio.get_running_loop()
        faults: list[BaseException] = []
        stack = Stack(clock=loop.time, call_at=loop.call_at, fault=lambda _, error: faults.append(error))
        user = User()
        stack.attach(user)
        tunnel = Tunnel(TENANT, stack, note=lambda _: None)
        stack.add_node(tunnel, tunnel.node)
        assert stack.is_open(flow())
        assert not stack.is_open(flow()._replace(node="connector:nobody.example"))
        stack.send(request("INVITE"), flow(), loop.time())
        stack.pump(loop.time())
        await pause(KEEP_SECONDS + 1)
        (failed,) = user.events
        assert isinstance(failed, RequestFailed)
        assert faults == []
        await stack.close()

    run_virtual(main())


# ---- without any connector, in virtual time


def test_after_a_start_connectors_of_an_earlier_life_are_awaited_but_not_for_ever() -> None:
    async def main() -> None:
        ear = Ear()
        tunnel = Tunnel(TENANT, ear, note=ear.note)
        assert tunnel.flow() is None, "nobody knows yet where a new request would go"
        for kind in (Transport.UDP, Transport.TCP):
            assert tunnel.send(flow(kind=kind), numbered(1))
        await pause(KEEP_SECONDS - 0.1)
        assert tunnel.is_open(flow())
        assert ear.gone == []
        await pause(0.2)
        assert not tunnel.is_open(flow())
        assert sorted(ear.gone) == sorted([flow(), flow(kind=Transport.TCP)])
        assert not tunnel.send(flow(), numbered(2))
        await tunnel.close()

    run_virtual(main())


def test_what_was_given_up_is_not_delivered_later() -> None:
    """Its flow was reported closed, so that its sender has tried something else."""

    async def main() -> None:
        ear = Ear()
        tunnel = Tunnel(TENANT, ear, note=ear.note)
        await pause(KEEP_SECONDS - 1)
        assert tunnel.send(flow(), numbered(1))
        await pause(2)
        assert ear.gone == [flow()]
        assert tunnel._waiting.take(asyncio.get_running_loop().time()) == []
        await tunnel.close()

    run_virtual(main())


def test_what_waits_is_bounded_and_so_is_what_is_remembered() -> None:
    async def main() -> None:
        ear = Ear()
        tunnel = Tunnel(TENANT, ear, note=ear.note)
        for number in range(MAX_WAITING):
            assert tunnel.send(flow(remote=Address("10.0.0.5", 1 + number)), numbered(number))
        assert not tunnel.send(flow(), numbered(MAX_WAITING))
        for number in range(tunnels.MAX_FLOWS + 10):
            tunnel.send(flow(remote=Address("10.0.0.5", 10_000 + number)), numbered(number))
        await pause(KEEP_SECONDS + 1)
        assert len(ear.gone) == tunnels.MAX_FLOWS
        await tunnel.close()

    run_virtual(main())


def test_a_tunnel_that_is_closed_awaits_nobody() -> None:
    async def main() -> None:
        ear = Ear()
        tunnel = Tunnel(TENANT, ear, note=ear.note)
        tunnel.send(flow(), numbered(1))
        await tunnel.close()
        assert not tunnel.is_open(flow())
        await pause(KEEP_SECONDS + 1)
        assert ear.gone == []

    run_virtual(main())


def test_what_is_asked_of_connections_does_nothing_here() -> None:
    async def test(at: Edge) -> None:
        async with joined(at):
            at.tunnel.ping(flow(), 1.0)
            at.tunnel.close_flow(flow())
            at.tunnel.reset(flow())
            await turn(3)
            assert at.tunnel.is_open(flow())

    on_loopback(test)


def test_that_one_of_two_connectors_stays_away_is_told_as_a_loss_of_the_pbx(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered there in its name leads nowhere, so all is registered anew by way of the other."""
    monkeypatch.setattr(tunnels, "RETURN_SECONDS", 0.0)

    async def test(at: Edge) -> None:
        async with joined(at):
            async with joined(at, SECOND):
                pass
            await at.ear.until(lambda: len(at.ear.events) == 3)
            assert [event.what for event in at.ear.events] == [
                Happened.PBX_REACHED,
                Happened.PBX_LOST,
                Happened.PBX_REACHED,
            ]
            first, lost, other = (event.fields["connector"] for event in at.ear.events)
            assert first == other != lost

    on_loopback(test)


def test_one_of_two_connectors_that_is_soon_back_is_not_told_as_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnels, "RETURN_SECONDS", 0.1)

    async def test(at: Edge) -> None:
        async with joined(at):
            async with joined(at, SECOND):
                pass
            await at.ear.until_told("is gone")
            async with joined(at, SECOND):
                await pause(0.2)
                assert [event.what for event in at.ear.events] == [Happened.PBX_REACHED]

    on_loopback(test)


def test_a_new_request_has_nowhere_to_go_soon_after_the_last_connector_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(at: Edge) -> None:
        async with joined(at):
            pass
        await at.ear.until_told("is gone")
        monkeypatch.setattr(tunnels, "RETURN_SECONDS", 0.0)
        assert at.tunnel.flow() is None

    on_loopback(test)


def test_the_first_answer_to_a_call_of_an_earlier_life_tells_where_new_requests_go() -> None:
    async def test(at: Edge) -> None:
        assert at.tunnel.flow() is None
        assert at.tunnel.send(flow(), numbered(1))
        assert at.tunnel.send(flow(SECOND), numbered(2))
        assert at.tunnel.flow() == flow()
        async with joined(at, SECOND):
            assert at.tunnel.flow() == flow(SECOND)

    on_loopback(test)
