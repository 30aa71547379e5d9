"""What ringwake itself says."""

from __future__ import annotations

import pytest

from ringwake.model.texts import MEMBERS, NAMED, OURS, UNNAMED, Text, Texts

KNOWN = {"name": "Boss", "uri": "sip:boss@h", "account": "alice@h"}


@pytest.mark.parametrize(
    ("text", "body", "unnamed"),
    [
        (OURS.call, "Boss calling", "Incoming call"),
        (OURS.message, "Message from Boss", "New message"),
        (OURS.missed, "Missed call from Boss", "Missed call"),
        (OURS.voicemail, "New voice message", "New voice message"),
        (OURS.elsewhere, "Call handled on another device", "Call handled on another device"),
        (OURS.cancel, "Call ended", "Call ended"),
        (OURS.in_language("de").call, "Boss ruft an", "Eingehender Anruf"),
        (OURS.in_language("fr").message, "Message de Boss", "Nouveau message"),
        (OURS.in_language("es").missed, "Llamada perdida de Boss", "Llamada perdida"),
        (OURS.in_language("it").voicemail, "Nuovo messaggio vocale", "Nuovo messaggio vocale"),
    ],
)
def test_each_kind_has_a_text_with_the_name_and_one_without(text: Text, body: str, unnamed: str) -> None:
    assert (text.title.fill(KNOWN), text.body.fill(KNOWN), text.unnamed_body.fill(KNOWN)) == ("alice@h", body, unnamed)


def test_only_a_call_has_buttons_and_none_names_texts_of_the_app() -> None:
    assert (OURS.call.category, OURS.message.category, OURS.missed.category) == ("INCOMING_CALL", "", "")
    assert not any(text.loc_key or text.title_loc_key for text in (OURS.call, OURS.message, OURS.missed))


def test_applications_that_ask_for_nothing_say_the_same() -> None:
    assert Texts(translations=OURS.translations) == OURS


KINDS = ["call", "message", "missed", "voicemail", "elsewhere", "cancel"]


@pytest.mark.parametrize("language", ["de", "fr", "es", "it"])
def test_each_of_our_languages_says_all_of_it_in_words_of_its_own(language: str) -> None:
    texts = OURS.in_language(language)
    assert not {texts.answer, texts.decline} & {OURS.answer, OURS.decline}
    for kind in KINDS:
        english, other = getattr(OURS, kind), getattr(texts, kind)
        assert other.body.fill(KNOWN) != english.body.fill(KNOWN)
        assert ("Boss" in other.body.fill(KNOWN)) == ("Boss" in english.body.fill(KNOWN))
        assert other.unnamed_body.fill(KNOWN) != english.unnamed_body.fill(KNOWN)
        assert other.category == english.category


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("", "Incoming call"),
        ("en", "Incoming call"),
        ("tlh", "Incoming call"),
        ("-", "Incoming call"),
        ("de", "Eingehender Anruf"),
        ("DE", "Eingehender Anruf"),
        ("de-AT", "Eingehender Anruf"),
        ("de-Latn-CH-1996", "Eingehender Anruf"),
        ("deu", "Incoming call"),
    ],
)
def test_a_language_is_looked_up_from_the_narrowest_to_the_widest(tag: str, found: str) -> None:
    """RFC 4647 section 3.4."""
    assert OURS.in_language(tag).call.unnamed_body.fill(KNOWN) == found


def test_no_place_of_an_unnamed_text_speaks_of_the_caller() -> None:
    assert set(UNNAMED) < set(NAMED)
    assert not {"name", "uri"} & set(UNNAMED)
    assert {"from_uri", "from_name", "display"} < set(MEMBERS)
