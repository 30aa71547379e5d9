"""Digest authentication (RFC 3261 section 22, RFC 7616, RFC 8760): the sums and the header fields, no policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from hashlib import md5, sha256

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS, encode, is_token, quote, split, unquote


class Algorithm(Enum):
    """Hash algorithms, best first: the order in which a server offers them (RFC 8760 section 2.3)."""

    SHA256 = "SHA-256"
    MD5 = "MD5"

    def hash(self, text: str) -> str:
        """Return the hash of a text in lower-case hex."""
        if self is Algorithm.MD5:
            return md5(encode(text), usedforsecurity=False).hexdigest()
        return sha256(encode(text)).hexdigest()


def algorithm_of(name: str | None) -> Algorithm | None:
    """Return an algorithm by its token; absent means MD5 (RFC 7616 section 3.3). None when unknown."""
    if name is None:
        return Algorithm.MD5
    return next((known for known in Algorithm if known.value == name.upper()), None)


def ha1(algorithm: Algorithm, user: str, realm: str, password: str) -> str:
    """Return H(user:realm:password), which is what a server keeps in place of the password."""
    return algorithm.hash(f"{user}:{realm}:{password}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A WWW-Authenticate or Proxy-Authenticate value."""

    realm: str
    nonce: str
    algorithm: Algorithm | None
    """None: one that we do not know."""
    qop: tuple[str, ...] = ("auth",)
    opaque: str | None = None
    stale: bool = False

    def __str__(self) -> str:
        assert self.algorithm is not None
        opaque = "" if self.opaque is None else f", opaque={quote(self.opaque)}"
        stale = ", stale=true" if self.stale else ""
        return (
            f"Digest realm={quote(self.realm)}, nonce={quote(self.nonce)}, algorithm={self.algorithm.value}, "
            f"qop={quote(','.join(self.qop))}{opaque}{stale}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An Authorization or Proxy-Authorization value."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: Algorithm | None
    """None: one that we do not know."""
    qop: str | None = None
    nc: str | None = None
    cnonce: str | None = None
    opaque: str | None = None

    def __str__(self) -> str:
        assert self.algorithm is not None
        parts = [
            f"Digest username={quote(self.username)}",
            f"realm={quote(self.realm)}",
            f"nonce={quote(self.nonce)}",
            f"uri={quote(self.uri)}",
            f"response={quote(self.response)}",
            f"algorithm={self.algorithm.value}",
        ]
        if self.opaque is not None:
            parts.append(f"opaque={quote(self.opaque)}")
        if self.qop is not None:
            parts += [f"qop={self.qop}", f"nc={self.nc}", f"cnonce={quote(self.cnonce or '')}"]
        return ", ".join(parts)

    def expected(self, ha1_hex: str, method: str) -> str:
        """Return the response that the right password gives for these values (RFC 7616 section 3.4.1)."""
        assert self.algorithm is not None
        hash_of = self.algorithm.hash
        ha2 = hash_of(f"{method}:{self.uri}")
        if self.qop is None:
            return hash_of(f"{ha1_hex}:{self.nonce}:{ha2}")
        return hash_of(f"{ha1_hex}:{self.nonce}:{self.nc}:{self.cnonce}:{self.qop}:{ha2}")


def parse_challenge(text: str) -> Challenge | None:
    """Read a challenge; None when its scheme is not Digest.

    Raises:
        ParseError: it breaks the grammar.
    """
    values = _digest_values(text)
    if values is None:
        return None
    qop = tuple(item.strip(LWS).lower() for item in values.get("qop", "").split(",") if item.strip(LWS))
    return Challenge(
        realm=_required(values, "realm"),
        nonce=_required(values, "nonce"),
        algorithm=algorithm_of(values.get("algorithm")),
        qop=qop,
        opaque=values.get("opaque"),
        stale=values.get("stale", "").lower() == "true",
    )


def parse_credentials(text: str) -> Credentials | None:
    """Read credentials; None when their scheme is not Digest.

    Raises:
        ParseError: they break the grammar, or stop early.
    """
    values = _digest_values(text)
    if values is None:
        return None
    return Credentials(
        username=_required(values, "username"),
        realm=_required(values, "realm"),
        nonce=_required(values, "nonce"),
        uri=_required(values, "uri"),
        response=_required(values, "response").lower(),
        algorithm=algorithm_of(values.get("algorithm")),
        qop=values.get("qop"),
        nc=values.get("nc"),
        cnonce=values.get("cnonce"),
        opaque=values.get("opaque"),
    )


def authorize(challenge: Challenge, *, username: str, password: str, request: tuple[str, str], cnonce: str) -> str:
    """Answer a challenge with the first use of its nonce (nc=00000001).

    Args:
        challenge: with a known algorithm.
        username: of the account at the challenger.
        password: in the clear; it does not leave.
        request: method and Request-URI of the request that will carry the answer.
        cnonce: fresh text of ours.
    """
    method, uri = request
    assert challenge.algorithm is not None
    with_qop = "auth" in challenge.qop
    draft = Credentials(
        username=username,
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        response="",
        algorithm=challenge.algorithm,
        qop="auth" if with_qop else None,
        nc="00000001" if with_qop else None,
        cnonce=cnonce if with_qop else None,
        opaque=challenge.opaque,
    )
    key = ha1(challenge.algorithm, username, challenge.realm, password)
    return str(replace(draft, response=draft.expected(key, method)))


def _digest_values(text: str) -> dict[str, str] | None:
    if text[:6].lower() != "digest" or text[6:7] not in ("", " ", "\t"):
        return None
    values: dict[str, str] = {}
    for part in split(text[6:].strip(LWS), ","):
        key, equals, value = part.partition("=")
        key = key.rstrip(LWS).lower()
        if not equals or not is_token(key) or key in values:
            raise ParseError("digest parameters are malformed")
        values[key] = unquote(value.lstrip(LWS))
    return values


def _required(values: dict[str, str], name: str) -> str:
    value = values.get(name)
    if value is None:
        raise ParseError(f"digest parameters lack {name}")
    return value
