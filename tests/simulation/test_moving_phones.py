"""Phones that change the network while they ring: the call goes on, and is still one call (reliability F16)."""

from __future__ import annotations

import pytest
from tests.support.in_world import answer, asleep, awake, call, hang_up, in_world, line_of
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone, World

from ringwake.sip.flow import Address, Transport
from ringwake.ua.call import CallState


async def move(phone: Phone, *, away: float) -> None:
    """Lose the connection, and come back on another one; calls stay as they are."""
    line = line_of(phone)
    here = phone.world.network.host(line.flow.transport, line.flow.local)
    assert here is not None
    here.close_flow(line.flow)
    await pause(away)
    await line.open()
    await phone.register()


@pytest.mark.parametrize("has_token", [True, False])
@pytest.mark.parametrize("after", [2.0, 40.0])
@pytest.mark.parametrize("away", [0.0, 1.5])
def test_a_phone_that_moves_while_it_rings_is_still_called(*, has_token: bool, after: float, away: float) -> None:
    async def test(world: World) -> None:
        alice = await awake(world, "alice", push=has_token, transport=Transport.TCP)
        boss = await awake(world)
        outgoing = call(boss, alice)
        await pause(after)
        assert outgoing.state.value == "ringing"
        await move(alice, away=away)
        await pause(1)
        assert (outgoing.state, len(alice.calls)) == (CallState.RINGING, 1)
        answer(alice, alice.calls[0])
        await pause(1)
        assert outgoing.state is CallState.UP
        hang_up(boss, outgoing)
        await pause(1)
        assert alice.calls[0].ending == "bye"

    in_world(test)


def test_a_phone_that_keeps_moving_rings_no_longer_than_one_that_stays() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        boss = await awake(world)
        began = world.loop.time()
        outgoing = call(boss, alice)
        await pause(2)
        while outgoing.state is CallState.RINGING:
            await move(alice, away=0.5)
            await pause(4)
        assert (outgoing.status, len(alice.calls)) == (480, 1)
        assert world.loop.time() - began <= world.timing.wake + world.timing.ring + 6

    in_world(test)


# ---- the connection that a phone has left


async def registered(phone: Stranger, user: str, instance: str, *more: str) -> None:
    contact = f'<sip:{user}@{phone.address}>;+sip.instance="<urn:uuid:{instance}>"' + "".join(more)
    fields = ("Supported: path, outbound",) if more else ()
    ok = await phone.ask_as(user, phone.register(user, *fields, contact=contact))
    assert ok.status == 200


def invites(phone: Stranger) -> list[str]:
    """Return the branches of the INVITEs that have come."""
    return [request.via.branch for request in phone.requests if request.method == "INVITE"]


def wires(world: World, count: int) -> list[Stranger]:
    """Return connections that are not open yet."""
    return [Stranger(world, address=Address("10.0.0.50", 4000 + number)) for number in range(count)]


@pytest.mark.parametrize(("other", "is_reset"), [("1", True), ("2", False)])
def test_a_connection_is_reset_unless_another_phone_is_on_it(*, other: str, is_reset: bool) -> None:
    """A phone with two accounts has both on one connection, and moves both."""

    async def test(world: World) -> None:
        old, new = [await wire.open() for wire in wires(world, 2)]
        await registered(old, "alice", "1")
        await registered(old, "bob", other)
        call(await awake(world), f"sip:alice@{DOMAIN}")
        await pause(0.1)
        await registered(new, "alice", "1")
        await pause(0.1)
        assert old.recorder.gone == ([old.flow] if is_reset else [])
        assert len(invites(old)) == 1
        assert invites(old) == invites(new), "whatever comes twice is a retransmission"
        await registered(new, "bob", other)
        assert len(invites(new)) == 1

    in_world(test)


def test_a_connection_that_owes_nothing_stays() -> None:
    async def test(world: World) -> None:
        old, new = [await wire.open() for wire in wires(world, 2)]
        await registered(old, "alice", "1")
        call(await awake(world), f"sip:alice@{DOMAIN}")
        await pause(0.1)
        old.answer(old.requests[0], 180)
        await pause(0.1)
        await registered(new, "alice", "1")
        await pause(0.1)
        assert (old.recorder.gone, invites(new)) == ([], [])

    in_world(test)


def test_the_second_flow_of_a_phone_is_not_one_that_it_has_left() -> None:
    """RFC 5626: each flow has a binding of its own, and only one at a time carries the call."""

    async def test(world: World) -> None:
        first, second, third = [await wire.open() for wire in wires(world, 3)]
        await registered(first, "alice", "1", ";reg-id=1")
        await registered(second, "alice", "1", ";reg-id=2")
        call(await awake(world), f"sip:alice@{DOMAIN}")
        await pause(0.1)
        assert (len(invites(first)), len(invites(second))) in ((0, 1), (1, 0))
        idle = 2 if invites(first) else 1
        await registered(third, "alice", "1", f";reg-id={idle}")
        await pause(0.1)
        assert (first.recorder.gone, second.recorder.gone, invites(third)) == ([], [], [])

    in_world(test)
