"""Nobody can make a phone wake more often than its owner minds (RFC 8599 section 13, reliability S11, ADR 0017)."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from ipaddress import ip_network
from itertools import pairwise

import pytest
from tests.support.in_world import answer, asleep, awake, call, cancel, hang_up, in_world, line_of
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone, World

from ringwake.model.events import Happened
from ringwake.model.push import Kind
from ringwake.ua.call import CallState
from ringwake.wake.budget import WAKES_A_MINUTE, Budget
from ringwake.wake.callers import ALL_CALLERS, Callers
from ringwake.wake.rate import Rate

WINDOW = 20.0
WAKING = (Kind.CALL, Kind.MESSAGE, Kind.WAKE)


def wakes(world: World, *kinds: Kind) -> list[float]:
    """Return when the phones were pushed to so that they wake."""
    return [at for at, push in world.provider.pushes if push.notice.kind in (kinds or WAKING)]


def most_in_a_minute(times: list[float]) -> int:
    return max((sum(first <= at < first + 60.0 for at in times) for first in times), default=0)


def reasons(world: World) -> Counter[object]:
    return Counter(e.fields["reason"] for e in world.events if e.what is Happened.PUSH_SUPPRESSED)


async def pbx(world: World) -> Stranger:
    """Return a PBX that may call for anybody: a peer."""
    world.core.gate = replace(world.core.gate, peers=(ip_network("203.0.113.66"),))
    return await Stranger(world).open()


async def flood(trunk: Stranger, *, callers: int, each_second: int, cancels: bool) -> None:
    """Call alice for a minute, as fast as that, in the name of so many callers in turn."""
    for number in range(60 * each_second):
        invite = trunk.request(
            "INVITE",
            f"sip:alice@{DOMAIN}",
            f"Contact: <sip:{trunk.address}>",
            sender=f"sip:caller{number % callers}@pbx.example.net",
        )
        trunk.send(invite)
        if cancels:
            await pause(0.5 / each_second)
            trunk.send(trunk.request("CANCEL", invite.uri, branch=invite.via.branch, call_id=invite.call_id))
        await pause((0.5 if cancels else 1.0) / each_second)


@pytest.mark.parametrize("cancels", [False, True])
@pytest.mark.parametrize("comes", [False, True])
@pytest.mark.parametrize("callers", [1, 1000])
def test_a_flood_of_calls_wakes_a_sleeping_phone_four_times_a_minute_at_most(
    callers: int, comes: bool, cancels: bool
) -> None:
    """Whether it comes each time and sleeps again, or never does; whether the callers hang up at once, or wait."""
    check_flood(callers=callers, comes=comes, cancels=cancels, each_second=10)


@pytest.mark.torture
@pytest.mark.parametrize("cancels", [False, True])
@pytest.mark.parametrize("callers", [1, 1000])
def test_a_thousand_calls_a_second_wake_it_no_more_often(callers: int, cancels: bool) -> None:
    check_flood(callers=callers, comes=True, cancels=cancels, each_second=1000)


def check_flood(*, callers: int, comes: bool, cancels: bool, each_second: int) -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = comes
        dozing = asyncio.create_task(doze(alice))
        began = world.loop.time()
        trunk = await pbx(world)
        await flood(trunk, callers=callers, each_second=each_second, cancels=cancels)
        dozing.cancel()
        times = wakes(world)
        assert 1 <= most_in_a_minute(times) <= WAKES_A_MINUTE
        assert len(times) <= 2 * WAKES_A_MINUTE
        if not comes:
            assert all(later - before >= WINDOW for before, later in pairwise(times))
        assert len(world.pushed("cancel")) + len(world.pushed("missed")) <= len(times), "one notice for a wake"
        assert len(world.core.calls) <= 2 + 2 * ALL_CALLERS, "what waits is bounded"
        assert world.loop.time() - began < 70
        assert ("caller_limit" if callers == 1 else "account_limit") in reasons(world)
        await trunk.close()

    in_world(test)


async def doze(phone: Phone) -> None:
    """Let a phone sleep again a second after each wake: the worst that a flood can bring about."""
    while True:
        await pause(1.0)
        await phone.sleep()


def test_who_is_turned_away_hears_when_to_call_again() -> None:
    async def test(world: World) -> None:
        await asleep(world)
        world.phones[0].wakes = False
        trunk = await pbx(world)
        invites = [
            trunk.request("INVITE", f"sip:alice@{DOMAIN}", "Contact: <sip:203.0.113.66>", sender="sip:x@pbx.example")
            for _ in range(4)
        ]
        for invite in invites:
            trunk.send(invite)
            await pause(1)
        (answer,) = [r for r in trunk.responses_to(invites[3]) if r.status > 100]
        assert (answer.status, answer.headers.get("retry-after")) == (480, "57")
        trunk.send(invites[3])
        await pause(1)
        assert len(trunk.responses_to(invites[3])) == 2, "again, to a retransmission"
        assert [r.status for r in trunk.responses_to(invites[2])] == [100], "the others wait"
        told = [e.what for e in world.events if e.trace == world.core.trace(invites[3])]
        assert told == [Happened.INVITE_RECEIVED, Happened.PUSH_SUPPRESSED, Happened.CALL_ENDED]
        assert reasons(world)["caller_limit"] == 1

    in_world(test)


@pytest.mark.parametrize("whose", ["caller_total_limit", "tenant_limit"])
def test_who_goes_through_all_accounts_is_turned_away_and_nobody_is_pushed_to(whose: str) -> None:
    async def test(world: World) -> None:
        for user in ("alice", "bob", "carol"):
            (await asleep(world, user)).wakes = False
        tenants = Rate(most=2 if whose == "tenant_limit" else 100)
        callers = Callers(total=2 if whose == "caller_total_limit" else 100, tenants=tenants)
        budget = Budget(window=WINDOW, tenants=tenants)
        world.core.means = replace(world.core.means, callers=callers, budget=budget)
        trunk = await pbx(world)
        invites = [
            trunk.request("INVITE", f"sip:{user}@{DOMAIN}", "Contact: <sip:203.0.113.66>", sender="sip:x@pbx.example")
            for user in ("alice", "bob", "carol")
        ]
        for invite in invites:
            trunk.send(invite)
            await pause(1)
        (said,) = [r for r in trunk.responses_to(invites[2]) if r.status > 100]
        assert said.status == 480
        assert 1 <= int(said.headers.get("retry-after") or 0) <= 120
        assert (len(wakes(world)), reasons(world)[whose]) == (2, 1)

    in_world(test)


def test_an_application_that_is_pushed_to_too_often_leaves_calls_waiting_and_loses_none() -> None:
    async def test(world: World) -> None:
        phones = [await asleep(world, user) for user in ("alice", "bob", "carol")]
        boss = await awake(world)
        budget = Budget(window=WINDOW, apps=Rate(most=2, seconds=5.0))
        world.core.means = replace(world.core.means, budget=budget)
        for phone in phones:
            phone.on_call = answer
        calls = [call(boss, phone) for phone in phones]
        await pause(1)
        assert [each.state for each in calls] == [CallState.UP, CallState.UP, CallState.TRYING]
        assert reasons(world)["app_limit"] == 1
        await pause(10)
        assert calls[2].state is CallState.UP

    in_world(test)


# ---- and yet no honest call is lost


def test_a_phone_whose_owner_answers_is_woken_for_each_call() -> None:
    async def test(world: World) -> None:
        alice, callers = await asleep(world), [await awake(world, user) for user in ("boss", "bob", "carol")]
        alice.on_call = answer
        for number in range(9):
            caller = callers[number % 3]
            outgoing = call(caller, alice)
            await pause(2)
            assert outgoing.state is CallState.UP, number
            hang_up(caller, outgoing)
            await pause(1)
            await alice.sleep()
        assert len(wakes(world)) == 9
        assert most_in_a_minute(wakes(world)) == 9

    in_world(test)


def test_a_call_that_comes_when_a_phone_was_woken_too_often_waits_for_it() -> None:
    """It is not pushed for, and rings as soon as the phone comes by itself."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        boss, bob = await awake(world, "boss"), await awake(world, "bob")
        world.core.means = replace(world.core.means, callers=Callers(each=100))
        for _ in range(4):
            hasty = call(boss, alice)
            await pause(1)
            cancel(boss, hasty)
            await pause(1)
            await alice.sleep()
        pushed = len(wakes(world))
        honest = call(bob, alice)
        await pause(5)
        assert (len(wakes(world)), honest.state) == (pushed, CallState.TRYING)
        assert reasons(world)["phone_limit"] == 1
        alice.on_call = answer
        await alice.wake()
        await pause(1)
        assert honest.state is CallState.UP

    in_world(test)


