"""Digest credentials (RFC 2617, MD5) reckoned anew: what foreign programs that know no SHA-256 would send."""

from __future__ import annotations

import re
from hashlib import md5


def credentials(challenges: list[str], *, user: str, password: str, method: str, uri: str, count: int = 1) -> str:
    """Answer the MD5 challenge among these, for the so many-th time: the value of an Authorization."""
    challenge = next(text for text in challenges if "algorithm" not in text or re.search(r'algorithm="?MD5\b', text))
    realm, nonce = (re.search(f'{name}="([^"]*)"', challenge) for name in ("realm", "nonce"))
    assert realm is not None
    assert nonce is not None
    fields = f'Digest username="{user}", realm="{realm[1]}", nonce="{nonce[1]}", uri="{uri}", algorithm=MD5'
    secret, request = _hash(f"{user}:{realm[1]}:{password}"), _hash(f"{method}:{uri}")
    if "qop=" not in challenge:
        return f'{fields}, response="{_hash(f"{secret}:{nonce[1]}:{request}")}"'
    response = _hash(f"{secret}:{nonce[1]}:{count:08x}:0a4f113b:auth:{request}")
    return f'{fields}, qop=auth, nc={count:08x}, cnonce="0a4f113b", response="{response}"'


def _hash(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
