"""The content of a Web Push for one browser's eyes only: RFC 8291 on the aes128gcm coding of RFC 8188, one record."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringwake.model.push import SubscriptionKeys
from ringwake.push.errors import UnsendableError

RECORD_SIZE = 4096
LIMIT = 3993
"""Octets of plain text: a service need not take more than 4096 (RFC 8030 section 7.2), header and tag included."""
_AUTH_LENGTH = 16
# RFC 8188 section 2: this record is the last.
_LAST_RECORD = b"\x02"


def encrypt(text: bytes, keys: SubscriptionKeys, *, sender: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """Encrypt for a subscription.

    Args:
        text: at most `LIMIT` octets.
        keys: of the browser.
        sender: a new key for each message.
        salt: 16 new random octets for each message.

    Raises:
        UnsendableError: the browser's keys are none, or the text is too long.
    """
    auth = keys.auth.reveal()
    if len(auth) != _AUTH_LENGTH:
        raise UnsendableError("bad subscription keys")
    if len(text) > LIMIT:
        raise UnsendableError("payload too large", status=413)
    try:
        receiver = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), keys.p256dh)
    except ValueError:
        raise UnsendableError("bad subscription keys") from None
    ours = _point(sender.public_key())
    # RFC 8291 section 3.3 and 3.4, in its own names.
    key_info = b"WebPush: info\0" + _point(receiver) + ours
    ikm = _hkdf(sender.exchange(ECDH(), receiver), salt=auth, info=key_info, length=32)
    cek = _hkdf(ikm, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _hkdf(ikm, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    header = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(cek).encrypt(nonce, text + _LAST_RECORD, None)


def _point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hkdf(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
