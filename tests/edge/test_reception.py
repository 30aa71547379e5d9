"""Claims about the order in which a call's fate is decided: blocked, gone on, silenced, and only then rung."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.in_world import answer, asleep
from tests.support.settled_world import SettledWorld, in_settled_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone

from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings, Forwards, QuietHours
from ringwake.model.history import Outcome
from ringwake.model.history_ops import ListHistory
from ringwake.model.settings import Settings
from ringwake.observe.trace import Traces
from ringwake.sip.message import Response
from ringwake.sip.methods import INVITE

ALICE, BOB = f"sip:alice@{DOMAIN}", f"sip:bob@{DOMAIN}"
ALWAYS, BUSY = Forwards(always=BOB), Forwards(busy=BOB)
QUIET = (QuietHours(begin=0, end=0),)


def wishing(**calls: Any) -> Settings:
    return Settings(calls=CallSettings(**calls))


async def boss_calls(world: SettledWorld) -> Response:
    caller = await Stranger(world).open()
    heard = await caller.ask_as(
        "boss", caller.request(INVITE, ALICE, f"Contact: <sip:boss@{caller.address}>"), seconds=40
    )
    await caller.close()
    return heard


async def two_phones(world: SettledWorld) -> tuple[Phone, Phone]:
    """Return alice's phone and bob's, both asleep; who is called answers."""
    alice, bob = await asleep(world), await asleep(world, "bob")
    alice.on_call = bob.on_call = answer
    return alice, bob


def called(*phones: Phone) -> list[str]:
    return [phone.user for phone in phones if any(push.notice.kind == "call" for push in phone.pushes)]


async def outcomes(world: SettledWorld, user: str) -> list[Outcome]:
    return [entry.outcome for entry in await world.store.do(ListHistory(aor=Aor(f"{user}@{DOMAIN}")))]


@pytest.mark.parametrize(
    ("wishes", "status", "rung", "listed"),
    [
        ({"forward": ALWAYS, "block": ("boss@*",)}, 603, [], [Outcome.BLOCKED]),
        ({"forward": ALWAYS, "only_allowed": True}, 603, [], [Outcome.BLOCKED]),
        ({"forward": ALWAYS}, 200, ["bob"], [Outcome.FORWARDED]),
        ({"forward": ALWAYS, "do_not_disturb": True}, 200, ["bob"], [Outcome.FORWARDED]),
        ({"forward": ALWAYS, "allow": ("boss@*",)}, 200, ["bob"], [Outcome.FORWARDED]),
        ({"forward": BUSY, "do_not_disturb": True}, 200, ["bob"], [Outcome.SILENCED]),
        ({"forward": BUSY, "quiet_hours": QUIET}, 200, ["bob"], [Outcome.SILENCED]),
        ({"forward": BUSY, "do_not_disturb": True, "block": ("*",)}, 603, [], [Outcome.BLOCKED]),
        ({"forward": BUSY, "do_not_disturb": True, "allow": ("*",)}, 200, ["alice"], [Outcome.ANSWERED]),
        ({"forward": Forwards(no_answer=BOB), "do_not_disturb": True}, 480, [], [Outcome.SILENCED]),
    ],
)
def test_each_call_has_the_fate_that_the_account_has_chosen(
    wishes: dict[str, Any], status: int, rung: list[str], listed: list[Outcome]
) -> None:
    async def test(world: SettledWorld) -> None:
        phones = await two_phones(world)
        assert (await boss_calls(world)).status == status
        await pause(1)
        assert called(*phones) == rung
        assert await outcomes(world, "alice") == listed

    in_settled_world(test, alice=wishing(**wishes))


def test_a_call_that_went_on_in_quiet_hours_is_told_of_without_a_sound() -> None:
    async def test(world: SettledWorld) -> None:
        alice, _ = await two_phones(world)
        await boss_calls(world)
        await pause(1)
        assert [(p.notice.kind, p.notice.alert and p.notice.alert.sound) for p in alice.pushes] == [("missed", "")]

    in_settled_world(test, alice=wishing(forward=BUSY, quiet_hours=QUIET))


@pytest.mark.parametrize(
    ("wishes", "status", "outcome"),
    [
        ({"do_not_disturb": True}, 480, Outcome.SILENCED),
        ({"block": ("boss@*",)}, 603, Outcome.BLOCKED),
    ],
)
def test_the_account_that_a_call_goes_on_to_decides_for_itself(
    wishes: dict[str, Any], status: int, outcome: Outcome
) -> None:
    async def test(world: SettledWorld) -> None:
        phones = await two_phones(world)
        assert (await boss_calls(world)).status == status
        assert called(*phones) == []
        assert await outcomes(world, "bob") == [outcome]

    in_settled_world(test, alice=wishing(forward=ALWAYS), bob=wishing(**wishes))


def test_two_accounts_that_send_on_to_each_other_end_a_call() -> None:
    async def test(world: SettledWorld) -> None:
        phones = await two_phones(world)
        assert (await boss_calls(world)).status == 480
        assert called(*phones) == []
        assert await outcomes(world, "alice") == [Outcome.SILENCED]
        assert await outcomes(world, "bob") == [Outcome.SILENCED]

    circle = wishing(forward=Forwards(busy=ALICE), do_not_disturb=True)
    in_settled_world(test, alice=wishing(forward=BUSY, do_not_disturb=True), bob=circle)


def test_whoever_is_turned_away_too_often_to_be_listed_still_goes_on() -> None:
    async def test(world: SettledWorld) -> None:
        await two_phones(world)
        for _ in range(4):
            assert (await boss_calls(world)).status == 200
        await pause(1)
        assert await outcomes(world, "alice") == [Outcome.SILENCED] * 3

    in_settled_world(test, alice=wishing(forward=BUSY, do_not_disturb=True))


def test_the_timeline_says_where_it_went() -> None:
    async def test(world: SettledWorld) -> None:
        await two_phones(world)
        await boss_calls(world)
        await pause(1)
        traces = Traces()
        for event in world.events:
            traces.note(event)
        timeline = traces.find("last")
        assert timeline is not None
        assert timeline.verdict().startswith(
            f"The account does not want to be disturbed; the call went on to {BOB}. It was answered."
        )

    in_settled_world(test, alice=wishing(forward=BUSY, quiet_hours=QUIET))
