"""Claims about the browser's end of Web Push; http-ece is the oracle."""

import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ringwake.emulators.subscription import Subscription, UndecryptableError, point_of

SUBSCRIPTION = Subscription(endpoint="https://127.0.0.1/wpush/x", application_server_key="B")
SENDER = ec.generate_private_key(ec.SECP256R1())


def seal(text: bytes, subscription: Subscription = SUBSCRIPTION, size: int = 4096) -> bytes:
    sealed: bytes = http_ece.encrypt(
        text,
        private_key=SENDER,
        dh=subscription.public_point,
        auth_secret=subscription.auth,
        version="aes128gcm",
        rs=size,
    )
    return sealed


def seal_by_hand(padded: bytes, size: int = 4096) -> bytes:
    """Seal one record as it stands, delimiter and padding included."""
    point = SENDER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = SENDER.exchange(ec.ECDH(), SUBSCRIPTION.private_key.public_key())

    def derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
        return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)

    seed = derive(SUBSCRIPTION.auth, shared, b"WebPush: info\0" + SUBSCRIPTION.public_point + point, 32)
    salt = os.urandom(16)
    key = derive(salt, seed, b"Content-Encoding: aes128gcm\0", 16)
    nonce = derive(salt, seed, b"Content-Encoding: nonce\0", 12)
    return salt + struct.pack("!IB", size, 65) + point + AESGCM(key).encrypt(nonce, padded, None)


@given(st.binary(min_size=1, max_size=3993))  # of nothing http-ece makes no record at all
def test_what_another_implementation_seals_is_read(text: bytes) -> None:
    assert SUBSCRIPTION.decrypt(seal(text)) == text


def test_the_example_of_the_rfc_is_read() -> None:
    def octets(text: str) -> bytes:
        return urlsafe_b64decode(text + "==")

    private = int.from_bytes(octets("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    subscription = Subscription(
        endpoint="https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        application_server_key="B",
        private_key=ec.derive_private_key(private, ec.SECP256R1()),
        auth=octets("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    body = octets(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert subscription.decrypt(body) == b"When I grow up, I want to be a watermelon"


def test_padding_is_taken_off() -> None:
    assert SUBSCRIPTION.decrypt(seal_by_hand(b"text\0\x02" + b"\0" * 50)) == b"text\0"


def test_an_empty_text_is_a_text() -> None:
    assert SUBSCRIPTION.decrypt(seal_by_hand(b"\x02")) == b""


BODY = seal(b"hello")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "shorter"),
        (BODY[:102], "shorter"),
        (BODY[:20] + b"\x40" + BODY[21:], "no P-256 point"),
        (BODY[:21] + b"\x05" + BODY[22:], "no P-256 point"),
        (BODY[:21] + b"\x04" + b"\1" * 64 + BODY[86:], "no P-256 point"),
        (BODY[:16] + struct.pack("!I", 17) + BODY[20:], "one record"),
        (BODY[:16] + struct.pack("!I", 22) + BODY[20:], "one record"),
        (BODY[:-1] + bytes([BODY[-1] ^ 1]), "damaged"),
        (bytes([BODY[0] ^ 1]) + BODY[1:], "damaged"),
        (seal_by_hand(b"text\x01"), "delimiter"),
        (seal_by_hand(b"\0\0\0"), "delimiter"),
        (seal(b"x" * 100, size=50), "one record"),
    ],
)
def test_each_way_to_spoil_it_is_named(body: bytes, word: str) -> None:
    with pytest.raises(UndecryptableError, match=word):
        SUBSCRIPTION.decrypt(body)


@given(st.binary(max_size=300))
def test_no_body_does_worse_than_being_undecryptable(body: bytes) -> None:
    with pytest.raises(UndecryptableError):
        SUBSCRIPTION.decrypt(body)


def test_what_was_sealed_for_another_is_not_read() -> None:
    other = Subscription(endpoint="https://127.0.0.1/wpush/y", application_server_key="B")
    with pytest.raises(UndecryptableError, match="other keys"):
        other.decrypt(BODY)


def test_it_is_shown_as_browsers_show_it() -> None:
    shown = SUBSCRIPTION.to_json()
    assert shown["endpoint"] == SUBSCRIPTION.endpoint
    assert shown["expirationTime"] is None
    keys = shown["keys"]
    assert isinstance(keys, dict)
    assert urlsafe_b64decode(keys["p256dh"] + "=") == SUBSCRIPTION.public_point
    assert urlsafe_b64decode(keys["auth"] + "==") == SUBSCRIPTION.auth


def test_an_application_server_key_is_a_point_in_base64url() -> None:
    point = SENDER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    text = urlsafe_b64encode(point).decode().rstrip("=")
    assert point_of(text) == SENDER.public_key()
    compressed = SENDER.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    for bad in ("", "B", text + "=", text[:-2], "B" + "A" * 86, urlsafe_b64encode(compressed).decode().rstrip("=")):
        assert point_of(bad) is None
