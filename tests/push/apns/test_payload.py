"""What an iPhone gets for which push (docs/reference/payload.md, push-services 1.5)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.push.samples import CALL_ALERT, apns_push

from ringwake.model.push import Alert, Kind, Loc, Push, Service
from ringwake.model.settings import AlertStyle
from ringwake.push.apns.payload import LIMIT, VOIP_LIMIT, Form, payload
from ringwake.push.errors import UnsendableError

MISSED = Alert(title="alice@example.com", body="Missed call", sound="default", badge=2)


def built(push: Push) -> tuple[Form, dict[str, Any], dict[str, Any]]:
    made = payload(push)
    body = json.loads(made.body)
    assert body.keys() - {"style"} == {"aps", "ringwake"}
    assert body["ringwake"]["kind"] == push.notice.kind.value
    return made.form, body["aps"], body["ringwake"]


def test_a_call_goes_to_callkit() -> None:
    form, aps, ours = built(apns_push())
    assert form is Form.VOIP
    assert aps == {
        "alert": {"title": "alice@example.com", "body": "Boss calling"},
        "sound": "default",
        "badge": 1,
        "category": "INCOMING_CALL",
    }
    assert ours["uuid"] == "c0c5b1f5-5bb4-5c0f-8a53-6c2a4b1f6a55"


def test_a_call_without_settings_goes_to_callkit_too() -> None:
    form, aps, _ = built(apns_push(alert=None))
    assert (form, aps) == (Form.VOIP, {})


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.CALL}))
def test_a_voip_push_only_announces_a_call(kind: Kind) -> None:
    with pytest.raises(UnsendableError, match="only announces a call"):
        payload(apns_push(kind=kind))


def test_a_call_on_a_phone_without_voip_token_is_a_time_sensitive_alert() -> None:
    form, aps, _ = built(apns_push(Service.REMOTE))
    assert form is Form.ALERT
    assert aps == {
        "alert": {"title": "alice@example.com", "body": "Boss calling"},
        "sound": "default",
        "badge": 1,
        "category": "INCOMING_CALL",
        "interruption-level": "time-sensitive",
        "mutable-content": 1,
        "content-available": 1,
    }


def test_a_call_whose_banner_goes_by_itself_breaks_through_no_focus() -> None:
    alert = replace(CALL_ALERT, style=AlertStyle.BANNER)
    assert built(apns_push(Service.REMOTE, alert=alert))[1]["interruption-level"] == "active"
    only_sound = Alert(sound="default", style=AlertStyle.NONE)
    assert built(apns_push(Service.REMOTE, alert=only_sound))[1]["interruption-level"] == "active"


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.MESSAGE])
def test_a_critical_sound_is_heard_on_a_muted_phone(kind: Kind) -> None:
    alert = Alert(body="b", sound="alarm.caf", is_critical=True)
    _, aps, _ = built(apns_push(Service.REMOTE, kind=kind, alert=alert))
    assert aps["sound"] == {"critical": 1, "name": "alarm.caf", "volume": 1.0}
    assert aps["interruption-level"] == "critical"


def test_callkit_is_told_of_a_critical_sound_and_of_no_level() -> None:
    _, aps, _ = built(apns_push(alert=Alert(sound="alarm.caf", is_critical=True)))
    assert aps == {"sound": {"critical": 1, "name": "alarm.caf", "volume": 1.0}}


@pytest.mark.parametrize("kind", [Kind.ELSEWHERE, Kind.CANCEL])
def test_the_end_of_a_call_takes_its_place_and_disturbs_nobody(kind: Kind) -> None:
    alert = Alert(body="Call ended", style=AlertStyle.BANNER)
    _, aps, _ = built(apns_push(Service.REMOTE, kind=kind, alert=alert))
    assert aps["interruption-level"] == "passive"
    assert "sound" not in aps


def test_what_was_read_elsewhere_is_counted_and_the_app_does_not_run() -> None:
    form, aps, _ = built(apns_push(Service.REMOTE, kind=Kind.READ, alert=Alert(badge=0)))
    assert (form, aps) == (Form.ALERT, {"badge": 0})


@pytest.mark.parametrize("service", [Service.VOIP, Service.REMOTE])
def test_the_app_is_told_how_a_text_is_shown(service: Service) -> None:
    for style in (AlertStyle.BANNER, AlertStyle.ALERT):
        body = json.loads(payload(apns_push(service, alert=Alert(body="b", style=style))).body)
        assert body["style"] == style.value
    assert "style" not in json.loads(payload(apns_push(service, alert=Alert(sound="s"))).body)
    assert "style" not in json.loads(payload(apns_push(service, alert=None)).body)


@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.MISSED, Kind.VOICEMAIL])
def test_what_has_something_to_show_is_an_alert(kind: Kind) -> None:
    form, aps, _ = built(apns_push(Service.REMOTE, kind=kind, alert=MISSED))
    assert form is Form.ALERT
    assert aps == {
        "alert": {"title": "alice@example.com", "body": "Missed call"},
        "sound": "default",
        "badge": 2,
        "mutable-content": 1,
        "content-available": 1,
    }


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("alert", [None, Alert(), Alert(title="only a title", category="X")])
def test_what_has_nothing_to_show_is_a_background_push(kind: Kind, alert: Alert | None) -> None:
    form, aps, _ = built(apns_push(Service.REMOTE, kind=kind, alert=alert))
    assert (form, aps) == (Form.BACKGROUND, {"content-available": 1})


def test_a_refresh_is_always_a_background_push() -> None:
    form, aps, _ = built(apns_push(Service.REMOTE, kind=Kind.REFRESH, alert=CALL_ALERT))
    assert (form, aps) == (Form.BACKGROUND, {"content-available": 1})


@pytest.mark.parametrize(
    ("alert", "members"),
    [
        (Alert(title="t", body="b"), {"alert": {"title": "t", "body": "b"}}),
        (Alert(body="b"), {"alert": {"body": "b"}}),
        (Alert(title="t", sound="bell.wav"), {"sound": "bell.wav"}),
        (Alert(badge=0), {"badge": 0}),
    ],
)
def test_each_of_the_three_forms_stands_alone(alert: Alert, members: dict[str, Any]) -> None:
    form, aps, _ = built(apns_push(Service.REMOTE, kind=Kind.MESSAGE, alert=alert))
    assert form is Form.ALERT
    assert aps == members | {"mutable-content": 1, "content-available": 1}


@given(
    name=st.text(min_size=1, max_size=4000),
    body=st.text(max_size=4000),
    service=st.sampled_from([Service.VOIP, Service.REMOTE]),
)
def test_it_is_never_longer_than_apple_allows(name: str, body: str, service: Service) -> None:
    push = apns_push(service, from_name=name, alert=Alert(title="t", body=body, sound="default"))
    made = payload(push)
    assert len(made.body) <= (VOIP_LIMIT if service is Service.VOIP else LIMIT)
    assert name.startswith(json.loads(made.body)["ringwake"]["from"]["name"])


@pytest.mark.parametrize(("service", "limit"), [(Service.VOIP, VOIP_LIMIT), (Service.REMOTE, LIMIT)])
def test_a_ticket_stands_in_the_object_and_counts(service: Service, limit: int) -> None:
    body = payload(apns_push(service, ticket="sealed", from_name="x" * 6000)).body
    assert json.loads(body)["ringwake"]["ticket"] == "sealed"
    assert len(body) == limit


def test_a_voip_push_may_be_longer() -> None:
    push = apns_push(from_name="x" * 6000)
    assert len(payload(push).body) == VOIP_LIMIT
    push = apns_push(Service.REMOTE, from_name="x" * 6000)
    assert len(payload(push).body) == LIMIT


@pytest.mark.parametrize("service", [Service.VOIP, Service.REMOTE])
def test_texts_of_the_app_stand_in_place_of_ours(service: Service) -> None:
    loc = Loc(key="IC_MSG", args=("Boss", "sip:boss@h"), title_key="IC_TITLE")
    _, aps, _ = built(apns_push(service, alert=Alert(title="t", body="b", loc=loc)))
    assert aps["alert"] == {"title-loc-key": "IC_TITLE", "loc-key": "IC_MSG", "loc-args": ["Boss", "sip:boss@h"]}


def test_one_of_two_texts_may_be_the_apps() -> None:
    _, aps, _ = built(apns_push(alert=Alert(title="t", body="b", loc=Loc(key="K"))))
    assert aps["alert"] == {"title": "t", "loc-key": "K"}
    _, aps, _ = built(apns_push(alert=Alert(title="t", body="b", loc=Loc(title_key="T"))))
    assert aps["alert"] == {"title-loc-key": "T", "body": "b"}
    _, aps, _ = built(apns_push(alert=Alert(title="t", sound="s", loc=Loc(key="K"))))
    assert aps == {"sound": "s"}, "where no text is to be shown, none of the app's is"


@pytest.mark.parametrize(("service", "kind"), [(Service.VOIP, Kind.CALL), (Service.REMOTE, Kind.CANCEL)])
def test_further_members_stand_beside_aps(service: Service, kind: Kind) -> None:
    push = apns_push(service, kind=kind, extra=(("call-id", "1@h"), ("aps", "x"), ("ringwake", "x")))
    body = json.loads(payload(push).body)
    assert body.keys() - {"style"} == {"call-id", "aps", "ringwake"}
    assert body["call-id"] == "1@h"
    assert isinstance(body["aps"], dict)
    assert body["ringwake"]["kind"] == kind, "what is ours stays ours"
