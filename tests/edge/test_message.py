"""MESSAGE: on disk, then 202, and in the hands of each phone when it is awake."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, awake, in_world, line_of
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, Phone, World

from ringwake.edge.message_wakes import MOST_WAKING
from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings
from ringwake.model.events import Event, Happened
from ringwake.model.history import Entry, EntryKind
from ringwake.model.history import Outcome as Ended
from ringwake.model.history_ops import ListHistory
from ringwake.model.message_ops import KeepMessage
from ringwake.model.push import Accepted, Outcome, Unreachable
from ringwake.model.settings import Settings
from ringwake.model.tenant import Tenant
from ringwake.sip.flow import Address, Transport
from ringwake.store.directory import MemoryDirectory
from ringwake.wake.mail_queue import PAUSES
from ringwake.wake.outbox import MOST_WAKES

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
        assert (again.call_id, again.headers.get("cseq")) == (arrived.call_id, "2 MESSAGE")
        assert again.via.branch != arrived.via.branch, "or a phone on UDP would only say its 480 again"
        phone.answer(again, 486)
        await pause(PAUSES[1] - 0.2)
        assert len(phone.requests) == 2
        await pause(0.3)
        assert phone.requests[-1].headers.get("cseq") == "3 MESSAGE", "it is offered again by itself"

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
        for _ in range(60):
            await phone.ask_as("alice", phone.register("alice", contact=contact, expires=3600))
            await pause(50)
        assert len(world.provider.pushes) <= MOST_WAKES

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


# ---- what is no message to the person


def typed(media: str) -> str:
    return f"Content-Type: {media}"


async def send(world: World, body: bytes, *more: str) -> int:
    """Let the boss send any body."""
    boss = await Stranger(world).open()
    letter = boss.request("MESSAGE", f"sip:{ALICE}", *more, body=body)
    status = (await boss.ask_as("boss", letter)).status
    await boss.close()
    return status


COMPOSING = typed("application/im-iscomposing+xml")
DISPOSITION = typed("message/imdn+xml")


async def registered(world: World, *, token: str = "") -> Stranger:
    """Return a phone of alice that is awake, and answers nothing by itself."""
    phone = await Stranger(world, transport=Transport.TLS, address=Address("10.0.0.50", 4000)).open()
    push = f";pn-provider=fcm;pn-param={PROJECT};pn-prid={token}" if token else ""
    contact = f"<sip:alice@{phone.address}{push}>"
    await phone.ask_as("alice", phone.register("alice", contact=contact))
    return phone


def test_that_somebody_writes_reaches_who_is_awake_and_is_not_kept() -> None:
    """RFC 3994: neither a wake nor a place in the store is worth it."""

    async def test(world: World) -> None:
        sleeper, phone = await asleep(world), await registered(world)
        boss = await Stranger(world).open()
        letter = await boss.signed("boss", boss.request("MESSAGE", f"sip:{ALICE}", COMPOSING, body=b"<isComposing/>"))
        boss.send(letter)
        await pause(0.1)
        (arrived,) = phone.requests
        assert arrived.body == b"<isComposing/>"
        assert "record-route" not in arrived.headers
        phone.answer(arrived, 200)
        await pause(0.1)
        assert [answer.status for answer in boss.responses_to(letter)] == [200]
        await pause(60)
        assert world.provider.pushes == []
        await sleeper.wake()
        await pause(1)
        assert sleeper.texts == []

    in_world(test)


def test_that_somebody_writes_to_phones_that_sleep_is_told_at_once() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        assert await send(world, b"<isComposing/>", COMPOSING) == 480
        assert world.provider.pushes == []
        await alice.wake()
        await pause(1)
        assert alice.texts == []

    in_world(test)


def test_a_disposition_notification_is_kept_and_wakes_nobody() -> None:
    """RFC 5438: it comes when the phone comes, after a restart as well."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        wrapped = b"From: <im:b@h>\r\n\r\nContent-Type: message/imdn+xml\r\n\r\n<imdn/>"
        assert await send(world, b"<imdn/>", DISPOSITION) == 202
        assert await send(world, wrapped, typed("message/cpim")) == 202
        await pause(60)
        await restart(world)
        await pause(60)
        assert world.provider.pushes == []
        await alice.wake()
        await pause(1)
        assert alice.texts == ["<imdn/>", wrapped.decode()]

    in_world(test)


