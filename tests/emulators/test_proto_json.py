"""Claims about the shape of proto3 JSON."""

import json

import pytest

from ringwake.emulators.google_error import GoogleError
from ringwake.emulators.proto_json import Shape, anything, flag, number, read_shape, shown, text, text_map, texts

SHAPE: Shape = {
    "word": text,
    "dry_run": flag,
    "count": number,
    "words": texts,
    "pairs": text_map,
    "rest": anything,
    "inner_part": {"collapse_key": text},
}


def field_of(value: object) -> str:
    with pytest.raises(GoogleError) as caught:
        read_shape(SHAPE, value)
    body = json.loads(caught.value.to_response().body)["error"]
    assert (body["code"], body["status"]) == (400, "INVALID_ARGUMENT")
    (detail,) = body["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    return str(detail["fieldViolations"][0]["field"])


def test_both_spellings_of_a_name_are_read() -> None:
    expected = {"dry_run": True, "inner_part": {"collapse_key": "x"}}
    assert read_shape(SHAPE, {"dry_run": True, "inner_part": {"collapse_key": "x"}}) == expected
    assert read_shape(SHAPE, {"dryRun": True, "innerPart": {"collapseKey": "x"}}) == expected


def test_null_is_as_good_as_absent() -> None:
    assert read_shape(SHAPE, {"word": None, "inner_part": None}) == {}


def test_all_types_are_read() -> None:
    value = {"word": "a", "count": 2, "words": ["a"], "pairs": {"some_Key": "b"}, "rest": {"x": [1]}}
    assert read_shape(SHAPE, value) == value


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (5, "request"),
        ({"unknown": 1}, "request"),
        ({"Word": "a"}, "request"),
        ({"WORD": "a"}, "request"),
        ({"inner_part": {"unknown": 1}}, "inner_part"),
        ({"inner_part": []}, "inner_part"),
        ({"inner_part": {"collapse_key": 5}}, "inner_part.collapse_key"),
        ({"dry_run": True, "dryRun": True}, "dry_run"),
        ({"word": 5}, "word"),
        ({"dry_run": "true"}, "dry_run"),
        ({"count": True}, "count"),
        ({"count": 1.5}, "count"),
        ({"words": "a"}, "words"),
        ({"words": [1]}, "words"),
        ({"pairs": ["a"]}, "pairs"),
        ({"pairs": {"a": 1}}, "pairs[a]"),
        ({"pairs": {"a": {"b": "c"}}}, "pairs[a]"),
        ({"pairs": {"a": None}}, "pairs[a]"),
        ({"rest": "x"}, "rest"),
    ],
)
def test_what_does_not_fit_is_named_by_its_field(value: object, field: str) -> None:
    assert field_of(value) == field


def test_a_name_that_could_be_a_token_is_not_repeated() -> None:
    assert shown("collapse_key") == "collapse_key"
    assert shown("cX3f:APA91bG7") == "..."
    assert "APA91b" not in field_of({"pairs": {"cX3f:APA91bG7": 5}})
