"""The `keys` file: what seals tokens, nonces and stored secrets, from the first day and over restarts.

The file holds a list of keys, newest first. The first one seals, all of them open: to rotate, put a new one in front,
and drop the last when what it sealed is gone.
"""

from __future__ import annotations

import binascii
import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ringwake.secret import Secret

KEY_OCTETS = 32
_MOST_TEXT = 2048


class KeysError(Exception):
    """The keys file cannot be used. The text names it and the mend."""


class KeyRing:
    """Implements `Seal`: deterministic authenticated encryption (AES-SIV, RFC 5297) under a key for each purpose."""

    def __init__(self, keys: list[Secret[bytes]]) -> None:
        """Take the keys, newest first; at least one."""
        self._keys = keys
        self._ciphers: dict[tuple[int, str], AESSIV] = {}
        self._hashes: dict[str, bytes] = {}

    def seal(self, purpose: str, payload: bytes) -> str:
        """Encrypt and authenticate; base64url without padding."""
        return _written(self._cipher(0, purpose).encrypt(payload, None))

    def open(self, purpose: str, text: str) -> bytes | None:
        """Return the payload, or None when none of our keys sealed this text for this purpose."""
        if len(text) > _MOST_TEXT or not text.isascii():
            return None
        try:
            octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            return None
        if _written(octets) != text:
            return None  # another spelling: the decoder passes over strange letters and the bits behind the last octet
        for number in range(len(self._keys)):
            try:
                return self._cipher(number, purpose).decrypt(octets, None)
            except (InvalidTag, ValueError):
                continue
        return None

    def digest(self, purpose: str, payload: bytes) -> str:
        """Return a keyed hash, 32 hex digits. It is of the oldest key, so that a rotation renames nothing at once."""
        key = self._hashes.get(purpose)
        if key is None:
            key = self._hashes[purpose] = _derive(self._keys[-1], f"digest {purpose}", 32)
        return hmac.new(key, payload, sha256).hexdigest()[:32]

    def derive(self, purpose: str) -> list[Secret[bytes]]:
        """Return a key of 32 octets for another's use, one for each of ours, newest first."""
        return [Secret(_derive(key, purpose, 32)) for key in self._keys]

    def _cipher(self, number: int, purpose: str) -> AESSIV:
        cipher = self._ciphers.get((number, purpose))
        if cipher is None:
            cipher = self._ciphers[number, purpose] = AESSIV(_derive(self._keys[number], f"seal {purpose}", 64))
        return cipher


def _written(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def load_keys(path: Path) -> KeyRing:
    """Read the keys file; make it when there is none.

    Raises:
        KeysError: it cannot be read or written, is open to others, or holds no keys.
    """
    try:
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            raise KeysError(f"{path}: others may read it: chmod 600 {path}")
        texts = json.loads(path.read_text())["keys"]
        keys = [Secret(urlsafe_b64decode(text)) for text in texts]
    except OSError as error:
        raise KeysError(f"{path}: {error.strerror}: check the folder and its owner") from None
    except (ValueError, KeyError, TypeError):
        keys = []
    if not keys or any(len(key.reveal()) != KEY_OCTETS for key in keys):
        raise KeysError(f"{path}: no keys in it: restore it from a backup; without it stored tokens cannot be read")
    return KeyRing(keys)


def _create(path: Path) -> None:
    """Write a file with one fresh key, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    key = urlsafe_b64encode(os.urandom(KEY_OCTETS)).decode()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"keys": [key]}, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # of two processes that start together, one wins and both read the same
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _derive(key: Secret[bytes], purpose: str, octets: int) -> bytes:
    """Derive a key (HKDF-Expand of RFC 5869, whose input here is uniform already)."""
    blocks, block = b"", b""
    for counter in range(1, octets // 32 + 1):
        block = hmac.new(key.reveal(), block + purpose.encode() + bytes((counter,)), sha256).digest()
        blocks += block
    return blocks[:octets]