def test_it_is_pushed_for_as_soon_as_there_is_room_again() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        boss, bob = await awake(world, "boss"), await awake(world, "bob")
        world.core.means = replace(world.core.means, callers=Callers(each=100))
        first = world.loop.time()
        for _ in range(4):
            hasty = call(boss, alice)
            await pause(1)
            cancel(boss, hasty)
            await pause(11)
            await alice.sleep()
        alice.on_call = answer
        honest = call(bob, alice)
        await pause(15)
        assert wakes(world)[-1] == pytest.approx(first + 60, abs=1)
        assert honest.state is CallState.UP

    in_world(test)


def test_one_caller_leaves_a_wake_for_the_others() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        boss, bob = await awake(world, "boss"), await awake(world, "bob")
        for _ in range(20):
            hasty = call(boss, alice)
            await pause(0.8)
            cancel(boss, hasty)
            await pause(0.2)
            await alice.sleep()
        alice.on_call = answer
        honest = call(bob, alice)
        await pause(2)
        assert honest.state is CallState.UP

    in_world(test)


def test_a_flood_of_messages_leaves_wakes_for_calls_and_loses_none_of_them() -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        world.provider.delay = 0.01
        texts = [f"message {number}" for number in range(40)]
        for text in texts:
            await line_of(boss).message(alice.aor, text)
            await pause(1)
            await alice.sleep()
        assert most_in_a_minute(wakes(world)) == WAKES_A_MINUTE // 2
        alice.on_call = answer
        outgoing = call(boss, alice)
        await pause(2)
        assert outgoing.state is CallState.UP
        await pause(60)
        assert sorted(set(alice.texts)) == sorted(texts)

    in_world(test)


def test_who_has_a_phone_that_is_awake_may_be_called_as_often_as_anybody_likes() -> None:
    async def test(world: World) -> None:
        boss, bob = await awake(world), await awake(world, "bob", push=True)
        for _ in range(20):
            outgoing = call(boss, bob)
            await pause(0.5)
            cancel(boss, outgoing)
            await pause(0.5)
        assert len(bob.calls) == 20
        assert wakes(world) == []

    in_world(test)
