"""What a test push came to, in words that an operator can act on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.wake.phones import ANDROID_APP, BROWSER_APP, IPHONE_APP

from ringwake.model.push import Accepted, Kind, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.wake.push_result import PushResult, sentence

WOKEN = PushResult(
    app=ANDROID_APP, kind=Kind.REFRESH, trace="t", outcome=Accepted("1"), seconds=0.084, woke=1.94, waited=20.0
)
SLEPT = replace(WOKEN, woke=None)


def test_a_phone_that_came_is_said_to_have_come_and_when() -> None:
    assert sentence(WOKEN) == "accepted by FCM after 84 ms; the phone registered 1.9 s later"
    assert WOKEN.is_good


def test_a_phone_that_did_not_come_has_its_usual_reasons() -> None:
    assert sentence(SLEPT).startswith("accepted by FCM after 84 ms; the phone did not come in 20 s: battery saver")
    assert not SLEPT.is_good


def test_nobody_who_was_not_waited_for_has_failed() -> None:
    result = replace(SLEPT, waited=0.0)
    assert sentence(result) == "accepted by FCM after 84 ms; nobody waited for the phone"
    assert result.is_good


def test_a_page_need_not_register() -> None:
    result = replace(SLEPT, app=BROWSER_APP, kind=Kind.MESSAGE)
    assert "the browser shows a notification" in sentence(result)
    assert result.is_good


def test_one_silent_push_too_many_for_ios_is_said_to_be_one() -> None:
    result = replace(SLEPT, app=IPHONE_APP, is_held_by_ios=True)
    assert sentence(result).endswith("in 20 s: iOS delivers two silent pushes an hour, and this was one more")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Unregistered("UNREGISTERED"), "FCM says that the token is dead (UNREGISTERED): the phone must register again"),
        (Throttled("QUOTA_EXCEEDED"), "FCM takes no more pushes just now (QUOTA_EXCEEDED)"),
        (Throttled("QUOTA_EXCEEDED", 60.0), "FCM takes no more pushes just now (QUOTA_EXCEEDED, for 60 s)"),
        (Refused("PERMISSION_DENIED", 403), "FCM refuses it: PERMISSION_DENIED (403); see `ringwake doctor`"),
        (Unreachable("unknown host"), "FCM did not take it: unknown host; see `ringwake doctor`"),
    ],
)
def test_a_push_that_was_not_taken_has_the_providers_word(outcome: Outcome, words: str) -> None:
    result = replace(SLEPT, outcome=outcome)
    assert sentence(result) == words
    assert not result.is_good
