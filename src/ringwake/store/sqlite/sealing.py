"""Secrets at rest: AES-256-GCM under a list of keys, of which the first encrypts and all decrypt.

What is sealed is bound to its place (table, row, column), so that nobody can move one phone's token into another's
row. Nonces are random, 96 bits: a secret is sealed again only when it changes, which keeps far below 2**32 per key.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ringwake.secret import Secret

KEY_SIZE = 32
_ID_SIZE = 4
_NONCE_SIZE = 12


class UnsealError(ValueError):
    """None of our keys opens this, or it was changed, or it was sealed for another place."""


class RowSeal:
    """The keys, newest first."""

    def __init__(self, keys: Sequence[Secret[bytes]]) -> None:
        values = [key.reveal() for key in keys]
        if not values or any(len(value) != KEY_SIZE for value in values):
            raise ValueError(f"a store needs one key or more, of {KEY_SIZE} octets each")
        self._ciphers = {_id(value): AESGCM(value) for value in reversed(values)}
        self._current = _id(values[0])

    def seal(self, payload: bytes, place: bytes) -> bytes:
        """Encrypt with the first key."""
        nonce = os.urandom(_NONCE_SIZE)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, payload, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Decrypt with the key that it was sealed by.

        Raises:
            UnsealError: it cannot be opened.
        """
        cipher = self._ciphers.get(sealed[:_ID_SIZE])
        if cipher is None:
            raise UnsealError("it was sealed by a key that is not in the list")
        nonce, rest = sealed[_ID_SIZE : _ID_SIZE + _NONCE_SIZE], sealed[_ID_SIZE + _NONCE_SIZE :]
        try:
            return cipher.decrypt(nonce, rest, place)
        except (InvalidTag, ValueError) as error:
            raise UnsealError("it was changed, or moved from another row") from error

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether the first key has sealed this."""
        return sealed.startswith(self._current)


def _id(key: bytes) -> bytes:
    return sha256(b"ringwake store key\0" + key).digest()[:_ID_SIZE]
