"""A text with places: what is put in stays text, and what is no place is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.model.template import Template, TemplateError

NAMES = ("name", "uri")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("Incoming call", "Incoming call"),
        ("{name}", "Boss"),
        ("{name} <{uri}>, {name}!", "Boss <sip:b>, Boss!"),
        ("{name}{uri}", "Bosssip:b"),
        ("{{name}}", "{name}"),
        ("{{}}", "{}"),
        ("{{{name}}}", "{Boss}"),
        ('{{"a":"{uri}"}}', '{"a":"sip:b"}'),
        ("Grüße von {name} 😀", "Grüße von Boss 😀"),
    ],
)
def test_places_are_filled_and_double_braces_are_single_ones(text: str, filled: str) -> None:
    assert Template.read(text, NAMES).fill({"name": "Boss", "uri": "sip:b"}) == filled


def test_what_is_not_known_is_empty() -> None:
    assert Template.read("<{name}>", NAMES).fill({}) == "<>"


@pytest.mark.parametrize("text", ["{account}", "x {from_uri} y", "{name} {nam}", "{names}"])
def test_an_unknown_place_is_named_with_those_that_there_are(text: str) -> None:
    with pytest.raises(TemplateError, match=r"^\{[a-z_]+\} is not known here: write one of \{name\}, \{uri\}$"):
        Template.read(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "}",
        "{name",
        "name}",
        "{}",
        "{0}",
        "{name.__class__}",
        "{name[0]}",
        "{name!r}",
        "{name:>10}",
        "{name:{uri}}",
        "{ name }",
        "{Name}",
        "{{name}",
        "{\u0430}",
    ],
)
def test_a_brace_alone_is_an_error_and_nothing_of_formats_is_known(text: str) -> None:
    with pytest.raises(TemplateError, match=r"^a brace alone, at character [1-9]"):
        Template.read(text, NAMES)


def test_a_brace_alone_is_found_by_its_place() -> None:
    with pytest.raises(TemplateError, match=r"at character 4 of 5: write \{\{ or \}\}, or one of \{name\}, \{uri\}$"):
        Template.read("abc{d", NAMES)


@given(value=st.text(), text=st.text())
def test_what_is_put_in_is_not_read_again(value: str, text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert Template.read(escaped + "{name}", NAMES).fill({"name": value}) == text + value


@given(text=st.text(st.sampled_from("{}nameuri.![]: "), max_size=12))
def test_any_text_is_a_template_or_an_error(text: str) -> None:
    try:
        template = Template.read(text, NAMES)
    except TemplateError:
        return
    assert set(template.places) <= set(NAMES)
    assert len(template.literals) == len(template.places) + 1
