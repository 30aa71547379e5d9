"""The one validator: what does not match its field's grammar never reaches the wire (reliability S12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.push.errors import UnsendableError
from ringwake.push.fields import check_headers, checked

KEY = "B" + "a" * 86
GOOD = {
    "authorization": ["bearer eyJh.bGc-_.x", "Bearer CF3+/x==", "bearer ya29.a0Af~+/==", f"vapid t=a.b-_.c, k={KEY}"],
    "content-type": ["application/json", "application/octet-stream", "application/x-www-form-urlencoded"],
    "content-encoding": ["aes128gcm"],
    "apns-id": ["123e4567-e89b-82d3-a456-426614174000"],
    "apns-topic": ["com.example.phone", "com.example.phone.voip"],
    "apns-push-type": ["voip", "alert", "background"],
    "apns-priority": ["10", "5"],
    "apns-expiration": ["0", "1795480018"],
    "apns-collapse-id": ["x" * 64],
    "ttl": ["0", "2419200"],
    "urgency": ["very-low", "low", "normal", "high"],
    "topic": ["x" * 32],
    "webhook-id": ["0a" * 16],
    "webhook-timestamp": ["1795480018"],
    "webhook-signature": ["v1," + "A" * 43 + "="],
}
BAD = {
    "authorization": ["", "Basic x", "bearer ", "bearer a b", "bearer a\r\nx: y", f"vapid t=a, k={KEY}a", "vapid t=a"],
    "content-type": ["text/plain", "application/json; x=y", "application/json\n"],
    "content-encoding": ["gzip"],
    "apns-id": ["123E4567-E89B-82D3-A456-426614174000", "123e4567e89b82d3a456426614174000", ""],
    "apns-topic": ["", "com/example", "com example", "com.example\0", "é", "x" * 256],
    "apns-push-type": ["", "VOIP", "mdm"],
    "apns-priority": ["1", "05", "\u0665"],
    "apns-expiration": ["-1", "1.5", "\u0661", "1_000", "+5", " 5", "1" * 13],
    "apns-collapse-id": ["", "x" * 65, "a@b", "a b"],
    "ttl": ["", "-1", "0x10", "1\u2028"],
    "urgency": ["urgent", ""],
    "topic": ["", "x" * 33, "a.b", "a=b"],
    "webhook-id": ["", "0A" * 16, "x.y", "0a" * 17],
    "webhook-timestamp": ["", "-1", "1.5", "\u0661"],
    "webhook-signature": ["", "v1,", "v1," + "A" * 43, "v2," + "A" * 43 + "=", "v1," + "A" * 43 + "=\n"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_what_the_senders_send_is_taken(name: str, value: str) -> None:
    check_headers({name: value})


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_what_is_not_of_the_grammar_is_refused(name: str, value: str) -> None:
    with pytest.raises(UnsendableError, match=f"bad {name}") as caught:
        check_headers({name: value})
    assert len(value) < 3 or value not in caught.value.reason


@pytest.mark.parametrize("name", ["host", "Authorization", "x-anything", "ttl\r\nx", ":path", ""])
def test_an_unknown_field_is_refused(name: str) -> None:
    with pytest.raises(UnsendableError, match="unknown header field"):
        check_headers({name: "1"})


@given(name=st.sampled_from(sorted(GOOD)), value=st.text())
def test_whatever_passes_is_printable_ascii(name: str, value: str) -> None:
    try:
        check_headers({name: value})
    except UnsendableError:
        return
    assert value.isascii()
    assert value.isprintable()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("device token", "ab" * 8),
        ("device token", "AbCd" * 100),
        ("registration token", "cX3:APA91b-_" + "x" * 100),
        ("push token", "IQAAAACy0-_.:" + "x" * 100),
        ("opaque token", '/;a="1%2f<&>"'),
        ("opaque token", "x" * 4096),
        ("huawei id", "100000001"),
        ("project", "demo-project"),
        ("project", "example.com:phone"),
        ("project", "123456789012"),
    ],
)
def test_good_values_stand_as_they_are(kind: str, value: str) -> None:
    assert checked(kind, value) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("device token", ""),
        ("device token", "ab" * 7),
        ("device token", "ab" * 201),
        ("device token", "a" * 17),
        ("device token", "../../" + "ab" * 16),
        ("device token", "ab" * 16 + "\n"),
        ("device token", "ab" * 16 + "?x"),
        ("device token", "\u0660\u0660" * 16),
        ("registration token", ""),
        ("registration token", "x" * 4097),
        ("registration token", "abcdefgh\udc80"),
        ("registration token", 'abcdefgh"}'),
        ("registration token", "abcdefgh\n"),
        ("push token", "x" * 15),
        ("push token", "x" * 1025),
        ("push token", "x" * 16 + "/"),
        ("push token", "x" * 16 + "\n"),
        ("opaque token", ""),
        ("opaque token", "a b"),
        ("opaque token", "x" * 4097),
        ("opaque token", "a\r\nb"),
        ("opaque token", "\u00e9"),
        ("huawei id", "12345"),
        ("huawei id", "1" * 25),
        ("huawei id", "\u0661" * 9),
        ("huawei id", "1000000/1"),
        ("project", ""),
        ("project", ".."),
        ("project", "a/b"),
        ("project", "a%2fb"),
        ("project", "a b"),
        ("project", "a\r\nb"),
        ("project", "x" * 101),
    ],
)
def test_a_value_cannot_leave_its_place(kind: str, value: str) -> None:
    with pytest.raises(UnsendableError, match=f"bad {kind}"):
        checked(kind, value)
