"""Claims about calls that may not reach an account's phones: nobody is woken before that is decided."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.in_world import answer, asleep, awake, call
from tests.support.settled_world import SettledWorld, in_settled_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone

from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings, QuietHours
from ringwake.model.settings import DeviceSettings, Settings
from ringwake.model.store_ops import ListBindings
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import INVITE, MESSAGE
from ringwake.ua.call import CallState

ALICE = f"sip:alice@{DOMAIN}"
ALWAYS = QuietHours(begin=0, end=0)


def wishing(**calls: Any) -> Settings:
    return Settings(calls=CallSettings(**calls))


def invite(caller: Stranger, *more: str, sender: str = f"sip:boss@{DOMAIN}") -> Request:
    return caller.request(INVITE, ALICE, f"Contact: <sip:boss@{caller.address}>", *more, sender=sender)


async def boss_calls(world: SettledWorld, *more: str) -> Response:
    """Return what the boss hears in the end."""
    caller = await Stranger(world).open()
    heard = await caller.ask_as("boss", invite(caller, *more), seconds=30)
    await caller.close()
    return heard


async def trunk_calls(world: SettledWorld, sender: str, *more: str) -> Response:
    """Return what a caller of a trunk hears in the end."""
    trunk = await world.peer()
    heard = await trunk.ask(invite(trunk, *more, sender=sender), seconds=30)
    assert heard is not None
    await trunk.close()
    return heard


def disturbed(*phones: Phone) -> list[Phone]:
    """Return the phones that were rung, or woken for a call."""
    return [phone for phone in phones if phone.calls or any(push.notice.kind == "call" for push in phone.pushes)]


@pytest.mark.parametrize(
    ("wishes", "status", "retry_after"),
    [
        ({"do_not_disturb": True}, 480, None),
        ({"quiet_hours": (ALWAYS,)}, 480, None),
        ({"quiet_hours": (QuietHours(begin=0, end=23 * 60),)}, 480, "53940"),  # from 8:01 to 23:00
        ({"block": ("boss@*",)}, 603, None),
        ({"only_allowed": True, "allow": ("bob@example.com",)}, 603, None),
    ],
)
def test_a_caller_who_may_not_disturb_hears_so_and_no_phone_does(
    wishes: dict[str, Any], status: int, retry_after: str | None
) -> None:
    async def test(world: SettledWorld) -> None:
        sleeping = await asleep(world)
        waking = await awake(world, "alice")
        began = world.loop.time()
        heard = await boss_calls(world)
        assert (heard.status, heard.headers.get("retry-after")) == (status, retry_after)
        assert world.loop.time() - began < 0.5
        await pause(60)
        assert disturbed(sleeping, waking) == []

    # The monotonic clock begins at 1000 s, and it is 8:00 a minute before the call.
    in_settled_world(test, epoch=1_800_000_000 - 1000, alice=wishing(**wishes))


@pytest.mark.parametrize(
    "wishes",
    [
        {"do_not_disturb": True, "allow": ("boss@example.com",)},
        {"quiet_hours": (ALWAYS,), "allow": ("*@example.com",)},
        {"only_allowed": True, "block": ("*",), "allow": ("boss",)},
        {"block": ("bob@*",), "reject_anonymous": True},
    ],
)
def test_who_may_call_does(wishes: dict[str, Any]) -> None:
    async def test(world: SettledWorld) -> None:
        alice = await asleep(world)
        alice.on_call = answer
        assert (await boss_calls(world)).status == 200

    in_settled_world(test, alice=wishing(**wishes))


@pytest.mark.parametrize(
    ("sender", "more"),
    [
        ("sip:anonymous@anonymous.invalid", ()),
        ("sip:+4930123456@trunk.example", ("Privacy: id", "P-Asserted-Identity: <tel:+4930123456>")),
    ],
)
def test_an_anonymous_call_is_told_that_it_must_not_be(sender: str, more: tuple[str, ...]) -> None:
    async def test(world: SettledWorld) -> None:
        alice = await asleep(world)
        heard = await trunk_calls(world, sender, *more)
        assert (heard.status, heard.reason) == (433, "Anonymity Disallowed")
        assert disturbed(alice) == []

    in_settled_world(test, alice=wishing(reject_anonymous=True))


def test_a_trunk_says_who_calls_and_a_stranger_does_not() -> None:
    async def test(world: SettledWorld) -> None:
        alice = await asleep(world)
        alice.on_call = answer
        asserted = "P-Asserted-Identity: <tel:+49-30-123456>"
        assert (await boss_calls(world, asserted)).status == 480
        assert (await trunk_calls(world, "sip:boss@trunk.example")).status == 480
        assert (await trunk_calls(world, "sip:boss@trunk.example", asserted)).status == 200

    in_settled_world(test, alice=wishing(do_not_disturb=True, allow=("+4930123456",)))


@pytest.mark.parametrize(("is_trunk", "sound"), [(True, "default"), (False, "")])
def test_a_message_of_whom_a_trunk_asserts_and_the_list_allows_sounds_and_a_strangers_claim_does_not(
    is_trunk: bool, sound: str
) -> None:
    async def test(world: SettledWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        writer = await world.peer() if is_trunk else await Stranger(world).open()
        asserted = "P-Asserted-Identity: <tel:+49-30-123456>"
        written = writer.request(MESSAGE, ALICE, asserted, "Content-Type: text/plain", body=b"Lunch?")
        assert (await writer.ask_as("boss", written)).status == 202
        await pause(1)
        (push,) = world.pushed("message")
        assert push.notice.alert is not None
        assert push.notice.alert.sound == sound

    in_settled_world(test, alice=wishing(do_not_disturb=True, allow=("+4930123456",)))


def test_a_telephone_number_may_stand_in_from() -> None:
    async def test(world: SettledWorld) -> None:
        assert (await trunk_calls(world, "tel:+49-30-123-456")).status == 603

    in_settled_world(test, alice=wishing(block=("+4930*",)))


def test_what_was_decided_last_counts() -> None:
    async def test(world: SettledWorld) -> None:
        alice = await asleep(world)
        alice.on_call = answer
        world.settle("alice", wishing(do_not_disturb=True))
        assert (await boss_calls(world)).status == 480
        world.settle("alice", wishing())
        assert (await boss_calls(world)).status == 200

    in_settled_world(test)


@pytest.mark.parametrize(
    ("wishes", "status", "pushes"),
    [({"block": ("boss@*",)}, 603, 0), ({"only_allowed": True}, 603, 0), ({"do_not_disturb": True}, 480, 1)],
)
def test_who_may_not_call_may_not_have_a_sleeping_phone_call_either(
    wishes: dict[str, Any], status: int, pushes: int
) -> None:
    async def test(world: SettledWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False
        caller = await Stranger(world).open()
        refer = caller.request(
            "REFER", ALICE, "Refer-To: <sip:premium@example.net>", f"Contact: <sip:{caller.address}>"
        )
        assert (await caller.ask_as("boss", refer, seconds=30)).status == status
        assert len(alice.pushes) == pushes

    in_settled_world(test, alice=wishing(**wishes))


# ---- phones that are to have no calls


async def bound(world: SettledWorld, *phones: Phone) -> tuple[str, ...]:
    """Return the names of phones in the settings."""
    known = await world.store.do(ListBindings(aor=Aor(f"alice@{DOMAIN}"), wall=world.wall(world.loop.time())))
    return tuple(next(b.handset for b in known if b.instance.strip("<>") == phone.instance) for phone in phones)


def without_calls(*handsets: str) -> Settings:
    return Settings(devices=tuple(DeviceSettings(device=handset, accepts_calls=False) for handset in handsets))


@pytest.mark.parametrize("is_awake", [True, False])
def test_a_phone_that_is_to_have_no_calls_is_neither_woken_nor_rung(is_awake: bool) -> None:
    async def test(world: SettledWorld) -> None:
        tablet = await (awake(world, "alice", push=True) if is_awake else asleep(world))
        phone = await asleep(world)
        world.settle("alice", without_calls(*await bound(world, tablet)))
        boss = await awake(world)
        ringing = call(boss, phone)
        await pause(5)
        assert disturbed(tablet, phone) == [phone]
        assert len(phone.calls) == 1
        assert ringing.state is CallState.RINGING

    in_settled_world(test)


def test_it_does_not_ring_when_it_comes_by_itself_either() -> None:
    async def test(world: SettledWorld) -> None:
        tablet, phone = await asleep(world), await asleep(world)
        phone.wakes = False
        world.settle("alice", without_calls(*await bound(world, tablet)))
        boss = await awake(world)
        call(boss, phone)
        await pause(5)
        await tablet.wake()
        await pause(5)
        assert tablet.calls == []

    in_settled_world(test)


def test_where_no_phone_is_to_have_calls_the_caller_hears_so_at_once() -> None:
    async def test(world: SettledWorld) -> None:
        tablet = await asleep(world)
        world.settle("alice", without_calls(*await bound(world, tablet)))
        began = world.loop.time()
        assert (await boss_calls(world)).status == 480
        assert world.loop.time() - began < 0.5

    in_settled_world(test)


def test_it_keeps_the_calls_that_it_makes_itself() -> None:
    async def test(world: SettledWorld) -> None:
        tablet, boss = await awake(world, "alice"), await awake(world)
        boss.on_call = answer
        world.settle("alice", without_calls(*await bound(world, tablet)))
        up = call(tablet, boss)
        await pause(2)
        assert up.state is CallState.UP

    in_settled_world(test)
