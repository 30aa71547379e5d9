"""Claims about an application's own words: its texts, the names of those in the app, its members of the payload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.wake.phones import AOR, account, app

from ringwake.model.app import App
from ringwake.model.push import Alert, Kind, Loc
from ringwake.model.template import Template
from ringwake.model.texts import CALL, MEMBERS, MESSAGE, MISSED, NAMED, UNNAMED, Text, Texts
from ringwake.wake.wording import NOBODY, Caller, alert, members

BOSS = Caller("sip:boss@example.com", "The Boss", display="The Boss")
SHOWING = (Kind.CALL, Kind.MESSAGE, Kind.MISSED)


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
    return replace(app(), texts=Texts(call=text, message=text, missed=text))


def said(text: Text, kind: Kind = Kind.CALL, caller: Caller = BOSS, **own: Any) -> Alert:
    made = alert(kind, account(**own), app=saying(text), caller=caller)
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
    texts = Texts(call=german(category="C"), message=german(category="M"), missed=german(category="X"))
    made = [alert(kind, account(), app=replace(app(), texts=texts), caller=BOSS) for kind in SHOWING]
    assert [one.category for one in made if one is not None] == ["C", "M", "X"]


def test_without_an_application_the_words_are_ringwakes() -> None:
    for kind, text in zip(SHOWING, (CALL, MESSAGE, MISSED), strict=True):
        assert alert(kind, account(), app=None, caller=NOBODY) == said(text, kind, NOBODY)


@pytest.mark.parametrize("kind", sorted(set(Kind) - set(SHOWING)))
def test_other_kinds_show_nothing_whatever_the_application_says(kind: Kind) -> None:
    assert alert(kind, account(), app=saying(german()), caller=BOSS) is None


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
    made = said(german(loc_key="IC_MSG"), alert=False)
    assert (made.body, made.loc) == ("", None)


# ---- sounds


@pytest.mark.parametrize(
    ("own", "of_app", "heard"),
    [
        ("default", "klingel.caf", "klingel.caf"),
        ("default", "", "default"),
        ("bell.caf", "klingel.caf", "bell.caf"),
        ("", "klingel.caf", ""),
    ],
)
def test_the_owners_sound_comes_before_that_of_the_application(own: str, of_app: str, heard: str) -> None:
    assert said(german(sound=of_app), sound=own).sound == heard


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
