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
    ],
)
def test_each_kind_has_a_text_with_the_name_and_one_without(text: Text, body: str, unnamed: str) -> None:
    assert (text.title.fill(KNOWN), text.body.fill(KNOWN), text.unnamed_body.fill(KNOWN)) == ("alice@h", body, unnamed)


def test_only_a_call_has_buttons_and_none_names_texts_of_the_app() -> None:
    assert (OURS.call.category, OURS.message.category, OURS.missed.category) == ("INCOMING_CALL", "", "")
    assert not any(text.loc_key or text.title_loc_key for text in (OURS.call, OURS.message, OURS.missed))


def test_applications_that_ask_for_nothing_say_the_same() -> None:
    assert Texts() == OURS


def test_no_place_of_an_unnamed_text_speaks_of_the_caller() -> None:
    assert set(UNNAMED) < set(NAMED)
    assert not {"name", "uri"} & set(UNNAMED)
    assert {"from_uri", "from_name", "display"} < set(MEMBERS)
