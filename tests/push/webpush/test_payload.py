"""What a service worker gets (docs/reference/payload.md)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.push.samples import webpush_push

from ringwake.model.push import Alert, Kind, Loc, Push
from ringwake.model.settings import AlertStyle
from ringwake.push.webpush.encryption import LIMIT
from ringwake.push.webpush.payload import payload

ENDPOINT = "https://push.example.net/x"


def banner(body: str) -> Alert:
    return Alert(title="t", body=body, style=AlertStyle.BANNER)


def built(push: Push) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(payload(push))
    assert body["ringwake"]["kind"] == push.notice.kind.value
    return body


def test_a_call_can_be_shown_and_answered() -> None:
    body = built(webpush_push(ENDPOINT))
    assert body.keys() == {"ringwake", "notification", "app_badge"}
    assert body["notification"] == {
        "title": "alice@example.com",
        "body": "Boss calling",
        "tag": "c0c5b1f5-5bb4-5c0f-8a53-6c2a4b1f6a55",
        "renotify": True,
        "requireInteraction": True,
        "actions": [{"action": "answer", "title": "Answer"}, {"action": "decline", "title": "Decline"}],
    }
    assert body["app_badge"] == 1


def test_the_buttons_are_in_the_language_of_the_person() -> None:
    body = built(webpush_push(ENDPOINT, alert=Alert(body="b", buttons=("Annehmen", "Ablehnen"))))
    assert body["notification"]["actions"] == [
        {"action": "answer", "title": "Annehmen"},
        {"action": "decline", "title": "Ablehnen"},
    ]


def test_a_missed_call_takes_the_place_of_the_call() -> None:
    body = built(webpush_push(ENDPOINT, kind=Kind.MISSED, alert=banner("Missed call")))
    assert body["notification"] == {
        "title": "t",
        "body": "Missed call",
        "tag": "c0c5b1f5-5bb4-5c0f-8a53-6c2a4b1f6a55",
        "silent": True,
    }
    assert "app_badge" not in body


def test_a_silent_push_of_an_app_shows_nothing() -> None:
    body = built(webpush_push(ENDPOINT, kind=Kind.REFRESH, alert=Alert(title="t", body="b", sound="default")))
    assert "notification" not in body


def test_a_message_stands_for_itself() -> None:
    body = built(webpush_push(ENDPOINT, kind=Kind.MESSAGE, alert=Alert(title="t", body="b", sound="default")))
    assert body["notification"] == {
        "title": "t",
        "body": "b",
        "tag": "8f14e45fceea167a5a36dedd4bea2543",
        "renotify": True,
        "requireInteraction": True,
    }


def test_a_banner_goes_by_itself_even_of_a_call() -> None:
    assert "requireInteraction" not in built(webpush_push(ENDPOINT, alert=banner("Boss calling")))["notification"]


def test_the_newest_word_of_voicemail_takes_the_place_of_the_last() -> None:
    tags = [
        built(webpush_push(ENDPOINT, kind=Kind.VOICEMAIL, id=id_, uuid=id_, alert=banner("New")))["notification"]["tag"]
        for id_ in ("1", "2")
    ]
    assert tags[0] == tags[1]


def test_a_critical_sound_is_named_to_the_page() -> None:
    assert built(webpush_push(ENDPOINT, alert=Alert(body="b", sound="s", is_critical=True)))["critical"] is True


@pytest.mark.parametrize(
    ("alert", "notification", "badge"),
    [
        (None, None, None),
        (Alert(), None, None),
        (Alert(title="t"), None, None),
        (Alert(title="t", badge=0), None, 0),
        (Alert(title="t", badge=3), None, 3),
        (
            Alert(title="t", sound="s"),
            {"title": "t", "tag": "8f14e45fceea167a5a36dedd4bea2543", "renotify": True},
            None,
        ),
        (banner("b"), {"title": "t", "body": "b", "tag": "8f14e45fceea167a5a36dedd4bea2543", "silent": True}, None),
    ],
)
def test_each_of_the_three_forms_stands_alone(
    alert: Alert | None, notification: dict[str, Any] | None, badge: int | None
) -> None:
    body = built(webpush_push(ENDPOINT, kind=Kind.MESSAGE, alert=alert))
    assert body.get("notification") == notification
    assert body.get("app_badge") == badge


def test_a_ticket_stands_in_the_object_and_counts() -> None:
    text = payload(webpush_push(ENDPOINT, ticket="sealed", from_name="x" * 6000))
    assert json.loads(text)["ringwake"]["ticket"] == "sealed"
    assert len(text) == LIMIT


@given(name=st.text(max_size=4000), body=st.text(max_size=4000))
def test_it_is_never_longer_than_a_service_must_take(name: str, body: str) -> None:
    assert len(payload(webpush_push(ENDPOINT, from_name=name, alert=Alert(title="t", body=body)))) <= LIMIT


def test_texts_of_the_page_are_named_beside_the_notification() -> None:
    body = built(webpush_push(ENDPOINT, alert=Alert(body="b", loc=Loc(key="IC_MSG", args=("Boss",)))))
    assert body["loc"] == {"key": "IC_MSG", "args": ["Boss"]}
    assert body["notification"]["body"] == "b"


def test_further_members_stand_beside_ours() -> None:
    body = built(webpush_push(ENDPOINT, extra=(("call-id", "1@h"), ("notification", "x"))))
    assert body["call-id"] == "1@h"
    assert body["notification"]["title"] == "alice@example.com"
    assert built(webpush_push(ENDPOINT, kind=Kind.CANCEL, alert=None, extra=(("a", "b"),)))["a"] == "b"
