"""Who has sent it: a signature by the Standard Webhooks convention, which libraries in many languages check."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha256

from ringwake.push.errors import CredentialsError
from ringwake.secret import Secret

_PREFIX = b"whsec_"
_FEWEST, _MOST = 24, 64


def read_key(text: Secret[bytes]) -> Secret[bytes]:
    """Return the key out of its usual form, `whsec_` and base64.

    Raises:
        CredentialsError: it is not of that form, or too short to be safe.
    """
    try:
        key = b64decode(text.reveal().removeprefix(_PREFIX), validate=True)
    except Error:
        key = b""
    if not _FEWEST <= len(key) <= _MOST:
        raise CredentialsError("the key is whsec_ and 24 to 64 octets in base64: `openssl rand -base64 32` makes one")
    return Secret(key)


def signed(body: bytes, *, id: str, at: int, key: Secret[bytes]) -> dict[str, str]:  # noqa: A002  the convention's word
    """Return the header fields that prove who has sent a body, and when.

    Args:
        body: as it is sent.
        id: the same for a repeat, so that a receiver can tell it.
        at: epoch seconds now. A receiver refuses what is older than some minutes.
        key: shared with the receiver.
    """
    digest = hmac.new(key.reveal(), f"{id}.{at}.".encode() + body, sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
