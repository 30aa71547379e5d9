"""MESSAGE: on disk, then 202, and in the hands of each phone when it is awake."""

from __future__ import annotations

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, awake, in_world, line_of
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.model.account import Aor
from ringwake.model.events import Event, Happened
from ringwake.model.push import Accepted, Outcome, Unreachable
from ringwake.model.store_ops import KeepMessage
from ringwake.model.tenant import Tenant
from ringwake.sip.flow import Address, Transport
from ringwake.store.directory import MemoryDirectory

ALICE = Aor(f"alice@{DOMAIN}")


def noted(world: World, what: Happened) -> list[Event]:
    return [event for event in world.events if event.what is what]


async def write(world: World, text: str, *more: str, user: str = "alice") -> int:
    """Let the boss write to an account by hand; return the status of the answer."""
    boss = await Stranger(world).open()
    letter = boss.request("MESSAGE", f"sip:{user}@{DOMAIN}", "Content-Type: text/plain", *more, body=text.encode())
    status = (await boss.ask_as("boss", letter)).status
    await boss.close()
    return status


async def restart(world: World) -> None:
    await world.stop()
    await pause(0.1)
    world.start()
    await world.recover()


def test_the_202_waits_for_the_disk() -> None:
    async def test(world: World) -> None:
        await awake(world, "alice")
        assert isinstance(world.store, FaultyStore)
        world.store.broken = (KeepMessage,)
        assert await write(world, "lost") == 503
        world.store.broken = ()
        assert await write(world, "kept") == 202
        await pause(1)
        assert world.phones[0].texts == ["kept"]

    in_world(test, store=FaultyStore)


def test_a_message_that_is_too_long_is_413() -> None:
    async def test(world: World) -> None:
        await asleep(world)
        assert await write(world, "x" * (world.core.max_message + 1)) == 413
        assert await write(world, "x" * world.core.max_message) == 202

    in_world(test)


def test_who_has_no_phone_gets_it_when_one_registers() -> None:
    async def test(world: World) -> None:
        assert await write(world, "welcome") == 202
        phone = await awake(world, "alice")
        await pause(1)
        assert phone.texts == ["welcome"]

    in_world(test)


def test_expires_says_how_long_it_is_worth_delivering() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        assert await write(world, "old", "Expires: 10") == 202
        assert await write(world, "young", "Expires: 3600") == 202
        await pause(60)
        await alice.wake()
        await pause(1)
        assert alice.texts == ["young"]

    in_world(test)


def test_all_phones_get_it_awake_or_asleep() -> None:
    async def test(world: World) -> None:
        phones = [await awake(world, "alice"), await asleep(world), await asleep(world)]
        assert await write(world, "all") == 202
        await pause(5)
        assert [phone.texts for phone in phones] == [["all"]] * 3
        assert len(world.pushed("message")) == 2

    in_world(test)


@pytest.mark.parametrize("outcome", [Accepted("1"), Unreachable("down")])
def test_a_phone_that_waits_for_messages_is_woken_again_after_a_restart(outcome: Outcome) -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        world.provider.answer = lambda _: outcome
        assert [await write(world, text) for text in ("one", "two")] == [202] * 2
        await pause(0.1)
        before = {push.notice.id for push in world.pushed("message")}
        assert len(before) == 1
        world.provider.answer, alice.wakes = lambda _: Accepted("1"), True
        world.provider.pushes.clear()
        await restart(world)
        await pause(5)
        assert alice.texts == ["one", "two"]
        (push,) = world.pushed("message")
        assert push.notice.id in before, "by its id the phone knows it for a repeat"
        assert world.events[-1].what is Happened.MESSAGE_DELIVERED

    in_world(test)


def test_after_a_restart_nobody_is_woken_for_what_it_has_or_what_is_over() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        assert await write(world, "had") == 202
        await pause(5)
        assert alice.texts == ["had"]
        await alice.sleep()
        alice.wakes = False
        assert await write(world, "over", "Expires: 2") == 202
        await pause(5)
        world.provider.pushes.clear()
        await restart(world)
        await pause(60)
        assert world.provider.pushes == []

    in_world(test)


def test_many_phones_are_not_woken_at_once_after_a_restart() -> None:
    async def test(world: World) -> None:
        phones = [await asleep(world, user) for user in ("alice", "bob", "carol")]
        for phone in phones:
            phone.wakes = False
            assert await write(world, "hello", user=phone.user) == 202
        await pause(5)
        world.provider.pushes.clear()
        await restart(world)
        await pause(5)
        times = [at for at, push in world.provider.pushes if push.notice.kind == "message"]
        assert [round(at - times[0], 3) for at in times] == [0.0, 0.01, 0.02]

    in_world(test)


def test_a_phone_on_udp_has_its_messages_at_once_after_a_restart() -> None:
    async def test(world: World) -> None:
        alice = world.phone("alice", transport=Transport.UDP, push=False)
        await alice.wake()
        world.network.weather.loss = 1.0
        await pause(0.01)
        boss = await Stranger(world, transport=Transport.TCP).open()
        letter = boss.request("MESSAGE", f"sip:{ALICE}", body=b"again")
        assert (await boss.ask_as("boss", letter)).status == 202
        world.network.weather.loss = 0.0
        await restart(world)
        await pause(5)
        assert alice.texts == ["again"]

    in_world(test)


def test_messages_of_an_account_that_is_gone_wake_nobody() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        assert await write(world, "bye") == 202
        await world.stop()
        world.provider.pushes.clear()
        world.start()
        world.core.directory = MemoryDirectory([Tenant(domain=DOMAIN)], [], [])
        await world.recover()
        await pause(5)
        assert world.provider.pushes == []

    in_world(test)


def test_a_phone_that_refuses_for_now_gets_it_at_its_next_register() -> None:
    async def test(world: World) -> None:
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        await phone.ask_as("alice", phone.register("alice"))
        assert await write(world, "patience") == 202
        await pause(0.1)
        (arrived,) = phone.requests
        assert arrived.headers.get("cseq") == "1 MESSAGE"
        assert "contact" not in arrived.headers
        assert "record-route" not in arrived.headers
        phone.answer(arrived, 480)
        await pause(0.1)
        await phone.ask_as("alice", phone.register("alice"))
        await pause(0.1)
        again = phone.requests[-1]
        assert len(phone.requests) == 2
        assert (again.call_id, again.via.branch) == (arrived.call_id, arrived.via.branch)

    in_world(test)


def test_a_message_to_a_live_line_needs_no_push() -> None:
    async def test(world: World) -> None:
        alice = await awake(world, "alice", push=True)
        boss = await awake(world)
        assert await line_of(boss).message(alice.aor, "hello") == 202
        await pause(1)
        assert alice.texts == ["hello"]
        assert world.provider.pushes == []

    in_world(test)
