"""What the terminal phone prints: lines and alerts for people, JSON for programs."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from ringwake.cli.phone_screen import PhoneScreen
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.notification import Notification
from ringwake.softphone.screen import BELL
from ringwake.ua.registration import Granted

ALERT = Notification(kind="call", call_id="c1", text="Boss calling", sound="default", actions=("Accept", "Reject"))


class Phone:
    """A screen, and what stands on it."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.paper = io.StringIO()
        self.screen = PhoneScreen(as_json=as_json, out=self.paper)

    def note(self, what: str, **fields: Any) -> str:
        return self.screen.note(PhoneNote(1.0, what, fields))

    def push(self, notification: Notification = ALERT) -> str:
        return self.note("push", kind=notification.kind, text=notification.text, notification=notification)

    @property
    def shown(self) -> str:
        return self.paper.getvalue()


@pytest.mark.parametrize(
    ("what", "fields", "line"),
    [
        ("awake", {}, "The app is awake."),
        ("asleep", {}, "The app sleeps."),
        ("terminated", {}, "The app is terminated. Only a push can wake it."),
        ("off", {}, "The phone is off."),
        ("line lost", {}, "The connection to the server is gone."),
        ("wake failed", {"reason": "Connection refused"}, "Waking failed: Connection refused."),
        ("message", {"sender": "Boss", "text": "hello"}, "Boss: hello"),
        ("message", {"sender": "B\x1b[2J", "text": "a\nb"}, "B·[2J: a·b"),
        ("call", {"state": "ended", "ending": "bye"}, "The call is over (bye)."),
        ("call", {"state": "ended", "ending": ""}, "The call is over (ended)."),
        ("call", {"state": "up", "ending": ""}, "In the call. Press h to hang up."),
    ],
)
def test_people_get_a_sentence(what: str, fields: dict[str, Any], line: str) -> None:
    phone = Phone()
    phone.note(what, **fields)
    assert phone.shown == f"{line}\n"


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("registered", {"expires": 60, "push": True}),
        ("push again", {"kind": "call"}),
        ("call", {"state": "ringing", "ending": ""}),
        ("call", {"state": "answered", "ending": ""}),
        ("call", {"state": "trying", "ending": ""}),
    ],
)
def test_what_nobody_needs_to_know_is_not_printed(what: str, fields: dict[str, Any]) -> None:
    phone = Phone()
    phone.note(what, **fields)
    assert phone.shown == ""


def test_a_deaf_phone_says_what_to_do() -> None:
    phone = Phone()
    phone.note("push service lost")
    assert "no push can wake this phone. Start it again." in phone.shown


def test_a_push_is_an_alert_and_then_the_call_is_here() -> None:
    phone = Phone()
    phone.push()
    phone.note("invite", call_id="c1", sender="Boss")
    assert phone.shown.startswith(f"{BELL}┌─")
    assert phone.shown.count("Boss calling") == 1
    assert phone.shown.endswith("The call is here: press a to accept, r to reject.\n")


def test_a_call_that_no_push_announced_has_its_alert_too() -> None:
    phone = Phone()
    phone.push()
    phone.push(Notification(kind="message", text="Message from Bob"))
    phone.note("invite", call_id="c2", sender="Bob")
    assert "│ Bob calling             │\n│ [a] Accept   [r] Reject │" in phone.shown
    assert phone.shown.count(BELL) == 2


def test_a_silent_push_is_a_line() -> None:
    phone = Phone()
    phone.push(Notification(kind="refresh"))
    assert phone.shown == "Push: refresh.\n"


@pytest.mark.parametrize(
    ("granted", "words"),
    [
        (Granted(2_592_000, has_push=True), "Registered for 30 days; it will be woken by push.\nKeys: a accept\n"),
        (
            Granted(3600, has_push=False),
            "Registered for 60 minutes; the server does not push: stay awake.\nKeys: a accept\n",
        ),
    ],
)
def test_a_registered_phone_says_for_how_long(granted: Granted, words: str) -> None:
    phone = Phone()
    phone.screen.registered(granted, "a accept")
    assert phone.shown == words


def test_programs_get_one_json_object_a_line() -> None:
    phone = Phone(as_json=True)
    phone.screen.registered(Granted(3600, has_push=True), "a accept")
    phone.push()
    phone.note("line lost")
    phone.note("invite", call_id="c1", sender="Boss")
    assert [json.loads(line) for line in phone.shown.splitlines()] == [
        {"event": "push", "kind": "call", "text": "Boss calling"},
        {"event": "line_lost"},
        {"event": "invite", "call_id": "c1", "sender": "Boss"},
    ]


@pytest.mark.parametrize("as_json", [True, False])
def test_its_owner_gets_a_word_to_act_on(*, as_json: bool) -> None:
    phone = Phone(as_json=as_json)
    assert phone.note("call", state="ended", ending="bye") == "ended"
    assert phone.note("call", state="up", ending="") == ""
    assert phone.note("invite", call_id="c1", sender="Boss") == "ringing"
    assert phone.push() == "push"
    assert phone.note("registered", expires=60, push=True) == "registered"
