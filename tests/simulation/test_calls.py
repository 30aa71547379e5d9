"""Calls through a whole server in memory, in virtual time."""

from __future__ import annotations

import pytest
from tests.support.in_world import answer, asleep, line_of, refuse
from tests.support.virtual_loop import pause, run_virtual
from tests.support.world import World

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.sip.flow import Transport
from ringwake.ua.call import CallState


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP, Transport.TLS])
def test_a_terminated_phone_wakes_and_gets_exactly_one_invite(transport: Transport) -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice", transport=transport)
        alice.on_call = answer
        boss = world.phone("boss", push=False, transport=transport)
        await boss.wake()
        call = line_of(boss).conversations.call(alice.aor)
        await pause(5)
        assert call.state is CallState.UP
        assert [c.state for c in alice.calls] == [CallState.UP]
        assert len(world.pushed("call")) == 1
        line_of(boss).conversations.hang_up(call)
        await pause(1)
        assert alice.calls[0].state is CallState.ENDED
        await pause(60)
        assert len(world.core.calls) == 2  # refresher and upkeep
        await world.close()

    run_virtual(main())


def test_the_callee_hangs_up() -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        alice.on_call = answer
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(alice.aor)
        await pause(5)
        line_of(alice).conversations.hang_up(alice.calls[0])
        await pause(1)
        assert call.state is CallState.ENDED
        await world.close()

    run_virtual(main())


def test_a_caller_that_hangs_up_before_the_wake_stops_everything() -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        alice.wakes = False
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(alice.aor)
        await pause(0.5)
        line_of(boss).conversations.cancel(call)
        await pause(0.5)
        assert (call.state, call.status) == (CallState.ENDED, 487)
        assert [p.notice.kind for _, p in world.provider.pushes] == ["call", "missed"]
        await alice.wake()
        await pause(30)
        assert alice.calls == []
        await world.close()

    run_virtual(main())


def test_cancel_stops_the_push_that_cannot_get_through() -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        world.provider.answer = lambda _: Unreachable("down")
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(alice.aor)
        await pause(0.5)
        line_of(boss).conversations.cancel(call)
        await pause(0.1)
        sent = len(world.pushed("call"))
        await pause(60)
        assert len(world.pushed("call")) == sent
        await world.close()

    run_virtual(main())


@pytest.mark.parametrize(("status", "end"), [(486, 486), (603, 603)])
def test_a_declined_call_ends_with_the_phones_word(status: int, end: int) -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        alice.on_call = refuse(status)
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(alice.aor)
        await pause(5)
        assert call.status == end
        assert len(alice.calls) == 1
        await world.close()

    run_virtual(main())


def test_a_phone_that_never_comes_is_480_at_the_deadline() -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        alice.wakes = False
        boss = world.phone("boss", push=False)
        await boss.wake()
        started = world.loop.time()
        call = line_of(boss).conversations.call(alice.aor)
        while call.state is not CallState.ENDED:
            await pause(0.1)
        assert call.status == 480
        assert 19.5 <= world.loop.time() - started <= 21
        assert [p.notice.kind for _, p in world.provider.pushes] == ["call", "missed"]
        await alice.wake()
        await pause(5)
        assert alice.calls == []
        await world.close()

    run_virtual(main())


@pytest.mark.parametrize("outcome", [Unregistered("Unregistered"), Refused("BadMessageId", 400)])
def test_a_dead_token_ends_the_call_at_once(outcome: Outcome) -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        world.provider.answer = lambda _: outcome
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(alice.aor)
        await pause(1)
        assert call.status == 480
        assert len(world.pushed("call")) == 1
        await world.close()

    run_virtual(main())


@pytest.mark.parametrize("outcome", [Unreachable("down"), Throttled("slow", 1.0), Refused("InvalidProviderToken", 403)])
def test_a_provider_that_comes_back_inside_the_window_rings_the_phone(outcome: Outcome) -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        alice.on_call = answer
        world.provider.answer = lambda _: outcome
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(alice.aor)
        await pause(6)
        ids = {p.notice.id for p in world.pushed("call")}
        assert len(ids) == 1
        assert len(world.pushed("call")) > 1
        world.provider.answer = lambda _: Accepted("1")
        await pause(6)
        assert call.state is CallState.UP
        assert len(alice.calls) == 1
        await world.close()

    run_virtual(main())


def test_all_devices_ring_and_the_losers_are_told() -> None:
    async def main() -> None:
        world = World()
        awake = world.phone("alice", push=False)
        sleeper = await asleep(world, "alice")
        late = await asleep(world, "alice")
        late.wakes = False
        await awake.wake()
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(awake.aor)
        await pause(2)
        assert call.state.value == "ringing"
        assert len(awake.calls) == len(sleeper.calls) == 1
        answer(sleeper, sleeper.calls[0])
        await pause(2)
        assert call.state is CallState.UP
        assert (awake.calls[0].state, awake.calls[0].ending) == (CallState.ENDED, "answered elsewhere")
        assert [p.notice.kind for _, p in world.provider.pushes] == ["call", "call", "elsewhere"]
        await late.wake()
        await pause(2)
        assert late.calls == []
        await world.close()

    run_virtual(main())


