"""Two callers, one phone, one push: whoever hangs up, and whatever the provider says, the other's call rings."""

from __future__ import annotations

import pytest
from tests.support.in_world import answer, asleep, awake, call, cancel, in_world
from tests.support.virtual_loop import pause
from tests.support.world import World

from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Throttled, Unreachable
from ringwake.ua.call import CallState


def test_the_second_call_rings_though_the_first_was_cancelled_before_the_phone_woke() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss, bob = await awake(world, "boss"), await awake(world, "bob")
        first = call(boss, alice)
        await pause(0.5)
        second = call(bob, alice)
        await pause(0.5)
        cancel(boss, first)
        await pause(2)
        assert (first.state, first.status) == (CallState.ENDED, 487)
        assert len(world.pushed("call")) == 1
        alice.on_call = answer
        await alice.wake()  # by the push of the first
        await pause(2)
        assert [incoming.call_id for incoming in alice.calls] == [second.call_id]
        assert second.state is CallState.UP

    in_world(test)


def test_the_second_call_rings_though_the_push_of_the_first_was_lost_on_the_way() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss, bob = await awake(world, "boss"), await awake(world, "bob")
        call(boss, alice)
        await pause(10)
        second = call(bob, alice)
        await pause(9)
        alice.wakes, alice.on_call = True, answer
        await pause(5)
        assert second.state is CallState.UP
        assert len(world.pushed("call")) <= 2, "at most one more, when the time of the first was over"

    in_world(test)


@pytest.mark.parametrize(
    "outcome", [Unreachable("down"), Throttled("slow", 60.0), Refused("InvalidProviderToken", 403)]
)
def test_a_shared_push_that_is_rejected_is_sent_for_whoever_still_waits(outcome: Outcome) -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.on_call = answer
        world.provider.delay = 1.0
        world.provider.answer = lambda _: outcome
        boss, bob = await awake(world, "boss"), await awake(world, "bob")
        first = call(boss, alice)
        await pause(0.3)
        second = call(bob, alice)
        await pause(0.3)
        assert len(world.pushed("call")) == 1
        cancel(boss, first)
        await pause(0.5)
        world.provider.answer = lambda _: Accepted("1")
        await pause(3)
        assert second.state is CallState.UP
        assert len(alice.calls) == 1

    in_world(test)


def test_two_accounts_of_one_phone_share_its_wake() -> None:
    """RFC 8599 section 4.1.3: woken, it refreshes all its bindings."""

    async def test(world: World) -> None:
        alice, carol = await asleep(world, "alice"), world.phone("carol")
        carol.token, carol.address = alice.token, alice.address
        await carol.wake()
        await carol.sleep()
        await pause(60)
        alice.wakes = carol.wakes = False
        boss, bob = await awake(world, "boss"), await awake(world, "bob")
        to_alice, to_carol = call(boss, alice), call(bob, carol)
        await pause(1)
        assert len(world.pushed("call")) == 1
        for phone in (alice, carol):
            phone.on_call = answer
            await phone.wake()
        await pause(1)
        assert [to_alice.state, to_carol.state] == [CallState.UP, CallState.UP]

    in_world(test)


def test_a_thousand_callers_are_one_push_a_window() -> None:
    """Reliability S11, P6: who hangs up and calls again, over and over, costs the phone no more than anybody else."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss = await awake(world)
        began = world.loop.time()
        for _ in range(120):
            outgoing = call(boss, alice)
            await pause(0.25)
            cancel(boss, outgoing)
            await pause(0.25)
        kinds = [push.notice.kind for at, push in world.provider.pushes if at >= began]
        assert len(kinds) <= 2 * 4, kinds
        assert kinds.count(Kind.CALL) <= 4

    in_world(test)


def test_no_push_of_an_ended_call_is_sent_again_for_it() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        seen: list[Push] = []

        def answered(push: Push) -> Outcome:
            seen.append(push)
            return Unreachable("down")

        world.provider.answer = answered
        boss = await awake(world)
        outgoing = call(boss, alice)
        await pause(3)
        cancel(boss, outgoing)
        await pause(0.1)
        count = sum(push.notice.kind is Kind.CALL for push in seen)
        await pause(300)
        assert sum(push.notice.kind is Kind.CALL for push in seen) == count
        told = [push for push in seen if push.notice.kind is not Kind.CALL]
        assert {push.notice.kind for push in told} == {Kind.MISSED}, "what is tried again says that it is over"
        assert len(told) < 50

    in_world(test)
