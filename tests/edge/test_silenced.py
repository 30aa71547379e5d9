"""Claims about calls that were not let through: they are listed, and the phones hear of them without a sound."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, awake
from tests.support.settled_world import SettledWorld, in_settled_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT

from ringwake.edge.core import TURNED_AWAY
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.call_settings import CallSettings
from ringwake.model.events import Happened
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import ListHistory, Log
from ringwake.model.push import Push, Unreachable
from ringwake.model.settings import AlertStyle, DeviceSettings, Notifications, OwnNotifications, Settings
from ringwake.model.store_ops import ListBindings
from ringwake.observe.trace import Traces
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request
from ringwake.sip.methods import INVITE
from ringwake.wake.breaker import FAILURES

ALICE = f"sip:alice@{DOMAIN}"


def wishing(notifications: Notifications | None = None, **calls: Any) -> Settings:
    return Settings(calls=CallSettings(**calls), notifications=notifications or Notifications())


DISTURBED = wishing(do_not_disturb=True)
BLOCKING = wishing(block=("*",))


async def invited(caller: Stranger, *, sender: str = "boss") -> Request:
    """Return a call, with the caller's credentials."""
    address = f"sip:{sender}@{DOMAIN}"
    return await caller.signed(
        sender, caller.request(INVITE, ALICE, f"Contact: <sip:{sender}@{caller.address}>", sender=address)
    )


async def boss_calls(world: SettledWorld, *, times: int = 1) -> list[int]:
    caller = await Stranger(world).open()
    statuses: list[int] = []
    for _ in range(times):
        heard = await caller.ask(await invited(caller))
        statuses.append(0 if heard is None else heard.status)
    await caller.close()
    return statuses


async def listed(world: SettledWorld) -> list[Entry]:
    return list(await world.store.do(ListHistory(aor=Aor(f"alice@{DOMAIN}"))))


async def bindings(world: SettledWorld) -> tuple[Binding, ...]:
    return await world.store.do(ListBindings(aor=Aor(f"alice@{DOMAIN}"), wall=world.wall(world.loop.time())))


def told(world: SettledWorld) -> list[Push]:
    return world.pushed("missed")


def happened(world: SettledWorld, what: Happened) -> list[dict[str, Any]]:
    return [dict(event.fields) for event in world.events if event.what is what]


@pytest.mark.parametrize(
    ("settings", "status", "outcome"), [(DISTURBED, 480, Outcome.SILENCED), (BLOCKING, 603, Outcome.BLOCKED)]
)
def test_it_is_listed_with_what_its_caller_has_heard(settings: Settings, status: int, outcome: Outcome) -> None:
    async def test(world: SettledWorld) -> None:
        assert await boss_calls(world) == [status]
        (entry,) = await listed(world)
        assert (entry.kind, entry.outcome, entry.status) == (EntryKind.CALL, outcome, status)
        assert (entry.peer_uri, entry.peer_name) == (f"sip:boss@{DOMAIN}", "boss")
        assert world.epoch + 1000 < entry.at <= entry.ended_at <= world.wall(world.loop.time())
        assert entry.is_unread is (outcome is Outcome.SILENCED)

    in_settled_world(test, alice=settings)


def test_the_phones_are_told_without_a_sound_and_with_the_new_number() -> None:
    async def test(world: SettledWorld) -> None:
        sleeping, waking = await asleep(world), await awake(world, "alice", push=True)
        sleeping.wakes = False
        assert await boss_calls(world, times=2) == [480, 480]
        await pause(1)
        first, second = [[push.notice.alert for push in phone.pushes] for phone in (sleeping, waking)]
        assert first == second
        assert [alert and (alert.sound, alert.is_critical, alert.badge) for alert in first] == [
            ("", False, 1),
            ("", False, 2),
        ]
        assert {push.notice.from_name for push in told(world)} == {"boss"}

    in_settled_world(test, alice=wishing(Notifications(is_critical=True), do_not_disturb=True))


def test_a_phone_that_wants_sounds_makes_none_for_it() -> None:
    async def test(world: SettledWorld) -> None:
        phone = await asleep(world)
        (binding,) = await bindings(world)
        loud = OwnNotifications(sound=True, tone="bell")
        world.settle(
            "alice",
            Settings(calls=DISTURBED.calls, devices=(DeviceSettings(device=binding.handset, notifications=loud),)),
        )
        await boss_calls(world)
        await pause(1)
        assert [push.notice.alert and push.notice.alert.sound for push in phone.pushes] == [""]

    in_settled_world(test)


