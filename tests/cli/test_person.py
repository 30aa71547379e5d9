"""Who holds the terminal phone: keys, decisions made on the alert, and an app that does not stay awake for nothing."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.softphone.handset import Handset
from tests.support.in_world import awake, call, in_world
from tests.support.virtual_loop import pause
from tests.support.world import Phone, World

from ringwake.cli.person import IDLE_SECONDS, Person
from ringwake.cli.phone_screen import PhoneScreen
from ringwake.softphone.app_state import PhoneNote
from ringwake.ua.call import CallState, OutgoingCall


class Hand(Handset):
    """A phone with its person."""

    def __init__(self, world: World, **habits: bool) -> None:
        super().__init__(world)
        self.words: asyncio.Queue[str] = asyncio.Queue()
        self.screen = PhoneScreen(as_json=True, out=io.StringIO())
        self.person = Person(self.device, **{"terminates": False, "answers": False, "once": False, **habits})
        self.boss: Phone | None = None

    def take(self, note: PhoneNote) -> None:
        self.words.put_nowait(self.screen.note(note))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.words.put_nowait(key)

    def state(self) -> str:
        return self.device.state.value

    def call(self) -> OutgoingCall:
        """Let the boss call."""
        assert self.boss is not None
        return call(self.boss, self.device.settings.identity.aor)


def in_hand(story: Callable[[Hand], Coroutine[Any, Any, None]], **habits: bool) -> None:
    """Run a test with a phone that has registered and is in use; it must end by itself when `q` is pressed."""

    async def main(world: World) -> None:
        hand = Hand(world, **habits)
        hand.boss = await awake(world)
        await hand.device.start()
        using = world.loop.create_task(hand.person.use(hand.words))
        await pause(0.1)
        await story(hand)
        hand.press("q")
        await using
        await hand.device.stop()

    in_world(main)


@pytest.mark.parametrize(("key", "status"), [("a", 200), ("r", 603)])
def test_a_call_is_accepted_or_rejected_by_key(key: str, status: int) -> None:
    async def story(hand: Hand) -> None:
        outgoing = hand.call()
        await pause(1)
        assert outgoing.state is CallState.RINGING
        hand.press(key)
        await pause(1)
        assert outgoing.status == status

    in_hand(story)


def test_a_call_is_hung_up_by_key() -> None:
    async def story(hand: Hand) -> None:
        outgoing = hand.call()
        await pause(1)
        hand.press("a")
        await pause(1)
        hand.press("h")
        await pause(1)
        assert outgoing.state is CallState.ENDED

    in_hand(story)


def test_keys_without_a_call_do_nothing() -> None:
    async def story(hand: Hand) -> None:
        hand.press("a", "r", "h", "x", "?")
        await pause(1)
        assert hand.state() == "awake"

    in_hand(story)


def test_a_phone_that_answers_by_itself_needs_no_key() -> None:
    async def story(hand: Hand) -> None:
        outgoing = hand.call()
        await pause(1)
        assert outgoing.state is CallState.UP

    in_hand(story, answers=True)


@pytest.mark.parametrize(("key", "status"), [("a", 200), ("r", 603)])
def test_a_decision_on_the_alert_holds_for_the_call_when_it_comes(key: str, status: int) -> None:
    async def story(hand: Hand) -> None:
        outgoing = hand.call()
        hand.pushed(call_id=outgoing.call_id)  # before its INVITE
        hand.press(key)
        await pause(1)
        assert outgoing.status == status

    in_hand(story)


def test_a_decision_holds_for_the_call_that_was_announced_and_for_no_other() -> None:
    async def story(hand: Hand) -> None:
        hand.pushed(call_id="another")
        hand.press("a")
        await pause(1)
        outgoing = hand.call()
        await pause(1)
        assert outgoing.state is CallState.RINGING

    in_hand(story)


@pytest.mark.parametrize(("kind", "call_id", "key"), [("message", "c1", "a"), ("call", "", "a"), ("call", "c1", "h")])
def test_only_accept_and_reject_of_an_announced_call_are_decisions(kind: str, call_id: str, key: str) -> None:
    async def story(hand: Hand) -> None:
        hand.pushed(kind=kind, call_id=call_id)
        hand.press(key)
        await pause(1)
        assert hand.person._early == {}

    in_hand(story)


def test_a_call_that_is_gone_when_its_turn_comes_is_not_answered() -> None:
    async def story(hand: Hand) -> None:
        hand.press("ringing")  # the report came, and the call is over already
        await pause(1)
        assert hand.device.current_call is None

    in_hand(story, answers=True)


def test_the_app_is_terminated_by_key_even_while_it_rings() -> None:
    async def story(hand: Hand) -> None:
        hand.call()
        await pause(1)
        hand.press("s", "a")
        await pause(1)
        assert hand.state() == "terminated"

    in_hand(story)


def test_a_phone_that_sleeps_is_terminated_at_once_and_after_each_call() -> None:
    async def story(hand: Hand) -> None:
        assert hand.state() == "terminated"
        hand.pushed()
        await pause(1)
        assert hand.state() == "awake"
        hand.call()
        await pause(1)
        hand.press("r")
        await pause(0.1)
        assert hand.state() == "terminated"

    in_hand(story, terminates=True)


def test_an_app_that_was_woken_for_nothing_is_terminated_again() -> None:
    async def story(hand: Hand) -> None:
        hand.pushed(kind="refresh")
        await pause(IDLE_SECONDS - 0.5)
        assert hand.state() == "awake"
        await pause(1)
        assert hand.state() == "terminated"

    in_hand(story, terminates=True)


def test_each_push_gives_it_time_again() -> None:
    async def story(hand: Hand) -> None:
        hand.pushed("refresh", "p1")
        await pause(IDLE_SECONDS - 1)
        hand.pushed("message", "p2")
        await pause(IDLE_SECONDS - 1)
        assert hand.state() == "awake"
        await pause(2)
        assert hand.state() == "terminated"

    in_hand(story, terminates=True)


def test_a_call_keeps_it_awake() -> None:
    async def story(hand: Hand) -> None:
        hand.pushed()
        await pause(1)
        outgoing = hand.call()
        await pause(1)
        hand.press("a")
        await pause(IDLE_SECONDS * 3)
        assert (hand.state(), outgoing.state) == ("awake", CallState.UP)
        hand.press("h")
        await pause(1)
        assert hand.state() == "terminated"

    in_hand(story, terminates=True)


def test_a_phone_that_does_not_sleep_stays_awake() -> None:
    async def story(hand: Hand) -> None:
        hand.pushed(kind="refresh")
        await pause(IDLE_SECONDS * 3)
        assert hand.state() == "awake"

    in_hand(story)


def test_once_means_one_call() -> None:
    async def main(world: World) -> None:
        hand = Hand(world, once=True, answers=True)
        hand.boss = await awake(world)
        await hand.device.start()
        using = world.loop.create_task(hand.person.use(hand.words))
        hand.call()
        await pause(1)
        hand.press("h")
        await using
        await hand.device.stop()

    in_world(main)
