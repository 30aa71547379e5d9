"""The signature of the Standard Webhooks convention: by its own example, and only with a key that is one."""

from __future__ import annotations

import pytest

from ringwake.push.errors import CredentialsError
from ringwake.push.hook.signature import read_key, signed
from ringwake.secret import Secret

# The example that the libraries of the convention are tested with.
KEY = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("text", [KEY, KEY.removeprefix(b"whsec_")])
def test_it_is_that_of_the_conventions_example(text: bytes) -> None:
    fields = signed(BODY, id=ID, at=AT, key=read_key(Secret(text)))
    assert fields == {"webhook-id": ID, "webhook-timestamp": str(AT), "webhook-signature": SIGNATURE}


def test_id_time_body_and_key_are_all_in_it() -> None:
    key = read_key(Secret(KEY))
    others = [
        signed(BODY, id=ID + "x", at=AT, key=key),
        signed(BODY, id=ID, at=AT + 1, key=key),
        signed(BODY + b" ", id=ID, at=AT, key=key),
        signed(BODY, id=ID, at=AT, key=Secret(b"x" * 24)),
    ]
    assert SIGNATURE not in {fields["webhook-signature"] for fields in others}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"whsec_",
        b"a passphrase of the operator",
        b"whsec_c2hvcnQ=",  # 5 octets
        b"A" * 92,  # 69
        KEY + b"\n!",
        b"\xff" * 40,
    ],
)
def test_a_key_that_is_none_is_refused_and_not_shown(text: bytes) -> None:
    with pytest.raises(CredentialsError, match="openssl rand -base64 32") as caught:
        read_key(Secret(text))
    assert "passphrase" not in caught.value.reason
