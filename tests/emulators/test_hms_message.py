"""Claims about reading a send request of Push Kit's."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.emulators.hms_message import HmsMessage, read_message
from ringwake.emulators.refusal import RefusedError

GOOD = {"data": "{}", "token": ["t1"]}


def read(android: object = None, **changes: Any) -> HmsMessage:
    message = GOOD | changes | ({} if android is None else {"android": android})
    return read_message({"message": {name: value for name, value in message.items() if value is not None}})


def test_what_is_not_said_is_as_the_documents_say() -> None:
    assert read() == HmsMessage(
        tokens=("t1",), data="{}", urgency="NORMAL", category="", ttl_seconds=86400, group=-1, validate_only=False
    )


def test_all_is_read() -> None:
    android = {"urgency": "HIGH", "category": "VOIP", "ttl": "20s", "collapse_key": 7, "data": "over"}
    request = {"validate_only": True, "message": {"data": "under", "android": android, "token": ["a", "b"]}}
    assert read_message(request) == HmsMessage(
        tokens=("a", "b"), data="over", urgency="HIGH", category="VOIP", ttl_seconds=20, group=7, validate_only=True
    )


def test_a_topic_has_no_tokens() -> None:
    assert read(token=None, topic="weather").tokens == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": []}, "80300010"),
        ({"token": ["x"] * 1001}, "80300010"),
        ({"token": None}, "80300010"),
        ({"topic": "weather"}, "80300010"),
        ({"token": "t1"}, "80100003"),
        ({"token": [1]}, "80100003"),
        ({"data": {"a": "b"}}, "80100003"),
        ({"data": None}, "80100003"),
        ({"data": ""}, "80100003"),
        ({"android": []}, "80100003"),
        ({"android": {"urgency": "high"}}, "80100001"),
        ({"android": {"ttl": 20}}, "80100001"),
        ({"android": {"ttl": "20m"}}, "80100001"),
        ({"android": {"ttl": "1296001s"}}, "80100001"),
        ({"android": {"ttl": "0s"}}, "80100004"),
        ({"android": {"collapse_key": 101}}, "80100013"),
        ({"android": {"collapse_key": "1"}}, "80100013"),
        ({"android": {"collapse_key": True}}, "80100013"),
        ({"data": "x" * 4096}, "80300008"),
    ],
)
def test_each_fault_has_its_code(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read(**changes)
    assert caught.value.reason == code


@pytest.mark.parametrize(
    ("request_", "code"),
    [({}, "80100003"), ({"message": 1}, "80100003"), ({"message": GOOD, "validate_only": "yes"}, "80100001")],
)
def test_a_request_has_a_message(request_: dict[str, object], code: str) -> None:
    with pytest.raises(RefusedError, match=code):
        read_message(request_)


def test_a_notification_needs_no_data() -> None:
    assert read(data=None, notification={"title": "t", "body": "b"}).data == ""
    assert read(data=None, android={"notification": {"title": "t"}}).data == ""


def test_the_tokens_do_not_count_to_its_length() -> None:
    assert len(read(token=["x" * 100] * 1000, data="y" * 4000).tokens) == 1000


VALUES: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just({})
)


@given(st.dictionaries(st.sampled_from(["data", "token", "topic", "android", "notification"]), VALUES))
def test_nothing_but_a_refusal_is_ever_raised(message: dict[str, object]) -> None:
    with suppress(RefusedError):
        read_message({"message": message})
