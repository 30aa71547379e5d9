"""A browser that decrypts by http-ece, which shares no code with ours."""

from __future__ import annotations

import secrets

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringwake.model.push import SubscriptionKeys
from ringwake.secret import Secret


class Browser:
    """One subscription."""

    def __init__(self) -> None:
        self._key = generate_private_key(SECP256R1())
        self._auth = secrets.token_bytes(16)
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = SubscriptionKeys(p256dh=point, auth=Secret(self._auth))

    def decrypt(self, body: bytes) -> bytes:
        """Read a message, or fail."""
        text: bytes = http_ece.decrypt(body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        return text
