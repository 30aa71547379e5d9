"""MESSAGE: on disk, then 202, and in the hands of each phone when it is awake."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, awake, in_world, line_of
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, Phone, World

from ringwake.edge.message import MOST_WAKING
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


async def vanish(phone: Phone) -> None:
    """End an app so that nobody hears of it: its connection seems to stand."""
    line, phone.line = line_of(phone), None
    here = phone.world.network.host(line.flow.transport, line.flow.local)
    assert here is not None
    phone.world.network.forget(here)


@pytest.mark.parametrize("transport", [Transport.TLS, Transport.UDP])
def test_a_phone_that_seemed_awake_and_was_not_is_woken_for_its_messages(transport: Transport) -> None:
    """Reliability F15: a flow that died without a word must not keep a message for a week."""

    async def test(world: World) -> None:
        alice = await awake(world, "alice", push=True, transport=transport)
        await pause(25 if transport is Transport.UDP else 3600)
        await vanish(alice)
        assert [await write(world, text) for text in ("one", "two")] == [202, 202]
        await pause(31)
        assert world.provider.pushes == []
        await pause(40)
        assert alice.texts == ["one", "two"]
        assert len(world.pushed("message")) == 1

    in_world(test)


def test_a_phone_that_has_just_registered_and_does_not_answer_is_not_woken_over_and_over() -> None:
    """It is awake, and that is no reason to wake it: or each wake would bring the next, for a week."""

    async def test(world: World) -> None:
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        contact = f"<sip:alice@{phone.address};pn-provider=fcm;pn-param={PROJECT};pn-prid=abcdefgh>"
        await phone.ask_as("alice", phone.register("alice", contact=contact, expires=3600))
        assert await write(world, "nobody reads this") == 202
        await pause(50)
        for _ in range(3):
            await phone.ask_as("alice", phone.register("alice", contact=contact, expires=3600))
            await pause(50)
        assert world.provider.pushes == []

    in_world(test)


def test_a_phone_that_has_logged_out_is_not_woken_for_what_it_did_not_take() -> None:
    async def test(world: World) -> None:
        alice = await awake(world, "alice", push=True)
        await pause(3600)
        await vanish(alice)
        assert await write(world, "hello") == 202
        phone = await Stranger(world).open()
        aor = f"sip:{ALICE}"
        star = phone.request("REGISTER", f"sip:{DOMAIN}", "Contact: *", "Expires: 0", sender=aor, to=f"<{aor}>")
        assert (await phone.ask_as("alice", star)).status == 200
        await pause(100)
        assert world.provider.pushes == []

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


def test_what_a_phone_gets_is_a_request_of_our_own() -> None:
    """Standards M1 and M9: who wrote, what and when; nothing of the hop by which it came."""

    async def test(world: World) -> None:
        boss = await Stranger(world).open()
        hop = ("Contact: <sip:boss@h>", "Record-Route: <sip:r;lr>")
        letter = boss.request("MESSAGE", f"sip:{ALICE}", *hop, "X-Foo: kept", body=b"\0one")
        answer = await boss.ask_as("boss", letter)
        assert (answer.status, answer.body, "contact" in answer.headers) == (202, b"", False)
        kept_at = world.wall(world.loop.time())
        await pause(3600)
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        await phone.ask_as("alice", phone.register("alice"))
        await pause(0.1)
        (arrived,) = phone.requests
        assert arrived.body == letter.body
        assert [arrived.headers.get(key) for key in ("from", "to", "x-foo")] == [
            letter.headers.get(key) for key in ("from", "to", "x-foo")
        ]
        assert arrived.headers.get("date") == formatdate(kept_at, usegmt=True)
        assert arrived.call_id != letter.call_id
        assert len(arrived.headers.values("via")) == 1
        left = {"contact", "record-route", "proxy-authorization"}
        assert left.isdisjoint(key for key, _ in arrived.headers)

    in_world(test)


def test_a_flood_of_messages_waits_on_disk_and_not_in_memory() -> None:
    """The phone is handed all of them when it comes, however few have waked it."""

    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        alice.wakes = False
        for number in range(3 * MOST_WAKING):
            await line_of(boss).message(alice.aor, f"message {number}")
        assert len(world.core.calls) <= 2 + MOST_WAKING + 1
        await alice.wake()
        await pause(5)
        assert len(set(alice.texts)) == 3 * MOST_WAKING

    in_world(test)
