"""What an Android phone gets (docs/reference/payload.md, push-services section 2)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.push.samples import CALL_ALERT, FCM_TOKEN, NOW, fcm_push

from ringwake.model.push import Alert, Kind, Loc, Push
from ringwake.model.settings import AlertStyle
from ringwake.push.errors import UnsendableError
from ringwake.push.fcm.payload import LIMIT, payload


def built(push: Push) -> dict[str, Any]:
    body = json.loads(payload(push, FCM_TOKEN, wall=NOW))
    assert body.keys() == {"message"}
    message: dict[str, Any] = body["message"]
    assert message.keys() == {"token", "data", "android"}
    assert all(isinstance(value, str) for value in message["data"].values())
    return message


def test_a_call_is_a_data_message_of_high_priority() -> None:
    message = built(fcm_push())
    ours = json.loads(message["data"].pop("ringwake"))
    assert message == {
        "token": FCM_TOKEN,
        "data": {
            "title": "alice@example.com",
            "body": "Boss calling",
            "sound": "default",
            "badge": "1",
            "category": "INCOMING_CALL",
            "style": "alert",
        },
        "android": {"priority": "HIGH", "ttl": "18s"},
    }
    assert (ours["kind"], ours["from"]["name"]) == ("call", "Boss")


@pytest.mark.parametrize("kind", Kind)
def test_only_what_need_not_run_at_once_is_of_normal_priority(kind: Kind) -> None:
    wanted = "NORMAL" if kind in (Kind.REFRESH, Kind.READ) else "HIGH"
    assert built(fcm_push(kind=kind))["android"]["priority"] == wanted


def test_a_refresh_shows_nothing() -> None:
    assert built(fcm_push(kind=Kind.REFRESH, alert=CALL_ALERT))["data"].keys() == {"ringwake"}


@pytest.mark.parametrize(
    ("alert", "texts"),
    [
        (None, {}),
        (Alert(), {}),
        (Alert(title="t"), {}),
        (Alert(title="t", body="b"), {"title": "t", "body": "b", "style": "alert"}),
        (Alert(body="b", style=AlertStyle.BANNER), {"body": "b", "style": "banner"}),
        (Alert(sound="s", is_critical=True), {"sound": "s", "critical": "true"}),
        (Alert(title="t", sound="s"), {"sound": "s"}),
        (Alert(badge=0), {"badge": "0"}),
        (Alert(category="c"), {}),
        (Alert(sound="s", category="c"), {"sound": "s", "category": "c"}),
    ],
)
def test_each_of_the_three_forms_stands_alone(alert: Alert | None, texts: dict[str, str]) -> None:
    data = built(fcm_push(alert=alert))["data"]
    del data["ringwake"]
    assert data == texts


@pytest.mark.parametrize(
    ("left", "ttl"),
    [(18.9, "18s"), (0.5, "0s"), (0.0, "0s"), (-100.0, "0s"), (2419200.0, "2419200s"), (1e9, "2419200s")],
)
def test_it_lives_as_long_as_it_is_of_use(left: float, ttl: str) -> None:
    assert built(fcm_push(expires_at=NOW + left))["android"]["ttl"] == ttl


def test_a_ticket_stands_in_the_object_and_counts() -> None:
    data = built(fcm_push(ticket="sealed", from_name="x" * 6000))["data"]
    assert json.loads(data["ringwake"])["ticket"] == "sealed"
    assert sum(len(key) + len(value) for key, value in data.items()) == LIMIT


@given(name=st.text(min_size=1, max_size=4000), body=st.text(max_size=4000))
def test_data_is_never_longer_than_google_allows(name: str, body: str) -> None:
    data = built(fcm_push(from_name=name, alert=Alert(title="t", body=body)))["data"]
    assert sum(len(key.encode()) + len(value.encode()) for key, value in data.items()) <= LIMIT
    assert name.startswith(json.loads(data["ringwake"])["from"]["name"])


def test_what_cannot_be_made_to_fit_is_not_sent() -> None:
    with pytest.raises(UnsendableError, match="too large"):
        payload(fcm_push(call_id="x" * 5000), FCM_TOKEN, wall=NOW)


def test_texts_of_the_app_stand_beside_ours_as_text() -> None:
    loc = Loc(key="IC_MSG", args=('B"oss', "sip:boss@h"), title_key="IC_TITLE")
    data = built(fcm_push(alert=Alert(body="b", loc=loc)))["data"]
    assert json.loads(data.pop("loc_args")) == ['B"oss', "sip:boss@h"]
    del data["ringwake"]
    assert data == {"body": "b", "style": "alert", "loc_key": "IC_MSG", "title_loc_key": "IC_TITLE"}
    bare = built(fcm_push(alert=Alert(body="b", loc=Loc(key="K"))))["data"]
    assert bare.keys() == {"ringwake", "body", "style", "loc_key"}


def test_further_members_are_data_like_ours_and_ours_stay() -> None:
    data = built(fcm_push(extra=(("call-id", "1@h"), ("title", "x"), ("ringwake", "x"))))["data"]
    assert (data["call-id"], data["title"]) == ("1@h", "alice@example.com")
    assert json.loads(data["ringwake"])["kind"] == "call"
