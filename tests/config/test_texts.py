"""An application's own words: what may stand in them, and every mistake with its mend."""

from __future__ import annotations

import pytest
from tests.config.refusal import refusal
from tests.config.test_apps import APNS, FCM, TENANTS, WEBPUSH, app

from ringwake.config.load import parse
from ringwake.config.texts import extra_of, texts_of
from ringwake.model.push import Kind
from ringwake.model.template import Template
from ringwake.model.texts import OURS, Extra, Text, Texts

APPS = {
    "apns": APNS,
    "fcm": FCM,
    "webpush": WEBPUSH,
    "unifiedpush": WEBPUSH,
    "hms": {"param": "100000001", "secret_file": "secret"},
    "http": {"param": "phone", "endpoint": "https://push.example.com/", "secret_file": "secret"},
}
KNOWN = {"name": "Boss", "uri": "sip:boss@h", "account": "alice@h"}


def file(tables: str, provider: str = "apns") -> str:
    return TENANTS + app(provider, APPS[provider]) + tables


def read(tables: str, provider: str = "apns") -> tuple[Texts, Extra]:
    section = parse(file(tables, provider)).app[0]
    return texts_of(section, "app[0]"), extra_of(section, "app[0]")


def test_who_says_nothing_has_ringwakes_words() -> None:
    assert read("") == (OURS, ())
    assert read("[app.text]\n[app.text.call]\n[app.extra]\n") == (OURS, ())


def test_every_key_has_its_place() -> None:
    texts, _ = read(
        """
[app.text.missed]
title = "For {account}"
body = "{name} <{uri}> called"
unnamed_body = "A call for {account}"
loc_key = "MC_MSG"
loc_args = ["{name}", "{{{uri}}}"]
unnamed_loc_key = "MC_NOBODY"
title_loc_key = "MC_TITLE"
category = "MISSED"
sound = "missed.caf"
"""
    )
    assert (texts.call, texts.message) == (OURS.call, OURS.message)
    missed = texts.missed
    assert [one.fill(KNOWN) for one in (missed.title, missed.body, missed.unnamed_body, *missed.loc_args)] == [
        "For alice@h",
        "Boss <sip:boss@h> called",
        "A call for alice@h",
        "Boss",
        "{sip:boss@h}",
    ]
    assert (missed.loc_key, missed.unnamed_loc_key, missed.title_loc_key) == ("MC_MSG", "MC_NOBODY", "MC_TITLE")
    assert (missed.category, missed.sound) == ("MISSED", "missed.caf")


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.MESSAGE, Kind.MISSED, Kind.VOICEMAIL, Kind.ELSEWHERE, Kind.CANCEL])
def test_what_is_not_given_stays_ringwakes(kind: Kind) -> None:
    texts, _ = read(f'[app.text.{kind}]\nsound = "x.caf"\n')
    changed: Text = getattr(texts, kind)
    assert changed.sound == "x.caf"
    assert (changed.body, changed.unnamed_body) == (getattr(OURS, kind).body, getattr(OURS, kind).unnamed_body)
    assert changed.category == getattr(OURS, kind).category


TRANSLATED = """
[app.text.call]
body = "{name} rings"
sound = "ring.caf"
[app.translation.de.call]
body = "{name} klingelt"
[app.translation.de-AT.call]
unnamed_body = "Servus"
[app.translation.pt-BR]
missed.body = "Chamada perdida de {name}"
"""


@pytest.mark.parametrize(
    ("language", "kind", "named", "unnamed"),
    [
        ("", "call", "Boss rings", "Incoming call"),
        ("de", "call", "Boss klingelt", "Eingehender Anruf"),
        ("de-AT", "call", "Boss klingelt", "Servus"),
        ("de-CH", "call", "Boss klingelt", "Eingehender Anruf"),
        ("de", "missed", "Verpasster Anruf von Boss", "Verpasster Anruf"),
        ("fr", "call", "Boss rings", "Appel entrant"),
        ("PT-br", "missed", "Chamada perdida de Boss", "Missed call"),
        ("pt-BR", "call", "Boss rings", "Incoming call"),
    ],
)
def test_what_is_not_translated_is_as_the_application_says_it_and_else_as_ringwake_does(
    language: str, kind: str, named: str, unnamed: str
) -> None:
    text: Text = getattr(read(TRANSLATED)[0].in_language(language), kind)
    assert (text.body.fill(KNOWN), text.unnamed_body.fill(KNOWN)) == (named, unnamed)
    assert text.sound == ("ring.caf" if kind == "call" else "")


