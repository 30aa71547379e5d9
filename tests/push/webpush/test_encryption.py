"""RFC 8291: its own example, and http-ece as the other side."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key, generate_private_key
from hypothesis import given
from hypothesis import strategies as st
from tests.push.webpush.browser import Browser

from ringwake.model.push import SubscriptionKeys
from ringwake.push.errors import UnsendableError
from ringwake.push.webpush.encryption import LIMIT, encrypt
from ringwake.secret import Secret


def octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# RFC 8291 section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = derive_private_key(int.from_bytes(octets("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), SECP256R1())
RECEIVER_PRIVATE = octets("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
RECEIVER = octets("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
AUTH = octets("BTBZMqHH6r4Tts7J_aSIgg")
SALT = octets("DGv6ra1nlYgDCS1FRnbzlw")
MESSAGE = octets(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_y"
    "l95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc_comes_out_to_the_octet() -> None:
    keys = SubscriptionKeys(p256dh=RECEIVER, auth=Secret(AUTH))
    assert encrypt(PLAIN, keys, sender=SENDER, salt=SALT) == MESSAGE


def test_http_ece_says_the_same() -> None:
    theirs = http_ece.encrypt(PLAIN, salt=SALT, private_key=SENDER, dh=RECEIVER, auth_secret=AUTH, version="aes128gcm")
    assert theirs == MESSAGE


@given(text=st.binary(max_size=LIMIT))
def test_http_ece_reads_what_we_write(text: bytes) -> None:
    browser = Browser()
    sealed = encrypt(text, browser.keys, sender=generate_private_key(SECP256R1()), salt=secrets.token_bytes(16))
    assert browser.decrypt(sealed) == text
    assert len(sealed) == 86 + len(text) + 17


def test_the_longest_text_makes_what_every_service_takes() -> None:
    browser = Browser()
    sealed = encrypt(b"x" * LIMIT, browser.keys, sender=generate_private_key(SECP256R1()), salt=bytes(16))
    assert len(sealed) == 4096


def test_a_longer_text_is_not_sent() -> None:
    with pytest.raises(UnsendableError, match="too large") as caught:
        encrypt(b"x" * (LIMIT + 1), Browser().keys, sender=SENDER, salt=SALT)
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        (b"", AUTH),
        (RECEIVER[:-1], AUTH),
        (RECEIVER + b"\0", AUTH),
        (b"\x04" + bytes(64), AUTH),
        (b"\x04" + b"\xff" * 64, AUTH),
        (b"\0", AUTH),
        (RECEIVER[:-1] + bytes([RECEIVER[-1] ^ 1]), AUTH),
        (RECEIVER, b""),
        (RECEIVER, AUTH[:-1]),
        (RECEIVER, AUTH + b"\0"),
    ],
)
def test_keys_that_are_none_are_refused(p256dh: bytes, auth: bytes) -> None:
    with pytest.raises(UnsendableError, match="bad subscription keys") as caught:
        encrypt(PLAIN, SubscriptionKeys(p256dh=p256dh, auth=Secret(auth)), sender=SENDER, salt=SALT)
    assert caught.value.status == 400


def test_a_compressed_point_is_as_good() -> None:
    compressed = bytes([2 + (RECEIVER[-1] & 1)]) + RECEIVER[1:33]
    keys = SubscriptionKeys(p256dh=compressed, auth=Secret(AUTH))
    assert encrypt(PLAIN, keys, sender=SENDER, salt=SALT) == MESSAGE