UNSEEN = Notifications(style=AlertStyle.NONE, badge=False)


@pytest.mark.parametrize(
    "settings",
    [BLOCKING, wishing(do_not_disturb=True, tell_missed=False), wishing(UNSEEN, do_not_disturb=True)],
)
def test_nobody_is_told_of_a_blocked_caller_or_against_their_wish_or_by_a_push_that_shows_nothing(
    settings: Settings,
) -> None:
    async def test(world: SettledWorld) -> None:
        await asleep(world)
        await boss_calls(world)
        await pause(5)
        assert world.provider.pushes == []
        assert len(await listed(world)) == 1

    in_settled_world(test, alice=settings)


def test_a_phone_without_calls_and_one_without_a_token_are_told_nothing() -> None:
    async def test(world: SettledWorld) -> None:
        tablet = await asleep(world)
        (binding,) = await bindings(world)
        await awake(world, "alice")
        device = DeviceSettings(device=binding.handset, accepts_calls=False)
        world.settle("alice", Settings(calls=DISTURBED.calls, devices=(device,)))
        await boss_calls(world)
        await pause(5)
        assert tablet.pushes == []
        assert world.provider.pushes == []

    in_settled_world(test)


def test_a_phone_is_told_once_however_many_ways_lead_to_it() -> None:
    async def test(world: SettledWorld) -> None:
        for number in (1, 2):
            phone = await Stranger(world, transport=Transport.TLS, address=Address("203.0.113.9", 5060 + number)).open()
            uri = f"sip:alice@{phone.address};pn-provider=fcm;pn-param={PROJECT};pn-prid=token-of-alice-1"
            contact = f'<{uri}>;+sip.instance="<urn:uuid:1>";reg-id={number}'
            ok = await phone.ask_as("alice", phone.register("alice", "Supported: path, outbound", contact=contact))
            assert ok.status == 200
        assert len(await bindings(world)) == 2
        await boss_calls(world)
        await pause(1)
        assert len(told(world)) == 1

    in_settled_world(test, alice=DISTURBED)


def test_a_service_that_fails_is_left_alone() -> None:
    async def test(world: SettledWorld) -> None:
        phone = await asleep(world)
        world.provider.answer = lambda _: Unreachable("down")
        for _ in range(FAILURES):
            await pause(31)
            await boss_calls(world)
        await pause(0.5)
        sent = len(world.provider.pushes)
        await boss_calls(world)
        assert len(world.provider.pushes) == sent
        assert [fields["reason"] for fields in happened(world, Happened.PUSH_SUPPRESSED)][-1:] == ["circuit_open"]
        assert phone.calls == []

    in_settled_world(test, alice=DISTURBED)


def test_who_calls_on_and_on_does_not_push_all_else_out_of_the_list() -> None:
    async def test(world: SettledWorld) -> None:
        await asleep(world)
        assert await boss_calls(world, times=8) == [480] * 8
        await pause(1)
        assert len(await listed(world)) == 3
        assert len(told(world)) == 3
        await pause(61)
        await boss_calls(world)
        assert len(await listed(world)) == 4

    in_settled_world(test, alice=DISTURBED)


def test_nor_do_many_who_call_from_a_trunk() -> None:
    async def test(world: SettledWorld) -> None:
        trunk = await world.peer()
        for number in range(TURNED_AWAY + 5):
            heard = await trunk.ask(trunk.request(INVITE, ALICE, sender=f"sip:{number}@trunk.example"))
            assert heard is not None
            assert heard.status == 603
        assert len(await listed(world)) == TURNED_AWAY

    in_settled_world(test, alice=BLOCKING)


def test_who_was_turned_away_is_forgotten_in_a_while() -> None:
    async def test(world: SettledWorld) -> None:
        await boss_calls(world)
        assert len(world.core.turned_away) > 0
        await pause(200)
        assert len(world.core.turned_away) == 0

    in_settled_world(test, alice=DISTURBED)