def test_a_busy_phone_leaves_the_call_to_the_others() -> None:
    async def main() -> None:
        world = World()
        busy = world.phone("alice", push=False)
        busy.on_call = refuse(486)
        sleeper = await asleep(world, "alice")
        sleeper.on_call = answer
        await busy.wake()
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(busy.aor)
        await pause(2)
        assert call.state is CallState.UP
        await world.close()

    run_virtual(main())


def test_nobody_answers() -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        boss = world.phone("boss", push=False)
        await boss.wake()
        started = world.loop.time()
        call = line_of(boss).conversations.call(alice.aor)
        while call.state is not CallState.ENDED:
            await pause(0.5)
        assert call.status == 480
        assert 59 <= world.loop.time() - started <= 65
        assert alice.calls[0].ending == "cancelled"
        await world.close()

    run_virtual(main())


def test_a_live_flow_that_is_dead_is_woken_by_push_after_a_second() -> None:
    async def main() -> None:
        world = World()
        alice = world.phone("alice", transport=Transport.UDP)
        alice.on_call = answer
        await alice.wake()
        await alice.sleep()  # its socket is gone, and nobody was told
        boss = world.phone("boss", push=False)
        await boss.wake()
        call = line_of(boss).conversations.call(alice.aor)
        await pause(0.9)
        assert world.pushed("call") == []
        await pause(2)
        assert call.state is CallState.UP
        assert len(alice.calls) == 1
        assert len(world.pushed("call")) == 1
        await world.close()

    run_virtual(main())


def test_a_phone_awake_is_not_pushed() -> None:
    async def main() -> None:
        world = World()
        alice = world.phone("alice")
        await alice.wake()
        boss = world.phone("boss", push=False)
        await boss.wake()
        line_of(boss).conversations.call(alice.aor)
        await pause(10)
        assert len(alice.calls) == 1
        assert world.provider.pushes == []
        await world.close()

    run_virtual(main())


def test_registers_in_a_row_bring_one_invite() -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        alice.wakes = False
        boss = world.phone("boss", push=False)
        await boss.wake()
        line_of(boss).conversations.call(alice.aor)
        await pause(0.2)
        await alice.wake()
        for _ in range(5):
            await alice.register()
        await pause(5)
        assert len(alice.calls) == 1
        await world.close()

    run_virtual(main())


def test_two_calls_share_one_wake() -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        alice.wakes = False
        boss, bob = world.phone("boss", push=False), world.phone("bob", push=False)
        await boss.wake()
        await bob.wake()
        line_of(boss).conversations.call(alice.aor)
        await pause(0.3)
        line_of(bob).conversations.call(alice.aor)
        await pause(0.3)
        assert len(world.pushed("call")) == 1
        await alice.wake()
        await pause(1)
        assert len(alice.calls) == 2
        await world.close()

    run_virtual(main())


def test_unknown_and_foreign_callees_are_404_and_403() -> None:
    async def main() -> None:
        world = World()
        boss = world.phone("boss", push=False)
        await boss.wake()
        calls = [line_of(boss).conversations.call(uri) for uri in ("sip:nobody@example.com", "sip:x@elsewhere.net")]
        await pause(1)
        assert [call.status for call in calls] == [404, 403]
        await world.close()

    run_virtual(main())


def test_messages_reach_a_sleeping_phone_in_order() -> None:
    async def main() -> None:
        world = World()
        alice = await asleep(world, "alice")
        boss = world.phone("boss", push=False)
        await boss.wake()
        assert [await line_of(boss).message(alice.aor, text) for text in ("one", "two", "three")] == [202] * 3
        await pause(5)
        assert alice.texts == ["one", "two", "three"]
        assert len(world.pushed("message")) == 1
        await pause(60)
        await alice.sleep()
        await alice.wake()
        await pause(5)
        assert alice.texts == ["one", "two", "three"]
        await world.close()

    run_virtual(main())


def test_a_silent_push_renews_the_registration() -> None:
    async def main() -> None:
        world = World()
        await asleep(world, "alice")
        await pause(7 * 86400)
        assert len(world.pushed("refresh")) == 1
        await world.close()

    run_virtual(main(), limit=30 * 86400)


@pytest.mark.parametrize("seed", range(5))
def test_calls_survive_a_lossy_network(seed: int) -> None:
    async def main() -> None:
        world = World(seed=seed)
        alice = await asleep(world, "alice", transport=Transport.UDP)
        boss = world.phone("boss", push=False, transport=Transport.UDP)
        await boss.wake()
        world.network.weather.loss = 0.25
        alice.on_call = answer
        call = line_of(boss).conversations.call(alice.aor)
        await pause(30)
        assert call.state is CallState.UP
        assert len(alice.calls) == 1
        line_of(boss).conversations.hang_up(call)
        await pause(40)
        await world.close()

    run_virtual(main())
