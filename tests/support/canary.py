"""A canary: it knows secrets, and sings when one of them stands in what came out, however it is spelled."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

_SHORTEST = 8


class Canary:
    """Looks for secrets in texts."""

    def __init__(self) -> None:
        self._spellings: dict[str, tuple[bytes, ...]] = {}

    def learn(self, secret: str) -> None:
        """Look for a secret from now on. One so short that chance could write it is refused."""
        assert len(secret) >= _SHORTEST, "a secret must be unique to be looked for"
        self._spellings[secret] = spellings(secret)

    @property
    def knows(self) -> int:
        """How many secrets are looked for."""
        return len(self._spellings)

    def sing(self, texts: Mapping[str, bytes]) -> list[str]:
        """Return each text that holds a secret, and what stands before it; the secret itself is not told."""
        found = ((name, text, self._first(text)) for name, text in texts.items())
        return [f"{name}: ...{_before(text, at)}<secret>" for name, text, at in found if at >= 0]

    def _first(self, text: bytes) -> int:
        places = (text.find(spelled) for several in self._spellings.values() for spelled in several)
        return min((at for at in places if at >= 0), default=-1)


def spellings(secret: str) -> tuple[bytes, ...]:
    """Return all ways to write a secret that are looked for."""
    return tuple(text.encode() for text in dict.fromkeys(_spell(secret)))


def _spell(secret: str) -> Iterator[str]:
    octets = secret.encode()
    yield secret
    for escaped in (quote(secret, safe=""), quote(secret, safe=":/"), "".join(f"%{one:02X}" for one in octets)):
        yield from (escaped, _lower_escapes(escaped))
    for coded in (base64.b64encode(octets).decode(), base64.urlsafe_b64encode(octets).decode()):
        yield from (coded, coded.rstrip("="))
    yield from (octets.hex(), octets.hex().upper())
    quoted = json.dumps(secret)[1:-1]
    yield from (quoted, quoted.replace("/", "\\/"))


def _lower_escapes(text: str) -> str:
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _before(text: bytes, at: int) -> str:
    return text[max(0, at - 60) : at].decode("utf-8", "replace")
