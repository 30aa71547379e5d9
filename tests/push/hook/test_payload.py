"""What the operator's push server is sent."""

from __future__ import annotations

import json

import pytest
from tests.push.samples import CALL_ALERT, HTTP_TOKEN, NOW, http_push

from ringwake.model.push import Alert, Kind, Loc
from ringwake.push.errors import UnsendableError
from ringwake.push.hook.payload import payload


def test_a_call_names_token_app_kind_and_end_and_says_what_is_shown() -> None:
    body = json.loads(payload(http_push(), HTTP_TOKEN, id="0a" * 16))
    ours, alert = body.pop("ringwake"), body.pop("alert")
    assert body == {
        "v": 1,
        "id": "0a" * 16,
        "token": HTTP_TOKEN,
        "app": "demo-phone",
        "kind": "call",
        "expires": int(NOW + 18.75),
    }
    assert (ours["kind"], ours["call_id"]) == ("call", "3848276298220188511@atlanta.example.com")
    assert alert == {
        "title": "alice@example.com",
        "body": "Boss calling",
        "sound": "default",
        "badge": 1,
        "category": "INCOMING_CALL",
        "style": "alert",
    }


def test_a_silent_push_shows_nothing() -> None:
    body = json.loads(payload(http_push(kind=Kind.REFRESH, alert=CALL_ALERT), HTTP_TOKEN, id="x"))
    assert body["kind"] == "refresh"
    assert "alert" not in body


@pytest.mark.parametrize("token", ["x", "y" * 4096, '"' * 4096])
@pytest.mark.parametrize("character", ["x", '"', "\u00e9", "\U0001f600"])
def test_a_long_text_is_cut_and_the_token_does_not_count(character: str, token: str) -> None:
    push = http_push(from_name=character * 5000, alert=Alert(title="t", body=character * 5000))
    body = payload(push, token, id="0a" * 16)
    assert 3000 < len(body) - len(json.dumps(token)) <= 4096
    assert json.loads(body)["token"] == token


def test_what_cannot_be_cut_is_not_sent() -> None:
    with pytest.raises(UnsendableError, match="too large"):
        payload(http_push(call_id="x" * 5000), HTTP_TOKEN, id="x")


def test_texts_of_the_app_and_further_members_are_passed_on() -> None:
    alert = Alert(body="b", loc=Loc(key="IC_MSG", args=("Boss",)))
    push = http_push(alert=alert, extra=(("call-id", "1@h"), ("token", "x")))
    body = json.loads(payload(push, HTTP_TOKEN, id="x"))
    assert body["alert"] == {"body": "b", "style": "alert", "loc": {"key": "IC_MSG", "args": ["Boss"]}}
    assert (body["call-id"], body["token"]) == ("1@h", HTTP_TOKEN)
