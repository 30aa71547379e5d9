"""What the terminal phone shows, by what the phone tells."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.terminal_phone.glass import fcm_push, push_note

from ringwake.cli.terminal.screen_state import MOST_LINES, Announcement, ScreenState
from ringwake.cli.terminal.wishes import NOTHING, Wishes
from ringwake.softphone.app_state import PhoneNote

BOSS = {"title": "alice@ringwake.test", "body": "Boss calling", "style": "alert", "sound": "default"}


class Owner:
    """Looks at a phone."""

    def __init__(self, **wishes: Any) -> None:
        self.state = ScreenState("alice")
        self.state.wishes = Wishes(**wishes)

    def hear(self, what: str, **fields: Any) -> None:
        self.state.note(PhoneNote(1.0, what, fields))

    def push(self, kind: str = "call", **changes: Any) -> None:
        self.state.note(push_note(fcm_push(kind, **{**BOSS, **changes})))

    def invite(self, call_id: str = "c1", sender: str = "Boss") -> None:
        self.hear("invite", call_id=call_id, sender=sender)

    def call(self, state: str, ending: str = "", call_id: str = "c1") -> None:
        self.hear("call", call_id=call_id, state=state, ending=ending)

    @property
    def text(self) -> str:
        """What is before their eyes."""
        return self.state.shown.text if self.state.shown else ""


@pytest.mark.parametrize("state", ["awake", "asleep", "terminated", "off"])
def test_the_state_of_the_app_is_shown(state: str) -> None:
    owner = Owner()
    owner.hear(state)
    assert (owner.state.state, len(owner.state.log)) == (state, 1)


def test_a_call_is_announced_and_rings_until_it_is_up() -> None:
    owner = Owner()
    owner.push()
    assert owner.state.shown == Announcement(
        text="Boss calling", title="alice@ringwake.test", style="alert", call_id="c1", has_sound=True
    )
    owner.invite()
    owner.call("ringing")
    assert (owner.text, owner.state.rings, owner.state.is_called) == ("Boss calling", True, True)
    owner.call("up")
    assert (owner.text, owner.state.rings, owner.state.is_called, owner.state.talks) == ("", False, False, True)
    owner.call("ended", "bye")
    assert not owner.state.talks
    assert list(owner.state.log)[-3:] == ["The call is here.", "In the call.", "The call is over (bye)."]


@pytest.mark.parametrize("kind", ["missed", "elsewhere", "cancel"])
def test_a_push_that_says_that_the_call_is_over_takes_it_away(kind: str) -> None:
    owner = Owner()
    owner.push()
    owner.push(kind, seq=2, body="Over", style="banner", sound="")
    assert (owner.text, owner.state.rings, owner.state.is_called) == ("Over", False, False)


def test_a_push_that_was_overtaken_announces_nothing() -> None:
    owner = Owner()
    owner.push("missed", seq=2, body="Missed call", sound="")
    owner.push("call", seq=1)
    assert (owner.text, owner.state.rings) == ("Missed call", False)


def test_a_repeat_does_not_announce_what_was_acted_on() -> None:
    owner = Owner()
    owner.push()
    owner.state.act()
    owner.push(seq=2)
    assert (owner.text, owner.state.rings, owner.state.is_called) == ("", False, False)


def test_of_two_calls_the_newest_is_shown_and_the_other_when_that_is_over() -> None:
    owner = Owner()
    owner.push(call_id="c1")
    owner.push(call_id="c2", body="Bob calling")
    assert owner.text == "Bob calling"
    owner.call("ended", "rejected", "c2")
    assert (owner.text, owner.state.rings) == ("Boss calling", True)


def test_a_banner_goes_and_its_call_rings_on() -> None:
    owner = Owner()
    owner.push(style="banner")
    shown = owner.state.shown
    assert shown is not None
    owner.state.passed(shown)
    assert (owner.text, owner.state.rings, owner.state.is_called) == ("", True, True)


def test_a_banner_that_another_took_the_place_of_takes_nothing_away() -> None:
    owner = Owner()
    owner.push("message", style="banner", body="One")
    first = owner.state.shown
    assert first is not None
    owner.push("message", style="banner", body="Two", call_id="m2")
    owner.state.passed(first)
    assert owner.text == "Two"


def test_a_notice_waits_behind_a_call_and_sounds_at_once() -> None:
    owner = Owner()
    owner.push()
    owner.push("message", call_id="m1", body="Message from Bob")
    assert (owner.text, owner.state.chimes) == ("Boss calling", 1)
    owner.state.act()
    assert owner.text == "Message from Bob"
    owner.state.act()
    assert owner.text == ""


def test_the_badge_is_what_the_newest_push_says() -> None:
    owner = Owner()
    for said, badge in (("2", 2), (None, 2), ("0", 0)):
        owner.push("read", **({} if said is None else {"badge": said}))
        assert owner.state.badge == badge


def test_a_silent_call_without_text_may_still_be_taken() -> None:
    owner = Owner()
    owner.push(body="", sound="", style="")
    assert (owner.state.shown, owner.state.rings, owner.state.is_called) == (None, False, True)


@pytest.mark.parametrize(
    ("wishes", "text", "style", "rings"),
    [
        (Wishes(), "Boss calling", "alert", True),
        (Wishes(style="banner", preview=False), "Incoming call", "banner", True),
        (Wishes(sound=False), "Boss calling", "alert", False),
        (NOTHING, "", "", False),
    ],
)
def test_a_call_without_a_push_is_announced_as_the_owner_wants(
    wishes: Wishes, text: str, style: str, rings: bool
) -> None:
    owner = Owner()
    owner.state.wishes = wishes
    owner.invite()
    shown = owner.state.shown
    assert (owner.text, shown.style if shown else "", owner.state.rings) == (text, style, rings)
    assert owner.state.is_called


@pytest.mark.parametrize(
    ("ending", "badge", "text"),
    [("cancelled", 1, "Missed: Boss calling"), ("answered elsewhere", 0, ""), ("rejected", 0, "")],
)
def test_a_call_that_nobody_took_is_counted(ending: str, badge: int, text: str) -> None:
    owner = Owner()
    owner.invite()
    owner.call("ended", ending)
    assert (owner.state.badge, owner.text) == (badge, text)


def test_a_missed_call_is_not_counted_without_a_badge() -> None:
    owner = Owner(badge=False)
    owner.invite()
    owner.call("ended", "cancelled")
    assert owner.state.badge == 0


def test_a_text_is_announced_once_by_push_or_by_itself() -> None:
    owner = Owner()
    owner.push("message", body="Message from Boss")
    owner.hear("message", sender="Boss", text="hello")
    assert (owner.text, owner.state.chimes) == ("Message from Boss", 1)
    owner.hear("message", sender="Boss", text="again")
    assert (owner.text, owner.state.chimes) == ("Boss: again", 2)
    assert list(owner.state.log)[-2:] == ["Boss: hello", "Boss: again"]


def test_a_text_without_preview_is_announced_without_its_sender() -> None:
    owner = Owner(preview=False, style="banner")
    owner.hear("message", sender="Boss", text="hello")
    assert owner.text == "New message"


def test_what_never_came_is_forgotten_when_the_app_sleeps() -> None:
    owner = Owner()
    owner.push("message", body="Message from Boss")
    owner.hear("asleep")
    owner.hear("message", sender="Boss", text="hello")
    assert owner.text == "Boss: hello"


@pytest.mark.parametrize("state", ["terminated", "off"])
def test_an_app_that_ends_has_no_calls(state: str) -> None:
    owner = Owner()
    owner.push(call_id="c1")
    owner.call("up", call_id="c1")
    owner.push(call_id="c2")
    owner.hear(state)
    assert (owner.text, owner.state.is_called, owner.state.talks) == ("", False, False)


def test_text_from_the_wire_stands_in_one_plain_line() -> None:
    owner = Owner()
    owner.push(body="B\x1b[2J\na", title="t\r")
    shown = owner.state.shown
    assert shown is not None
    assert (shown.text, shown.title) == ("B\\x1b[2J\\na", "t\\r")
    owner.invite("c2", "B\x07")
    assert owner.text == "B\\x07 calling"
    owner.hear("message", sender="B\n", text="\x1b[1m")
    assert owner.state.log[-1] == "B\\n: \\x1b[1m"


def test_the_log_and_what_is_known_of_calls_are_bounded() -> None:
    owner = Owner()
    for number in range(MOST_LINES + 100):
        owner.push("missed", call_id=f"c{number}")
    state = owner.state
    assert (len(state.log), state.lines) == (MOST_LINES, MOST_LINES + 100)
    assert (len(state._seqs), len(state._done)) == (100, 100)
