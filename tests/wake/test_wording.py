"""Claims about an application's own words: its texts, the names of those in the app, its members of the payload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.wake.phones import AOR, app

from ringwake.model.app import App, Provider
from ringwake.model.push import Alert, Kind, Loc
from ringwake.model.settings import AlertStyle, Notifications
from ringwake.model.template import Template
from ringwake.model.texts import CALL, MEMBERS, MESSAGE, MISSED, NAMED, OURS, UNNAMED, VOICEMAIL, Text, Texts
from ringwake.wake.wording import NOBODY, Caller, Receiver, alert, is_wanted, members

BOSS = Caller("sip:boss@example.com", "The Boss", display="The Boss")
SHOWING = (Kind.CALL, Kind.MESSAGE, Kind.MISSED, Kind.VOICEMAIL)
ENDS = (Kind.ELSEWHERE, Kind.CANCEL)


def german(**changes: Any) -> Text:
    text = Text(
        title=Template.read("Für {account}", NAMED),
        body=Template.read("{name} ({uri}) ruft an", NAMED),
        unnamed_body=Template.read("Anruf für {account}", UNNAMED),
        category="ANRUF",
        sound="klingel.caf",
    )
    return replace(text, **changes)


def saying(text: Text) -> App:
    """Return an application that says this of everything."""
    texts = Texts(call=text, message=text, missed=text, voicemail=text, elsewhere=text, cancel=text)
    return replace(app(), texts=texts)


def receiver(**own: Any) -> Receiver:
    return Receiver(aor=AOR, notifications=Notifications(**own), unread=1)


def said(text: Text, kind: Kind = Kind.CALL, caller: Caller = BOSS, **own: Any) -> Alert:
    made = alert(kind, receiver(**own), app=saying(text), caller=caller)
    assert made is not None
    return made


@pytest.mark.parametrize("kind", SHOWING)
def test_an_application_speaks_in_its_own_words(kind: Kind) -> None:
    assert said(german(), kind) == Alert(
        title=f"Für {AOR}",
        body="The Boss (sip:boss@example.com) ruft an",
        sound="klingel.caf",
        badge=1,
        category="ANRUF",
    )


@pytest.mark.parametrize("kind", SHOWING)
def test_of_a_caller_whom_it_may_not_know_it_says_nothing(kind: Kind) -> None:
    titled = german(title=Template.read("<{name}{uri}>", NAMED))
    made = said(titled, kind, NOBODY)
    assert (made.title, made.body) == ("<>", f"Anruf für {AOR}")


def test_each_kind_has_its_own_text() -> None:
    texts = Texts(
        call=german(category="C"),
        message=german(category="M"),
        missed=german(category="X"),
        voicemail=german(category="V"),
    )
    made = [alert(kind, receiver(), app=replace(app(), texts=texts), caller=BOSS) for kind in SHOWING]
    assert [one.category for one in made if one is not None] == ["C", "M", "X", "V"]


def test_without_an_application_the_words_are_ringwakes() -> None:
    for kind, text in zip(SHOWING, (CALL, MESSAGE, MISSED, VOICEMAIL), strict=True):
        assert alert(kind, receiver(), app=None, caller=NOBODY) == said(text, kind, NOBODY)


@pytest.mark.parametrize("kind", sorted(set(Kind) - {*SHOWING, Kind.READ}))
def test_other_kinds_show_nothing_whatever_the_application_says(kind: Kind) -> None:
    assert alert(kind, receiver(), app=saying(german()), caller=BOSS) is None


# ---- texts of the app's own


def test_a_text_of_the_app_is_named_with_what_is_put_into_it() -> None:
    args = (Template.read("{name}", NAMED), Template.read("<{uri}>", NAMED))
    text = german(loc_key="IC_MSG", loc_args=args, unnamed_loc_key="IC_NOBODY", title_loc_key="TITLE")
    assert said(text).loc == Loc(key="IC_MSG", args=("The Boss", "<sip:boss@example.com>"), title_key="TITLE")
    assert said(text, caller=NOBODY).loc == Loc(key="IC_NOBODY", title_key="TITLE")


def test_a_text_that_wants_a_name_is_not_named_without_one() -> None:
    text = german(loc_key="IC_MSG", loc_args=(Template.read("{name}", NAMED),))
    assert said(text, caller=NOBODY).loc is None
    assert said(replace(text, title_loc_key="T"), caller=NOBODY).loc == Loc(title_key="T")


def test_who_wants_no_alert_gets_none_of_the_apps_texts_either() -> None:
    made = said(german(loc_key="IC_MSG"), style=AlertStyle.NONE)
    assert (made.body, made.loc) == ("", None)


# ---- sounds


@pytest.mark.parametrize(
    ("tone", "of_app", "heard"),
    [
        ("", "klingel.caf", "klingel.caf"),
        ("", "", "default"),
        ("bell.caf", "klingel.caf", "bell.caf"),
    ],
)
def test_the_owners_tone_comes_before_that_of_the_application(tone: str, of_app: str, heard: str) -> None:
    assert said(german(sound=of_app), tone=tone).sound == heard


def test_without_sound_no_tone_is_named_and_none_is_critical() -> None:
    made = said(german(), tone="bell.caf", sound=False, is_critical=True)
    assert (made.sound, made.is_critical) == ("", False)
    assert said(german(), is_critical=True).is_critical


# ---- how, and how many


@pytest.mark.parametrize("style", AlertStyle)
def test_the_owner_says_how_a_text_is_shown(style: AlertStyle) -> None:
    made = said(german(), style=style)
    assert made.style is style
    assert bool(made.body) is (style is not AlertStyle.NONE)


@pytest.mark.parametrize("kind", SHOWING)
def test_what_is_unread_is_counted_unless_the_owner_wants_no_count(kind: Kind) -> None:
    assert said(german(), kind).badge == 1
    assert said(german(), kind, badge=False).badge is None


def test_what_was_read_on_another_phone_is_only_counted() -> None:
    assert alert(Kind.READ, receiver(), app=saying(german()), caller=BOSS) == Alert(badge=1)


@pytest.mark.parametrize("kind", Kind)
def test_a_phone_without_notifications_notices_nothing(kind: Kind) -> None:
    silent = replace(receiver(allowed=False), is_called_by_alert=True)
    assert alert(kind, silent, app=saying(german()), caller=BOSS) is None


@pytest.mark.parametrize("kind", ENDS)
def test_the_end_of_a_call_takes_the_place_of_an_alert_without_a_sound(kind: Kind) -> None:
    shown = replace(receiver(is_critical=True), is_called_by_alert=True)
    made = alert(kind, shown, app=saying(german(category="")), caller=NOBODY)
    assert made == Alert(title=f"Für {AOR}", body=f"Anruf für {AOR}", style=AlertStyle.BANNER, badge=1)
    assert (
        alert(kind, replace(shown, notifications=Notifications(style=AlertStyle.NONE)), app=None, caller=NOBODY) is None
    )


# ---- languages


@pytest.mark.parametrize(("language", "body"), [("", "The Boss calling"), ("de-CH", "The Boss ruft an")])
def test_ringwakes_words_are_in_the_language_of_the_owner(language: str, body: str) -> None:
    for one in (None, app(), replace(app(), texts=OURS)):
        made = alert(Kind.CALL, receiver(language=language), app=one, caller=BOSS)
        assert made is not None
        assert made.body == body
        assert made.buttons == (("Annehmen", "Ablehnen") if language else ("Answer", "Decline"))


def test_an_application_speaks_its_own_words_in_the_language_of_the_owner() -> None:
    texts = Texts(call=german(), translations=(("eo", Texts(call=german(category="VOKO"))),))
    made = [
        alert(Kind.CALL, receiver(language=language), app=replace(app(), texts=texts), caller=BOSS)
        for language in ("eo", "de")
    ]
    assert [one.category for one in made if one is not None] == ["VOKO", "ANRUF"]


# ---- who gets any


@pytest.mark.parametrize("provider", Provider)
@pytest.mark.parametrize("kind", Kind)
def test_a_phone_is_woken_whatever_its_owner_wants_to_notice(provider: Provider, kind: Kind) -> None:
    off = Notifications(allowed=False)
    assert is_wanted(kind, provider, off) is (provider is not Provider.WEBPUSH and kind is not Kind.READ)


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, True),
        ({"style": AlertStyle.NONE}, True),
        ({"sound": False}, True),
        ({"style": AlertStyle.NONE, "sound": False}, False),
    ],
)
def test_a_page_gets_no_push_of_which_it_could_show_nothing(own: dict[str, Any], *, wanted: bool) -> None:
    assert is_wanted(Kind.MESSAGE, Provider.WEBPUSH, Notifications(**own)) is wanted
    assert is_wanted(Kind.MESSAGE, Provider.FCM, Notifications(**own))


def test_who_wants_no_count_is_told_of_none() -> None:
    assert is_wanted(Kind.READ, Provider.FCM, Notifications())
    assert not is_wanted(Kind.READ, Provider.FCM, Notifications(badge=False))


# ---- members


def test_members_are_filled_in_their_order() -> None:
    values = {name: name.upper() for name in ("kind", "id", "call_id", "uuid", "account", "loc_key")}
    templates = [(f"x-{name}", Template.read(f"<{{{name}}}>", MEMBERS)) for name in MEMBERS]
    assert members(tuple(templates), values, caller=BOSS) == (
        ("x-kind", "<KIND>"),
        ("x-id", "<ID>"),
        ("x-call_id", "<CALL_ID>"),
        ("x-uuid", "<UUID>"),
        ("x-account", "<ACCOUNT>"),
        ("x-loc_key", "<LOC_KEY>"),
        ("x-from_uri", "<sip:boss@example.com>"),
        ("x-from_name", "<The Boss>"),
        ("x-display", "<The Boss>"),
    )
    assert [text for _, text in members(tuple(templates), values, caller=NOBODY)][6:] == ["<>"] * 3
    assert members((), values, caller=BOSS) == ()