def test_names_of_texts_in_the_app_stand_in_all_languages() -> None:
    texts, _ = read(
        """
[app.text.call]
loc_key = "CALL"
loc_args = ["{name}"]
unnamed_loc_key = "NOBODY"
title_loc_key = "TITLE"
[app.translation.de.call]
body = "{name} klingelt"
[app.translation.fr.call]
loc_key = "APPEL"
"""
    )
    german, french = (texts.in_language(language).call for language in ("de", "fr"))
    assert (german.loc_key, german.unnamed_loc_key, german.title_loc_key) == ("CALL", "NOBODY", "TITLE")
    assert [arg.fill(KNOWN) for arg in german.loc_args] == ["Boss"]
    assert (french.loc_key, french.loc_args) == ("APPEL", ())


def test_the_buttons_of_a_call_are_named_in_each_language() -> None:
    texts, _ = read('[app.text]\nanswer = "Take"\n[app.translation.eo]\ndecline = "Rifuzi"\n')
    buttons = [(found.answer, found.decline) for found in map(texts.in_language, ("", "de", "eo"))]
    assert buttons == [("Take", "Decline"), ("Take", "Ablehnen"), ("Take", "Rifuzi")]


@pytest.mark.parametrize("name", ["answer", "decline"])
def test_a_button_is_short(name: str) -> None:
    assert (
        refusal(file(f'[app.text]\n{name} = "{"x" * 257}"\n')) == f"app[0].text.{name}: over 256 characters: shorten it"
    )


def test_members_keep_their_order() -> None:
    _, extra = read('[app.extra]\nfrom-uri = "{from_uri}"\ncall-id = "{call_id}"\nprofile = "linphone"\n')
    assert [name for name, _ in extra] == ["from-uri", "call-id", "profile"]
    assert [text.fill({"call_id": "1@h"}) for _, text in extra] == ["", "1@h", "linphone"]


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ('body = "{nam}"', "body: {nam} is not known here: write one of {name}, {uri}, {account}"),
        ('title = "{call_id}"', "title: {call_id} is not known here: write one of {name}, {uri}, {account}"),
        ('unnamed_body = "{name}"', "unnamed_body: {name} is not known here: write one of {account}"),
        (
            'body = "{name.real}"',
            "body: a brace alone, at character 1 of 11: write {{ or }}, or one of {name}, {uri}, {account}",
        ),
        (
            'loc_key = "K"\nloc_args = ["{name}", "{x}"]',
            "loc_args[1]: {x} is not known here: write one of {name}, {uri}, {account}",
        ),
        ('loc_args = ["{name}"]', "loc_args: there is no loc_key to put them into: add it"),
        (f'loc_key = "K"\nloc_args = {["x"] * 9}', "loc_args: more than 8: leave some out"),
        (f'body = "{"x" * 257}"', "body: over 256 characters: shorten it"),
        (f'loc_key = "{"x" * 257}"', "loc_key: over 256 characters: shorten it"),
        (f'category = "{"x" * 257}"', "category: over 256 characters: shorten it"),
        (f'sound = "{"x" * 257}"', "sound: over 256 characters: shorten it"),
    ],
)
@pytest.mark.parametrize("kind", ["call", "message", "missed", "voicemail", "elsewhere", "cancel"])
def test_a_text_that_cannot_be_said_is_named_with_the_mend(kind: str, table: str, error: str) -> None:
    assert refusal(file(f"[app.text.{kind}]\n{table}\n")) == f"app[0].text.{kind}.{error}"


