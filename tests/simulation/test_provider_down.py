"""A push service that fails is left alone, and the calls of those seconds ring once it is back (reliability F1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from tests.support.in_world import answer, asleep, awake, call, cancel, in_world, line_of
from tests.support.virtual_loop import pause
from tests.support.world import Phone, World

from ringwake.model.events import Happened
from ringwake.model.push import Accepted, Kind, Outcome, Push, Throttled, Unreachable
from ringwake.ua.call import CallState, OutgoingCall
from ringwake.wake.breaker import CALL_PAUSES, CALL_PROBES, FAILURES
from ringwake.wake.means import Timing

DOWN = Unreachable("connection refused")
WINDOW = Timing().wake


def down_for(world: World, seconds: float, failure: Outcome = DOWN) -> float:
    """Let the service fail for so long; return when it is back."""
    back = world.loop.time() + seconds
    world.provider.answer = lambda _: failure if world.loop.time() < back else Accepted("1")
    return back


def pushes(world: World, since: float) -> list[tuple[float, Push]]:
    return [(at, push) for at, push in world.provider.pushes if at >= since]


def noted(world: World, what: Happened) -> list[float]:
    return [event.at for event in world.events if event.what is what]


async def sleepers(world: World) -> list[Phone]:
    phones = [await asleep(world, user) for user in ("alice", "bob", "carol")]
    for phone in phones:
        phone.on_call = answer
    return phones


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0, 15.0])
def test_a_call_rings_when_the_provider_returns_within_its_window(seconds: float) -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        alice.on_call = answer
        back = down_for(world, seconds)
        outgoing = call(boss, alice)
        await pause(seconds + CALL_PAUSES[-1] + 1.5)
        assert outgoing.state is CallState.UP
        (woken,) = noted(world, Happened.DEVICE_WOKEN)
        assert woken - back < CALL_PAUSES[-1] + 1.0
        ids = {push.notice.id for _, push in pushes(world, back - seconds) if push.notice.kind is Kind.CALL}
        assert len(ids) == 1, "each attempt is the same push"

    in_world(test)


def test_while_it_is_down_it_is_asked_by_a_few_pushes_a_second() -> None:
    """However many calls wait for it: 40 here, which would have tried 13 times each."""

    async def test(world: World) -> None:
        phones, boss = await sleepers(world), await awake(world)
        began = world.loop.time()
        down_for(world, 3600.0)
        calls: list[OutgoingCall] = []
        for number in range(40):
            calls.append(call(boss, phones[number % 3]))
            await pause(0.4)
            if number % 2:
                cancel(boss, calls[-1])
        await pause(WINDOW + 5)
        assert all(outgoing.state is not CallState.UP for outgoing in calls)
        asked = [at for at, _ in pushes(world, began)]
        (opened,) = noted(world, Happened.CIRCUIT_OPENED)
        assert sum(at <= opened for at in asked) <= FAILURES + 3, "with those under way when the fifth failed"
        probes = [at for at in asked if at > opened]
        assert probes
        settled = [at for at in probes if at > opened + sum(CALL_PAUSES)]
        assert max(sum(first <= at < first + 0.9 for at in settled) for first in settled) <= CALL_PROBES
        reasons = Counter(e.fields["reason"] for e in world.events if e.what is Happened.PUSH_SUPPRESSED)
        assert reasons["circuit_open"]

    in_world(test)


def test_all_calls_ring_that_waited_for_it() -> None:
    async def test(world: World) -> None:
        phones, boss = await sleepers(world), await awake(world)
        down_for(world, 9.0)
        outgoing: list[OutgoingCall] = []
        for phone in phones:
            outgoing.append(call(boss, phone))
            await pause(0.3)
        await pause(9.0 + CALL_PAUSES[-1] + 1.0)
        assert [each.state for each in outgoing] == [CallState.UP] * 3
        assert len(noted(world, Happened.CIRCUIT_CLOSED)) == 1

    in_world(test)


def test_a_call_does_not_wait_until_a_refresh_has_seen_whether_it_is_back() -> None:
    """The refresh hangs for its whole time-out; the call goes beside it."""

    async def test(world: World) -> None:
        alice, bob, boss = await asleep(world), await asleep(world, "bob"), await awake(world)
        circuits, now = world.core.means.budget.circuits, world.loop.time()
        bob.on_call = answer
        push = await _push_of(world, boss, alice)
        for _ in range(FAILURES):
            circuits.heard(push, DOWN, now)
        await pause(5.0)
        refresh = replace(push, notice=replace(push.notice, kind=Kind.REFRESH, id="r"))
        circuits.sent(refresh, world.loop.time())
        outgoing = call(boss, bob)
        await pause(0.6)
        assert outgoing.state is CallState.UP

    in_world(test)


async def _push_of(world: World, boss: Phone, phone: Phone) -> Push:
    """Call a phone for a moment, and return the push of that."""
    hasty = call(boss, phone)
    await pause(1)
    cancel(boss, hasty)
    await pause(1)
    return world.pushed("call")[-1]


def test_the_services_own_pause_is_kept_by_all_calls() -> None:
    async def test(world: World) -> None:
        phones, boss = await sleepers(world), await awake(world)
        began = world.loop.time()
        back = down_for(world, 3.0, Throttled("HTTP 503", 6.0))
        outgoing = [call(boss, phone) for phone in phones]
        await pause(WINDOW)
        assert [each.state for each in outgoing] == [CallState.UP] * 3
        asked = [at for at, _ in pushes(world, began)]
        assert not [at for at in asked if began + 1 < at < back], "nobody asks before it is said to be back"
        assert len(asked) <= 6

    in_world(test)


def test_a_message_is_pushed_for_when_the_service_is_back() -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        down_for(world, 60.0)
        await line_of(boss).message(alice.aor, "hello")
        await pause(75)
        assert alice.texts == ["hello"]
        failed = [e for e in world.events if e.what is Happened.PUSH_FAILED]
        assert len(failed) < 30

    in_world(test)


def test_a_phone_that_is_awake_rings_all_the_same() -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        down_for(world, 3600.0)
        for _ in range(2):
            hasty = call(boss, alice)
            await pause(6)
            cancel(boss, hasty)
        await alice.wake()
        alice.on_call = answer
        outgoing = call(boss, alice)
        await pause(0.5)
        assert outgoing.state is CallState.UP

    in_world(test)
