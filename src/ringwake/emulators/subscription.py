"""A browser's push subscription (W3C Push API), and what the browser does with what comes: RFC 8291, one record.

Our own reading on `cryptography`; the tests hold it against http-ece.
"""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringwake.emulators.signed import base64url

_CURVE = ec.SECP256R1()
_POINT = 65
_TAG = 16
_LEAST_RECORD = 18  # RFC 8188 2
_HEADER = 21  # salt, record size, length of the key id


class UndecryptableError(ValueError):
    """The browser cannot read this push; the message says which rule it breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What `PushManager.subscribe` has made; the private key never leaves."""

    endpoint: str
    application_server_key: str
    """base64url, as given; the subscription is bound to it for life."""
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(_CURVE))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def public_point(self) -> bytes:
        """The browser's public key, uncompressed."""
        return self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def to_json(self) -> dict[str, object]:
        """Return what `PushSubscription.toJSON` gives."""
        keys = {"p256dh": _text(self.public_point), "auth": _text(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def decrypt(self, body: bytes) -> bytes:
        """Return the plain text of a push message (RFC 8291 4, RFC 8188 2); raises UndecryptableError."""
        if len(body) < _HEADER + _POINT + _TAG + 1:
            raise UndecryptableError("shorter than header, key and tag")
        salt, size, id_length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        if id_length != _POINT:
            raise UndecryptableError("the key id is no P-256 point")
        point, sealed = body[_HEADER : _HEADER + _POINT], body[_HEADER + _POINT :]
        if size < _LEAST_RECORD or size <= len(sealed):  # RFC 8291 4: rs is greater than the one record
            raise UndecryptableError("more than one record")
        key, nonce = self._key_and_nonce(salt, point)
        try:
            padded = AESGCM(key).decrypt(nonce, sealed, None)
        except InvalidTag:
            raise UndecryptableError("sealed with other keys, or damaged") from None
        text = padded.rstrip(b"\0")
        if not text.endswith(b"\x02"):
            raise UndecryptableError("no delimiter of a last record")
        return text[:-1]

    def _key_and_nonce(self, salt: bytes, point: bytes) -> tuple[bytes, bytes]:
        try:
            sender = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
        except ValueError:
            raise UndecryptableError("the key id is no P-256 point") from None
        shared = self.private_key.exchange(ec.ECDH(), sender)
        seed = _hkdf(self.auth, shared, b"WebPush: info\0" + self.public_point + point, 32)
        key = _hkdf(salt, seed, b"Content-Encoding: aes128gcm\0", 16)
        return key, _hkdf(salt, seed, b"Content-Encoding: nonce\0", 12)


def point_of(key: str) -> ec.EllipticCurvePublicKey | None:
    """Read an application server key; None if it is not an uncompressed P-256 point in base64url."""
    try:
        octets = base64url(key)
        if len(octets) == _POINT:
            return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, octets)
    except ValueError:
        pass
    return None


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")