def test_calls_that_are_turned_away_keep_nobody_else_from_calling() -> None:
    async def test(world: SettledWorld) -> None:
        trunk = await world.peer()
        phone = await asleep(world)
        for number in range(100):
            await trunk.ask(trunk.request(INVITE, ALICE, sender=f"sip:{number}@trunk.example"))
        caller = await Stranger(world).open()
        caller.send(await invited(caller))
        await pause(2)
        assert len(phone.calls) == 1

    in_settled_world(test, alice=wishing(block=("*@trunk.example",)))


def test_a_retransmission_gets_the_same_answer_and_is_not_listed_again() -> None:
    async def test(world: SettledWorld) -> None:
        caller = await Stranger(world).open()
        invite = await invited(caller)
        first, second = await caller.ask(invite), await caller.ask(invite)
        assert first is not None
        assert second is not None
        assert first.encode() == second.encode()
        assert len(await listed(world)) == 1

    in_settled_world(test, alice=DISTURBED)


def test_a_pbx_that_calls_each_phone_by_its_own_way_makes_one_missed_call_of_it() -> None:
    async def test(world: SettledWorld) -> None:
        trunk = await world.peer()
        for branch in ("z9hG4bK-a", "z9hG4bK-b"):
            invite = trunk.request(INVITE, ALICE, call_id="same", branch=branch)
            invite.headers.set("from", f"<sip:boss@{DOMAIN}>;tag=same")
            assert await trunk.ask(invite) is not None
        assert len(await listed(world)) == 1

    in_settled_world(test, alice=DISTURBED)


# ---- the disk


def test_the_caller_is_answered_when_it_is_on_disk() -> None:
    async def test(world: SettledWorld) -> None:
        store = world.store
        assert isinstance(store, FaultyStore)
        phone = await asleep(world)
        store.delay = 2.0
        caller = await Stranger(world).open()
        invite = await invited(caller)
        caller.send(invite)
        await pause(1)
        assert caller.responses_to(invite) == []
        assert len(phone.pushes) == 1, "a push does not wait for the disk"
        await pause(2)
        assert [response.status for response in caller.responses_to(invite)] == [480]

    in_settled_world(test, store=FaultyStore, alice=DISTURBED)


def test_what_comes_again_after_a_crash_is_listed_once() -> None:
    async def test(world: SettledWorld) -> None:
        store = world.store
        assert isinstance(store, FaultyStore)
        caller = await Stranger(world).open()
        invite = await invited(caller)
        assert (await caller.ask(invite)) is not None
        await caller.close()
        await world.stop()
        world.start()
        await world.recover()
        caller = await Stranger(world).open()
        invite = await caller.signed("boss", invite)
        heard = await caller.ask(invite)
        assert heard is not None
        assert heard.status == 480
        assert len(await listed(world)) == 1

    in_settled_world(test, store=FaultyStore, alice=DISTURBED)


def test_a_full_disk_keeps_no_caller_waiting() -> None:
    async def test(world: SettledWorld) -> None:
        store = world.store
        assert isinstance(store, FaultyStore)
        store.broken = (Log,)
        assert await boss_calls(world) == [480]
        assert happened(world, Happened.STORE_FAILED) == [{"op": "log", "reason": "the disk is full"}]

    in_settled_world(test, store=FaultyStore, alice=DISTURBED)


# ---- what is told of it


@pytest.mark.parametrize(
    ("settings", "end", "sentence"),
    [
        (DISTURBED, "silenced", "It was not let through: the account does not want to be disturbed."),
        (BLOCKING, "blocked", "It was not let through: the account has blocked the caller."),
    ],
)
def test_the_timeline_says_why(settings: Settings, end: str, sentence: str) -> None:
    async def test(world: SettledWorld) -> None:
        await asleep(world)
        await boss_calls(world)
        await pause(1)
        assert [fields["end"] for fields in happened(world, Happened.CALL_ENDED)] == [end]
        traces = Traces()
        for event in world.events:
            traces.note(event)
        timeline = traces.find("last")
        assert timeline is not None
        assert timeline.verdict() == sentence

    in_settled_world(test, alice=settings)


def test_it_is_news_for_a_day() -> None:
    async def test(world: SettledWorld) -> None:
        await asleep(world)
        await boss_calls(world)
        now = world.wall(world.loop.time())
        assert [round((push.expires_at - now) / 3600) for push in told(world)] == [24]

    in_settled_world(test, alice=DISTURBED)
