"""Claims about reading a request to the inbox; each refusal over the wire stands in test_inbox.py."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.emulators.senders import VAPID_KEY, raw_point

from ringwake.emulators.inbox_request import InboxError, InboxRequest, read_request


def test_a_message_is_one_object_with_an_op() -> None:
    request = read_request('{"op": "attach", "device": "a.B-9_", "secret": "12345678", "unknown": 1}')
    assert (request.op, request.device(), request.secret()) == ("attach", "a.B-9_", "12345678")


@pytest.mark.parametrize(
    ("fields", "provider", "app"),
    [
        ({"provider": "apns", "app": "com.example-2.phone"}, "apns", "com.example-2.phone"),
        ({"provider": "apns", "app": "voip"}, "apns", "voip"),
        ({"provider": "fcm", "app": "demo_project-1"}, "fcm", "demo_project-1"),
        ({"provider": "webpush", "application_server_key": raw_point(VAPID_KEY)}, "webpush", raw_point(VAPID_KEY)),
        (
            {"provider": "unifiedpush", "application_server_key": raw_point(VAPID_KEY)},
            "unifiedpush",
            raw_point(VAPID_KEY),
        ),
        ({"provider": "hms", "app": "100000001"}, "hms", "100000001"),
        ({"provider": "http", "app": "demo.phone_1-x"}, "http", "demo.phone_1-x"),
    ],
)
def test_an_app_is_named_as_its_provider_names_it(fields: dict[str, object], provider: str, app: str) -> None:
    assert InboxRequest("register", fields).app() == (provider, app)


@pytest.mark.parametrize(
    "app", ["a.voip", "a.voip-ptt", "a.complication", "a.location-query", "a.push-type.x", ".a", "a b"]
)
def test_a_bundle_id_has_no_service_suffix(app: str) -> None:
    with pytest.raises(InboxError, match=r"^app:"):
        InboxRequest("register", {"provider": "apns", "app": app}).app()


@pytest.mark.parametrize("app", ["", "1", "com.example", "1" * 25])
def test_huaweis_app_id_is_a_number(app: str) -> None:
    with pytest.raises(InboxError, match=r"^app:"):
        InboxRequest("register", {"provider": "hms", "app": app}).app()


FIELDS = st.dictionaries(
    st.sampled_from(["device", "secret", "provider", "app", "application_server_key", "seq", "ref"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()),
)


@given(FIELDS)
def test_nothing_but_an_inbox_error_is_ever_raised(fields: dict[str, object]) -> None:
    request = InboxRequest("x", fields)
    assert len(request.ref) <= 1
    for read in (request.device, request.secret, request.app, lambda: request.number("seq")):
        with suppress(InboxError):
            read()


@given(st.text() | st.binary())
def test_no_message_does_worse_than_being_bad(message: str | bytes) -> None:
    with pytest.raises(InboxError, match="one JSON object"):
        read_request(message)


@pytest.mark.parametrize(
    ("fields", "environment"),
    [({}, "production"), ({"environment": "production"}, "production"), ({"environment": "sandbox"}, "sandbox")],
)
def test_an_apns_app_is_in_one_of_apples_environments(fields: dict[str, object], environment: str) -> None:
    assert InboxRequest("register", {"provider": "apns", **fields}).environment() == environment


@pytest.mark.parametrize(
    "fields",
    [{"provider": "apns", "environment": "dev"}, {"provider": "apns", "environment": None},
     {"provider": "fcm", "environment": "sandbox"}],
)  # fmt: skip
def test_another_environment_is_none(fields: dict[str, object]) -> None:
    with pytest.raises(InboxError, match=r"^environment:"):
        InboxRequest("register", fields).environment()