def test_a_phone_that_was_lost_is_not_woken_for_disposition_notifications_alone() -> None:
    async def test(world: World) -> None:
        alice = await awake(world, "alice", push=True)
        await pause(3600)
        await vanish(alice)
        assert await send(world, b"<imdn/>", DISPOSITION) == 202
        await pause(100)
        assert world.provider.pushes == []

    in_world(test)


def test_a_disposition_notification_does_not_keep_a_message_from_waking() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        assert await send(world, b"<imdn/>", DISPOSITION) == 202
        assert await write(world, "hello") == 202
        await pause(5)
        world.provider.pushes.clear()
        alice.wakes = True
        await restart(world)
        await pause(5)
        assert alice.texts == ["<imdn/>", "hello"]
        assert len(world.pushed("message")) == 1

    in_world(test)


BODIES = [
    ("text/plain;charset=utf-8", "Grüße, 日本\r\n".encode()),
    ("multipart/mixed;boundary=b", b"--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--\r\n"),
    ("multipart/mixed;boundary=none", b""),
    ("message/cpim", b"From: <im:b@h>\n\nContent-Type: text/plain\n\nhi"),
    ("application/octet-stream", bytes(range(256))),
    ("application/pkcs7-mime", b"\r\n\r\nSIP/2.0 200 OK\r\n\r\n"),
]


@pytest.mark.parametrize(("media", "body"), BODIES)
def test_any_type_is_carried_octet_for_octet(media: str, body: bytes) -> None:
    async def test(world: World) -> None:
        assert await send(world, body, typed(media), "Content-Language: de", "Content-Encoding: identity") == 202
        await restart(world)
        phone = await registered(world)
        await pause(0.1)
        (arrived,) = phone.requests
        assert arrived.body == body
        fields = [arrived.headers.get(key) for key in ("content-type", "content-language", "content-encoding")]
        assert fields == [media, "de", "identity"]

    in_world(test)


# ---- history, limits, blocked senders


async def history(world: World) -> list[Entry]:
    return list(await world.store.do(ListHistory(aor=ALICE)))


def test_a_message_is_listed_from_its_202_to_its_end() -> None:
    async def test(world: World) -> None:
        assert await write(world, "hello") == 202
        assert await send(world, b"<imdn/>", DISPOSITION) == 202
        (entry,) = await history(world)
        assert (entry.kind, entry.outcome, entry.is_unread) == (EntryKind.MESSAGE, Ended.WAITING, True)
        assert entry.peer_uri == f"sip:boss@{DOMAIN}"
        phone = await registered(world)
        await pause(0.1)
        phone.answer(phone.requests[-1], 200)
        await pause(0.1)
        (entry,) = await history(world)
        assert (entry.outcome, entry.status, entry.is_unread) == (Ended.DELIVERED, 200, True)

    in_world(test)


def test_a_message_that_no_phone_takes_is_listed_as_refused_and_noted() -> None:
    async def test(world: World) -> None:
        phone = await registered(world)
        assert await send(world, b"?", typed("application/unknown")) == 202
        await pause(0.1)
        phone.answer(phone.requests[-1], 415)
        await pause(0.1)
        (entry,) = await history(world)
        assert (entry.outcome, entry.status, entry.is_unread) == (Ended.REFUSED, 415, False)
        assert noted(world, Happened.MESSAGE_REFUSED)[0].fields["status"] == 415

    in_world(test)


def test_a_message_that_nobody_came_for_is_listed_as_expired() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        assert await write(world, "old", "Expires: 10") == 202
        await pause(60)
        (entry,) = await history(world)
        assert entry.outcome is Ended.EXPIRED

    in_world(test)


def test_the_push_counts_what_is_unread() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        for number in (1, 2, 3):
            assert await write(world, str(number)) == 202
            await pause(300)
        badges = [push.notice.alert.badge for push in world.pushed("message") if push.notice.alert]
        assert badges == [1, 2, 3]
        await restart(world)
        await pause(5)
        alert = world.pushed("message")[-1].notice.alert
        assert alert is not None
        assert alert.badge == 3

    in_world(test)


def test_a_mailbox_that_is_full_takes_nothing_more_until_something_was_fetched() -> None:
    async def test(world: World) -> None:
        world.core.messages_per_account = 2
        alice = await asleep(world)
        alice.wakes = False
        assert [await write(world, text) for text in ("one", "two", "three")] == [202, 202, 480]
        assert [entry.outcome for entry in await history(world)] == [Ended.WAITING] * 2
        await alice.wake()
        await pause(1)
        assert alice.texts == ["one", "two"]
        assert await write(world, "four") == 202

    in_world(test)


