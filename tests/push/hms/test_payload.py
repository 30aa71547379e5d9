"""What a Huawei phone is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.push.samples import CALL_ALERT, HMS_TOKEN, NOW, hms_push

from ringwake.model.push import Alert, Kind, Loc, Push
from ringwake.push.errors import UnsendableError
from ringwake.push.hms.payload import payload


def message(push: Push, wall: float = NOW) -> dict[str, Any]:
    built: dict[str, Any] = json.loads(payload(push, HMS_TOKEN, wall=wall))
    assert built.keys() == {"message"}
    found: dict[str, Any] = built["message"]
    return found


def test_a_call_is_a_data_message_that_starts_the_app_for_its_window() -> None:
    sent = message(hms_push())
    assert sent["token"] == [HMS_TOKEN]
    assert sent["android"] == {"urgency": "HIGH", "ttl": "18s", "category": "VOIP"}
    data = json.loads(sent["data"])
    assert data["ringwake"]["kind"] == "call"
    assert data["ringwake"]["from"] == {"uri": "sip:boss@example.com", "name": "Boss"}
    assert data["alert"]["body"] == "Boss calling"
    assert "notification" not in sent, "it would be shown without the app"


@pytest.mark.parametrize(
    ("kind", "android"),
    [
        (Kind.MESSAGE, {"urgency": "HIGH", "ttl": "18s"}),
        (Kind.CANCEL, {"urgency": "HIGH", "ttl": "18s"}),
        (Kind.REFRESH, {"urgency": "NORMAL", "ttl": "18s", "collapse_key": 1}),
        (Kind.READ, {"urgency": "NORMAL", "ttl": "18s"}),
        (Kind.WAKE, {"urgency": "HIGH", "ttl": "18s", "collapse_key": 2}),
    ],
)
def test_only_silent_pushes_replace_each_other(kind: Kind, android: dict[str, object]) -> None:
    assert message(hms_push(kind=kind))["android"] == android


def test_a_silent_push_shows_nothing() -> None:
    assert json.loads(message(hms_push(kind=Kind.REFRESH, alert=CALL_ALERT))["data"]).keys() == {"ringwake"}


@pytest.mark.parametrize(("left", "ttl"), [(18.9, "18s"), (0.5, "1s"), (-9.0, "1s"), (1e9, "1296000s")])
def test_it_is_kept_as_long_as_it_is_of_use(left: float, ttl: str) -> None:
    assert message(hms_push(expires_at=NOW + left))["android"]["ttl"] == ttl


@pytest.mark.parametrize("character", ["x", '"', "\\", "\u00e9", "\U0001f600", "\x01"])
def test_a_long_text_is_cut_to_what_push_kit_takes(character: str) -> None:
    push = hms_push(from_name=character * 5000, alert=Alert(title="t", body=character * 5000))
    body = payload(push, HMS_TOKEN, wall=NOW)
    assert len(body) - len(HMS_TOKEN) <= 4096
    assert len(body) > 3000
    assert json.loads(json.loads(body)["message"]["data"])["ringwake"]["kind"] == "call"


def test_what_cannot_be_cut_is_not_sent() -> None:
    with pytest.raises(UnsendableError, match="too large") as caught:
        payload(hms_push(call_id="x" * 5000), HMS_TOKEN, wall=NOW)
    assert caught.value.status == 413


def test_texts_of_the_app_and_further_members_are_in_the_data() -> None:
    alert = Alert(body="b", loc=Loc(key="IC_MSG", args=("Boss",)))
    data = json.loads(message(hms_push(alert=alert, extra=(("call-id", "1@h"), ("ringwake", "x"))))["data"])
    assert data["alert"] == {"body": "b", "style": "alert", "loc": {"key": "IC_MSG", "args": ["Boss"]}}
    assert data["call-id"] == "1@h"
    assert data["ringwake"]["kind"] == "call"