@pytest.mark.parametrize(
    ("tables", "error"),
    [
        (
            "[app.text.ring]\n",
            "app[0].text: unknown key `ring`: remove it, or see docs/reference/config.md for its name",
        ),
        ('[app.text.call]\nbdy = "x"\n', "app[0].text.call: unknown key `bdy`: write `body`"),
        ("[app.text.call]\nbody = 5\n", "app[0].text.call.body: expected text, got a whole number: write it in quotes"),
        ('[app.text]\ncall = "x"\n', "app[0].text.call: expected a table, got text: write [app.text.call]"),
        ('text = "x"\n', "app[0].text: expected a table, got text: write [app.text]"),
        (
            '[app.translation.de.call]\nbody = "{x}"\n',
            "app[0].translation.de.call.body: {x} is not known here: write one of {name}, {uri}, {account}",
        ),
        (
            "[app.translation.de_AT]\n",
            "app[0].translation: 'de_AT' is no tag of a language: write one such as `de` or `pt-BR`",
        ),
        ("[app.translation.de]\n[app.translation.DE]\n", "app[0].translation.DE: de is the same language: leave one"),
        (
            "".join(f"[app.translation.a{chr(97 + n // 26)}{chr(97 + n % 26)}]\n" for n in range(65)),
            "app[0].translation: 65 languages: leave at most 64",
        ),
        ('extra = "x"\n', "app[0].extra: expected a table, got text: write [app.extra]"),
        ("[app.extra]\nx = 5\n", "app[0].extra[...]: expected text, got a whole number: write it in quotes"),
        ('[app.extra.x]\ny = "z"\n', "app[0].extra[...]: expected text, got a table: write it in quotes"),
        (
            '[app.extra]\nx = "{name}"\n',
            (
                "app[0].extra.x: {name} is not known here: write one of {kind}, {id}, {call_id}, {uuid}, {account}, "
                "{loc_key}, {from_uri}, {from_name}, {display}"
            ),
        ),
        (f'[app.extra]\nx = "{"y" * 257}"\n', "app[0].extra.x: over 256 characters: shorten it"),
        (
            "[app.extra]\n" + "".join(f'x{number} = "y"\n' for number in range(17)),
            "app[0].extra: 17 members: leave at most 16",
        ),
        (
            "[app.extra]\n" + "".join(f'x{number} = "{"y" * 255}"\n' for number in range(4)),
            "app[0].extra: over 1024 characters together: shorten it",
        ),
    ],
)
def test_what_is_no_table_of_texts_is_named_with_the_mend(tables: str, error: str) -> None:
    assert refusal(file(tables)) == error


@pytest.mark.parametrize("name", ["", "1x", "-x", "a b", 'a"', "é", "x" * 65, "\u202ex", "a/b", "__class__"])
def test_a_member_has_a_plain_name(name: str) -> None:
    quoted = name.replace('"', '\\"')
    error = refusal(file(f'[app.extra]\n"{quoted}" = "x"\n'))
    assert error.startswith("app[0].extra: ")
    assert error.endswith("begin with a letter, and write at most 64 letters, digits and . _ -")
    assert error.isascii()


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        *((provider, "ringwake") for provider in APPS),
        ("apns", "aps"),
        ("apns", "style"),
        *(("fcm", name) for name in ("from", "message_type", "collapse_key", "google.x", "gcm", "GCM.x", "googlex")),
        *(
            ("fcm", name)
            for name in ("title", "body", "sound", "badge", "category", "loc_key", "loc_args", "style", "critical")
        ),
        *(("webpush", name) for name in ("notification", "app_badge", "critical", "loc", "web_push")),
        *(("unifiedpush", name) for name in ("notification", "app_badge", "critical", "loc")),
        ("hms", "alert"),
        *(("http", name) for name in ("v", "id", "token", "app", "kind", "expires", "alert")),
    ],
)
def test_a_name_that_is_taken_is_refused(provider: str, name: str) -> None:
    error = refusal(file(f'[app.extra]\n"{name}" = "x"\n', provider))
    assert error == f"app[0].extra.{name}: {provider} or ringwake has a use of its own for it: take another name"


@pytest.mark.parametrize(("provider", "name"), [("apns", "from"), ("apns", "gcm.x"), ("fcm", "aps"), ("hms", "title")])
def test_what_another_service_keeps_for_itself_is_free_here(provider: str, name: str) -> None:
    assert read(f'[app.extra]\n"{name}" = "x"\n', provider)[1] == ((name, Template(("x",))),)