def chose(world: World, **calls: Any) -> None:
    """Set alice's call settings."""
    world.directory.put_settings(ALICE, Settings(calls=CallSettings(**calls)))


@pytest.mark.parametrize("kind", [typed("text/plain"), COMPOSING, DISPOSITION])
def test_a_blocked_sender_hears_603_and_nothing_is_kept_or_listed(kind: str) -> None:
    async def test(world: World) -> None:
        chose(world, block=(f"boss@{DOMAIN}",))
        alice = await awake(world, "alice", push=True)
        assert await send(world, b"hello", kind) == 603
        await pause(1)
        assert (alice.texts, await history(world)) == ([], [])

    in_world(test)


def test_a_message_to_who_is_not_to_be_disturbed_wakes_and_makes_no_sound() -> None:
    async def test(world: World) -> None:
        chose(world, do_not_disturb=True)
        alice = await asleep(world)
        assert await write(world, "hello") == 202
        await pause(5)
        (push,) = world.pushed("message")
        assert push.notice.alert is not None
        assert (push.notice.alert.sound, push.notice.alert.body) == ("", "Message from boss")
        assert alice.texts == ["hello"]

    in_world(test)


def test_nor_does_the_push_after_a_restart_or_a_lost_connection() -> None:
    async def test(world: World) -> None:
        chose(world, do_not_disturb=True)
        alice = await awake(world, "alice", push=True)
        await pause(3600)
        await vanish(alice)
        alice.wakes = False
        assert await write(world, "hello") == 202
        await pause(60)
        await world.stop()
        world.start()
        chose(world, do_not_disturb=True)
        await world.recover()
        await pause(5)
        sounds = [push.notice.alert.sound for push in world.pushed("message") if push.notice.alert]
        assert sounds == ["", ""]

    in_world(test)


def test_a_phone_that_dies_with_messages_under_way_is_woken_for_the_rest() -> None:
    async def test(world: World) -> None:
        phone = await registered(world, token="token-0001")
        assert [await write(world, text) for text in ("one", "two")] == [202, 202]
        await phone.close()
        await pause(1)
        assert len(world.pushed("message")) == 1
        again = await registered(world, token="token-0001")
        await pause(0.1)
        again.answer(again.requests[-1], 200)
        await pause(0.1)
        assert [arrived.body for arrived in again.requests] == [b"one", b"two"]

    in_world(test)


def test_what_one_sender_writes_keeps_its_order_and_does_not_hold_up_others() -> None:
    async def test(world: World) -> None:
        phone = await registered(world)
        carol = await Stranger(world, address=Address("10.0.0.51", 4000)).open()
        assert [await write(world, text) for text in ("one", "two")] == [202, 202]
        other = carol.request("MESSAGE", f"sip:{ALICE}", sender=f"sip:carol@{DOMAIN}", body=b"carol")
        assert (await carol.ask_as("carol", other)).status == 202
        await pause(0.1)
        for status in (486, 200):
            phone.answer(phone.requests[-1], status)
            await pause(0.1)
        await pause(PAUSES[0])
        phone.answer(phone.requests[-1], 200)
        await pause(0.1)
        assert [arrived.body for arrived in phone.requests] == [b"one", b"carol", b"one", b"two"]

    in_world(test)


def test_a_phone_that_falls_asleep_before_the_commit_is_woken_after_it() -> None:
    """It was awake when the message was kept, and not any more when it could be handed over."""

    async def test(world: World) -> None:
        assert isinstance(world.store, FaultyStore)
        alice = await awake(world, "alice", push=True)
        boss = await Stranger(world).open()
        letter = await boss.signed("boss", boss.request("MESSAGE", f"sip:{ALICE}", body=b"hello"))
        world.store.delay = 0.1
        boss.send(letter)
        await pause(0.05)
        assert len([op for op in world.store.submitted if isinstance(op, KeepMessage)]) == 1
        await alice.sleep()
        await pause(5)
        assert alice.texts == ["hello"]
        assert len(world.pushed("message")) == 1

    in_world(test, store=FaultyStore)


def test_a_phone_that_sleeps_is_woken_once_however_long_the_commit_takes() -> None:
    async def test(world: World) -> None:
        assert isinstance(world.store, FaultyStore)
        alice = await asleep(world)
        alice.wakes = False
        boss = await Stranger(world).open()
        letter = await boss.signed("boss", boss.request("MESSAGE", f"sip:{ALICE}", body=b"hello"))
        world.store.delay = 1.0
        boss.send(letter)
        await pause(5)
        assert len(world.pushed("message")) == 1

    in_world(test, store=FaultyStore)
