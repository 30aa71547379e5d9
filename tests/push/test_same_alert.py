"""A phone shows, sounds and counts the same, whichever service brings the push."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.push.payloads import FORMS, Form

from ringwake.model.push import SILENT, Alert, Kind
from ringwake.model.settings import AlertStyle
from ringwake.push.alert import shown

WORDS = ("title", "body", "sound", "badge", "category", "style", "critical")
KINDS = sorted(set(Kind) - {Kind.READ})
"""Of all but the one that only counts."""
TEXT = st.sampled_from(("", "x", "Grüße"))
ALERT = st.builds(
    Alert,
    title=TEXT,
    body=TEXT,
    sound=TEXT,
    badge=st.none() | st.integers(0, 99),
    category=st.sampled_from(("", "X")),
    style=st.sampled_from(AlertStyle),
)
CRITICAL = st.builds(lambda alert, loud: replace(alert, is_critical=loud and bool(alert.sound)), ALERT, st.booleans())


def as_shown(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what a phone makes of a payload, in one form: what is missing or empty is left out."""
    match name:
        case "apns voip" | "apns remote":
            aps = body["aps"]
            sound = aps.get("sound", "")
            is_critical = isinstance(sound, dict)
            found = {**aps, **aps.get("alert", {}), "style": body.get("style"), "critical": is_critical}
            found["sound"] = sound["name"] if is_critical else sound
        case "fcm":
            found = dict(body["message"]["data"])
            if "badge" in found:
                found["badge"] = int(found["badge"])
            found["critical"] = found.get("critical") == "true"
        case "hms":
            found = json.loads(body["message"]["data"]).get("alert", {})
        case _:
            found = body.get("alert", {})
    return said({word: found.get(word) for word in WORDS})


def said(words: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing; a badge of 0 says much."""
    return {word: value for word, value in words.items() if value not in (None, "") and value is not False}


def meant(kind: Kind, alert: Alert | None) -> dict[str, Any]:
    """Return what the account's settings ask for."""
    if alert is None or kind in SILENT or not alert.is_perceptible:
        return {}
    wanted = {
        "title": alert.title if alert.body else "",
        "body": alert.body,
        "sound": alert.sound,
        "badge": alert.badge,
        "category": alert.category,
        "style": alert.style.value if alert.body else "",
        "critical": alert.is_critical,
    }
    return said(wanted)


@pytest.mark.parametrize("name", [name for name in FORMS if name != "webpush"])
@given(kind=st.sampled_from(KINDS), alert=st.none() | CRITICAL)
@settings(deadline=None)
def test_every_phone_shows_what_the_account_asks_for(name: str, kind: Kind, alert: Alert | None) -> None:
    if name == "apns voip":
        kind = Kind.CALL
    body = json.loads(FORMS[name].build(FORMS[name].push(kind=kind, alert=alert)))
    assert as_shown(name, body) == meant(kind, alert)


@given(kind=st.sampled_from(KINDS), alert=st.none() | CRITICAL)
@settings(deadline=None)
def test_a_page_shows_the_same_in_the_words_of_browsers(kind: Kind, alert: Alert | None) -> None:
    form: Form = FORMS["webpush"]
    push = form.push(kind=kind, alert=alert)
    body = json.loads(form.build(push))
    wanted, notification = meant(kind, alert), body.get("notification")
    assert body.get("app_badge") == wanted.get("badge")
    if not ("body" in wanted or "sound" in wanted):
        assert notification is None
        return
    assert notification is not None
    assert notification.get("body") == wanted.get("body")
    assert notification.get("silent", False) is ("sound" not in wanted)
    assert notification.get("renotify", False) is ("sound" in wanted)
    assert notification.get("requireInteraction", False) is (wanted.get("style") == "alert")
    assert body.get("critical", False) is wanted.get("critical", False)
    assert shown(push.notice) is alert
