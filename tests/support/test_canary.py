"""Claims about the canary: it hears a secret in each spelling, and is silent on clean texts."""

from __future__ import annotations

import pytest
from tests.support.canary import Canary

SECRET = 'cX3/ü?:APA91b"~'
SPELLED = {
    "plain": 'cX3/ü?:APA91b"~',
    "percent": "cX3%2F%C3%BC%3F%3AAPA91b%22~",
    "each octet escaped": "%63%58%33%2F%C3%BC%3F%3A%41%50%41%39%31%62%22%7E",
    "solidus kept": "cX3/%C3%BC%3F:APA91b%22~",
    "base64": "Y1gzL8O8PzpBUEE5MWIifg==",
    "base64url": "Y1gzL8O8PzpBUEE5MWIifg==",
    "hex": "6358332fc3bc3f3a415041393162227e",
    "hex, upper case": "6358332FC3BC3F3A415041393162227E",
    "JSON": 'cX3/\\u00fc?:APA91b\\"~',
    "JSON, solidus escaped": 'cX3\\/\\u00fc?:APA91b\\"~',
    "percent, lower case": "cX3%2f%c3%bc%3f%3aAPA91b%22~",
    "base64, no padding": "Y1gzL8O8PzpBUEE5MWIifg",
    "base64url, no padding": "Y1gzL8O8PzpBUEE5MWIifg",
}


@pytest.fixture
def canary() -> Canary:
    made = Canary()
    made.learn(SECRET)
    return made


@pytest.mark.parametrize("spelled", SPELLED.values(), ids=SPELLED)
def test_it_hears_a_secret_in_each_spelling(canary: Canary, spelled: str) -> None:
    assert canary.sing({"log": f"push to {spelled} sent".encode()}) == ["log: ...push to <secret>"]


def test_it_names_each_text_that_holds_a_secret_and_tells_it_to_nobody(canary: Canary) -> None:
    canary.learn("a password")
    canary.learn("a password")
    assert canary.knows == 2
    found = canary.sing({"log": b"clean", "trace": SECRET.encode(), "answer": b"a password"})
    assert found == ["trace: ...<secret>", "answer: ...<secret>"]


def test_it_is_silent_on_clean_texts(canary: Canary) -> None:
    parts = "".join(text[: len(text) // 2] + " " for text in SPELLED.values())
    assert canary.sing({"log": parts.encode(), "nothing": b""}) == []


def test_it_looks_for_no_secret_that_chance_could_write(canary: Canary) -> None:
    with pytest.raises(AssertionError, match="unique"):
        canary.learn("quay")
