"""APNs token authentication: who may push over which connection, and how often a token may be renewed.

push-services 1.1 and 1.3: a connection belongs to one team and one key; a token lives an hour; a team may show a new
one every twenty minutes; until the first good one was answered, a connection has one stream (`server.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.asymmetric import ec

from ringwake.emulators.clock import Clock
from ringwake.emulators.exchange import Peer
from ringwake.emulators.refusal import RefusedError
from ringwake.emulators.signed import SignedToken, TokenError, is_signed_by, read_token

LIFETIME_SECONDS = 3600.0
RENEWAL_SECONDS = 1200.0
SKEW_SECONDS = 60.0
# Tokens of a team that are remembered; more than one needs a renewal interval of nearly zero.
_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderKey:
    """A key that Apple has given to a team."""

    key_id: str
    team: str
    key: ec.EllipticCurvePublicKey
    environment: str = ""
    """Restricts the key to `production` or `sandbox`."""


class _Team:
    """The tokens that a team has shown and that were good."""

    def __init__(self) -> None:
        self.known: dict[bytes, SignedToken] = {}
        self.changed_at: float | None = None

    def admits(self, now: float, interval: float) -> bool:
        return self.changed_at is None or now - self.changed_at >= interval

    def learn(self, digest: bytes, token: SignedToken, now: float) -> None:
        self.changed_at = now
        self.known[digest] = token
        if len(self.known) > _KEPT:
            self.known.pop(next(iter(self.known)))


class ProviderTokens:
    """The provider tokens of all teams and connections."""

    def __init__(self, keys: Iterable[ProviderKey], clock: Clock, *, environment: str = "production") -> None:
        self._keys = {key.key_id: key for key in keys}
        self._clock = clock
        self._environment = environment
        self._teams: dict[str, _Team] = {}
        self._owners: WeakKeyDictionary[Peer, ProviderKey] = WeakKeyDictionary()
        self._blocked: WeakKeyDictionary[Peer, float] = WeakKeyDictionary()
        self.renewal_seconds = RENEWAL_SECONDS
        """How often a team may show a new token; less in tests of a server's restart."""

    def trust(self, key: ProviderKey) -> None:
        """Take on another team's key, or another key of a team."""
        self._keys[key.key_id] = key

    @property
    def teams(self) -> frozenset[str]:
        """Who has a key."""
        return frozenset(key.team for key in self._keys.values())

    def check(self, peer: Peer, authorization: str | None) -> str:
        """Return the team that pushes; raises RefusedError."""
        if self._blocked.get(peer, 0.0) > self._clock.monotonic():
            raise RefusedError("TooManyProviderTokenUpdates", "this connection has shown a token too many")
        if authorization is None:
            raise RefusedError("MissingProviderToken")
        digest = sha256(authorization.encode("latin-1")).digest()
        token, key = self._read(authorization)
        team = self._teams.setdefault(key.team, _Team())
        if digest not in team.known and not is_signed_by(token, key.key):
            raise RefusedError("InvalidProviderToken", "signature")
        self._check_owner(peer, key)
        self._check_age(token)
        if digest not in team.known:
            self._renew(peer, team, digest, token)
        self._owners[peer] = key
        return key.team

    def _read(self, authorization: str) -> tuple[SignedToken, ProviderKey]:
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise RefusedError("InvalidProviderToken", "not a bearer token")
        try:
            token = read_token(text)
        except TokenError as error:
            raise RefusedError("InvalidProviderToken", str(error)) from None
        if token.header.get("alg") != "ES256":
            raise RefusedError("InvalidProviderToken", "alg is not ES256")
        key = self._keys.get(token.key_id)
        if key is None:
            raise RefusedError("InvalidProviderToken", "kid names no key")
        if token.word("iss") != key.team:
            raise RefusedError("InvalidProviderToken", "iss is not the key's team")
        return token, key

    def _check_owner(self, peer: Peer, key: ProviderKey) -> None:
        if key.environment not in {"", self._environment}:
            raise RefusedError("BadEnvironmentKeyIdInToken", f"this is {self._environment}")
        owner = self._owners.get(peer, key)
        if owner.team != key.team:
            raise RefusedError("InvalidProviderToken", "the connection belongs to another team")
        if owner.key_id != key.key_id:
            raise RefusedError("UnrelatedKeyIdInToken", "the connection began with another key")

    def _check_age(self, token: SignedToken) -> None:
        issued = token.seconds("iat")
        if issued is None:
            raise RefusedError("InvalidProviderToken", "no iat")
        age = self._clock.wall() - issued
        if age < -SKEW_SECONDS:
            raise RefusedError("InvalidProviderToken", "iat is in the future")
        if age > LIFETIME_SECONDS:
            raise RefusedError("ExpiredProviderToken", "iat is over an hour ago")

    def _renew(self, peer: Peer, team: _Team, digest: bytes, token: SignedToken) -> None:
        now = self._clock.monotonic()
        if not team.admits(now, self.renewal_seconds):
            self._blocked[peer] = (team.changed_at or 0.0) + self.renewal_seconds
            raise RefusedError("TooManyProviderTokenUpdates", f"a new token within {self.renewal_seconds:g} s")
        team.learn(digest, token, now)
