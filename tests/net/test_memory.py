"""The network in memory: what it loses, what it delays, and that one seed repeats one history."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.support.recorder import Recorder
from tests.support.virtual_loop import pause, run_virtual

from ringwake.net.memory import MemoryCarrier, MemoryNetwork, Weather
from ringwake.sip.flow import Address, Flow, Transport

ALICE, BOB = Address("10.0.0.1", 5060), Address("10.0.0.2", 5060)


class Two:
    """Two hosts."""

    def __init__(self, transport: Transport, *, seed: int = 1, weather: Weather | None = None) -> None:
        self.network = MemoryNetwork(asyncio.get_running_loop(), seed=seed, weather=weather)
        self.alice, self.bob = Recorder(), Recorder()
        self.left: MemoryCarrier = self.network.carrier(transport, ALICE, self.alice)
        self.right: MemoryCarrier = self.network.carrier(transport, BOB, self.bob)


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def virtually(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    run_virtual(main())


def test_a_message_takes_its_time() -> None:
    async def test() -> None:
        two = Two(Transport.UDP, weather=Weather(delay=0.5))
        flow = await two.left.connect(BOB)
        assert two.left.send(flow, b"hello")
        await pause(0.49)
        assert two.bob.messages == []
        await pause(0.02)
        assert two.bob.batches == [[(Flow(Transport.UDP, BOB, ALICE), b"hello")]]
        assert [(sent, octets) for _, sent, octets in two.network.sent] == [(flow, b"hello")]

    virtually(test)


@pytest.mark.parametrize("loss", [0.0, 0.3, 1.0])
def test_datagrams_are_lost_by_their_share(loss: float) -> None:
    async def test() -> None:
        two = Two(Transport.UDP, weather=Weather(loss=loss))
        flow = await two.left.connect(BOB)
        for octets in numbered(2000):
            assert two.left.send(flow, octets)
        await pause(1)
        assert len(two.bob.messages) == pytest.approx(2000 * (1 - loss), abs=80 if 0 < loss < 1 else 0)
        assert len(two.network.sent) == 2000

    virtually(test)


def test_connections_lose_and_reorder_nothing() -> None:
    async def test() -> None:
        two = Two(Transport.TCP, weather=Weather(loss=1.0, jitter=1.0))
        flow = await two.left.connect(BOB)
        for octets in numbered(100):
            assert two.left.send(flow, octets)
        await pause(2)
        assert two.bob.messages == numbered(100)

    virtually(test)


def history(seed: int) -> list[bytes]:
    """Return what arrives of 100 datagrams, in which order."""

    async def main() -> list[bytes]:
        two = Two(Transport.UDP, seed=seed, weather=Weather(loss=0.2, jitter=0.5))
        flow = await two.left.connect(BOB)
        for octets in numbered(100):
            two.left.send(flow, octets)
        await pause(1)
        return two.bob.messages

    return run_virtual(main())


def test_one_seed_repeats_one_history() -> None:
    assert history(1) == history(1)
    assert history(1) != history(2)


def test_datagrams_overtake_each_other_by_the_jitter() -> None:
    arrived = history(3)
    assert arrived != sorted(arrived, key=int)


def test_a_connection_is_known_to_both_sides_and_to_no_other() -> None:
    async def test() -> None:
        two = Two(Transport.TLS)
        flow = await two.left.connect(BOB)
        assert two.bob.open == [flow._replace(local=BOB, remote=ALICE)]
        assert two.left.is_open(flow)
        assert two.right.is_open(two.bob.open[0])
        for other in (flow._replace(serial=9), flow._replace(transport=Transport.TCP), two.bob.open[0]):
            assert not two.left.is_open(other)
            assert not two.left.send(other, b"x")
        second = await two.left.connect(BOB)
        assert second.serial != flow.serial

    virtually(test)


def test_closing_one_side_closes_the_other_a_little_later() -> None:
    async def test() -> None:
        two = Two(Transport.TCP, weather=Weather(delay=0.5))
        flow = await two.left.connect(BOB)
        two.left.send(flow, b"last words")
        two.left.close_flow(flow)
        two.left.close_flow(flow)
        assert not two.left.send(flow, b"late")
        assert two.bob.gone == []
        assert two.right.send(two.bob.open[0], b"crossing"), "this side does not know yet"
        await pause(1)
        assert two.bob.messages == [b"last words"]
        assert two.bob.gone == two.bob.open
        assert two.alice.messages == []
        assert two.alice.gone == [flow]
        assert not two.right.send(two.bob.open[0], b"late")

    virtually(test)


def test_a_host_that_leaves_closes_its_connections_and_hears_nothing_more() -> None:
    async def test() -> None:
        two = Two(Transport.TCP)
        flow = await two.left.connect(BOB)
        await two.right.close()
        assert two.left.send(flow, b"to nobody")
        await pause(1)
        assert two.alice.gone == [flow]
        assert two.bob.messages == []
        with pytest.raises(ConnectionRefusedError):
            await two.left.connect(BOB)
        two.left.close_flow(flow)

    virtually(test)


def test_leaving_is_quiet_when_the_other_has_left_before() -> None:
    async def test() -> None:
        two = Two(Transport.TCP)
        flow = await two.left.connect(BOB)
        two.network.forget(two.right)
        two.left.close_flow(flow)
        await pause(1)
        assert two.bob.gone == []

    virtually(test)


def test_datagrams_need_no_connection_and_no_listener() -> None:
    async def test() -> None:
        two = Two(Transport.UDP)
        nobody = Address("10.9.9.9", 5060)
        flow = await two.left.connect(nobody)
        assert two.left.send(flow, b"into the void")
        two.left.close_flow(flow)
        assert two.left.is_open(flow)
        await pause(1)
        assert two.alice.open == []
        assert two.left.addresses() == [ALICE]

    virtually(test)


def test_a_host_that_has_left_sends_nothing_and_takes_nobody_off_the_network() -> None:
    """A server that is started again has the address of the one before."""

    async def test() -> None:
        two = Two(Transport.UDP)
        again = two.network.carrier(Transport.UDP, ALICE, Recorder())
        await two.left.close()
        flow = Flow(Transport.UDP, ALICE, BOB)
        assert not two.left.is_open(flow)
        assert not two.left.send(flow, b"late")
        assert two.network.host(Transport.UDP, ALICE) is again
        assert again.send(flow, b"alive")
        await again.close()
        assert two.network.host(Transport.UDP, ALICE) is None

    virtually(test)


def test_a_cut_cable_holds_what_is_sent_and_tells_nobody() -> None:
    async def test() -> None:
        two = Two(Transport.TCP)
        flow = await two.left.connect(BOB)
        two.network.cut(flow)
        assert two.left.send(flow, b"one")
        assert two.right.send(two.bob.open[0], b"back")
        await pause(100)
        assert (two.bob.messages, two.alice.messages, two.bob.gone) == ([], [], [])
        two.network.mend(flow)
        assert two.left.send(flow, b"two")
        await pause(1)
        assert (two.bob.messages, two.alice.messages) == ([b"one", b"two"], [b"back"])

    virtually(test)


def test_the_other_end_of_a_cut_cable_does_not_hear_of_the_end() -> None:
    async def test() -> None:
        two = Two(Transport.TCP)
        flow = await two.left.connect(BOB)
        two.network.cut(flow)
        two.left.close_flow(flow)
        await pause(1)
        assert (two.alice.gone, two.bob.gone) == ([flow], [])

    virtually(test)


def test_what_was_under_way_never_arrives_after_a_reset() -> None:
    async def test() -> None:
        two = Two(Transport.TCP, weather=Weather(delay=0.5))
        flow = await two.left.connect(BOB)
        two.left.send(flow, b"under way")
        await pause(0.1)
        two.left.reset(flow)
        two.left.reset(flow)
        await pause(1)
        assert (two.bob.messages, two.bob.gone, two.alice.gone) == ([], two.bob.open, [flow])
        again = await two.left.connect(BOB)
        two.network.cut(again)
        two.left.send(again, b"waits")
        two.left.reset(again)
        two.network.mend(again)
        await pause(1)
        assert two.bob.messages == []

    virtually(test)
