"""What is shown, for services that carry one object."""

from __future__ import annotations

import msgspec
import pytest
from tests.push.samples import CALL_ALERT, notice

from ringwake.model.push import SILENT, Alert, Kind, Loc
from ringwake.model.settings import AlertStyle
from ringwake.push.alert import PlainAlert, PlainLoc, plain_alert, plain_loc, shown


def test_all_that_the_account_shows_is_said() -> None:
    shown = plain_alert(notice(alert=CALL_ALERT))
    assert shown == PlainAlert(
        title="alice@example.com",
        body="Boss calling",
        sound="default",
        badge=1,
        category="INCOMING_CALL",
        style="alert",
    )


def test_what_is_empty_is_left_out() -> None:
    assert msgspec.json.encode(plain_alert(notice(alert=Alert(sound="ring")))) == b'{"sound":"ring"}'
    assert msgspec.json.encode(plain_alert(notice(alert=Alert(badge=0)))) == b'{"badge":0}'


def test_a_banner_and_a_critical_sound_are_named() -> None:
    alert = Alert(body="b", sound="s", style=AlertStyle.BANNER, is_critical=True)
    assert plain_alert(notice(alert=alert)) == PlainAlert(body="b", sound="s", style="banner", critical=True)


def test_a_title_without_a_text_is_not_shown() -> None:
    assert plain_alert(notice(alert=Alert(title="alice", badge=2))) == PlainAlert(badge=2)


@pytest.mark.parametrize("alert", [None, Alert(), Alert(title="alice", category="X")])
def test_where_nothing_is_perceptible_there_is_no_alert(alert: Alert | None) -> None:
    assert plain_alert(notice(alert=alert)) is None


@pytest.mark.parametrize("kind", sorted(SILENT))
def test_a_silent_push_shows_nothing(kind: Kind) -> None:
    assert plain_alert(notice(kind, alert=CALL_ALERT)) is None


def test_texts_of_the_app_are_named_beside_what_they_stand_for() -> None:
    alert = Alert(title="t", body="b", loc=Loc(key="K", args=("Boss",), title_key="T"))
    assert plain_alert(notice(alert=alert)) == PlainAlert(
        title="t", body="b", style="alert", loc=PlainLoc("K", ("Boss",), "T")
    )
    assert msgspec.json.encode(PlainLoc("K")) == b'{"key":"K"}'


def test_where_no_text_is_shown_none_of_the_apps_is_named() -> None:
    assert plain_loc(Alert(sound="x", loc=Loc(key="K"))) is None
    assert plain_loc(Alert(body="b")) is None


def test_what_is_to_be_seen_is_the_whole_alert() -> None:
    assert shown(notice(alert=CALL_ALERT)) is CALL_ALERT
