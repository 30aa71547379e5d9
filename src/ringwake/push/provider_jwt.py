"""The tokens that say who we are: ES256, signed with a key loaded once, kept and renewed ahead.

Apple counts how often a *team* changes its token (not more often than every 20 minutes, at least every 60), so all
applications with the same team and key share one `ProviderToken`. Signing takes 50 microseconds and no await, so one
renewal for a thousand concurrent pushes needs no lock.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ringwake.push.errors import CredentialsError
from ringwake.secret import Secret

RENEW_AFTER = 50 * 60.0
"""Age at which an APNs token is replaced; APNs refuses it from 60 minutes on."""
FLOOR = 20 * 60.0
"""APNs: not more often than this."""
SKEW_LIMIT = 300.0
"""Seconds by which our clock may differ from the provider's before it is corrected (reliability F6)."""
VAPID_LIFE = 12 * 3600.0
"""RFC 8292 section 2 allows 24 hours; half of it leaves room for a wrong clock on either side."""
VAPID_AHEAD = 3600.0
VAPID_ORIGINS = 1000
"""Origins come from phones, so their number is bounded; the one not used for longest goes."""

_APPLE_ID = re.compile(r"[A-Z0-9]{10}")
# Apple answers 403 BadJwtToken to anything looser: no space, no <>, and a domain that others can write to.
_SUBJECT = re.compile(
    r"mailto:[A-Za-z0-9._%+\-]+@(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,}|https://(?:[A-Za-z0-9\-]+\.)+[!-~]+"
)


def load_key(pem: Secret[bytes]) -> EllipticCurvePrivateKey:
    """Read a P-256 private key (.p8 or PEM).

    Raises:
        CredentialsError: it is not one.
    """
    try:
        key = load_pem_private_key(pem.reveal(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialsError("not a private key in PEM without password") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise CredentialsError("the key is not of the curve P-256")
    return key


def public_text(key: EllipticCurvePrivateKey) -> str:
    """Return the public key in base64url: for `+sip.vapid` (RFC 8599 8.3) and a page's `applicationServerKey`."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).rstrip(b"=").decode()


class ProviderToken:
    """The one APNs token of a team and key."""

    __slots__ = ("_headers", "_issued_at", "_key", "_skew", "_team", "_text", "_wall")

    def __init__(self, *, team: str, key_id: str, key: EllipticCurvePrivateKey, wall: Callable[[], float]) -> None:
        if _APPLE_ID.fullmatch(team) is None or _APPLE_ID.fullmatch(key_id) is None:
            raise CredentialsError("team id and key id have ten capitals or digits each")
        self._team, self._headers, self._key, self._wall = team, {"kid": key_id}, key, wall
        self._text = ""
        self._issued_at = 0.0
        self._skew = 0.0

    def current(self) -> str:
        """Return the token, renewed if it is old or if our clock was set back behind it."""
        if not self._text or not -SKEW_LIMIT <= self._age < RENEW_AFTER:
            self._mint()
        return self._text

    def renew(self, refused: str, *, skew: float = 0.0) -> str | None:
        """Return a newer token than the one that the provider called expired, or None when there may be none yet.

        Args:
            refused: the token that was sent.
            skew: seconds by which the provider's clock is ahead of ours. A change beyond `SKEW_LIMIT` explains the
                refusal, so it is worth a token before its time.
        """
        if self._text != refused:
            return self.current()
        if abs(skew - self._skew) > SKEW_LIMIT:
            self._skew = skew
        elif self._age < FLOOR:
            return None
        self._mint()
        return self._text

    @property
    def _age(self) -> float:
        return self._wall() + self._skew - self._issued_at

    def _mint(self) -> None:
        self._issued_at = self._wall() + self._skew
        claims = {"iss": self._team, "iat": int(self._issued_at)}
        self._text = jwt.encode(claims, self._key, algorithm="ES256", headers=self._headers)


@dataclass(frozen=True, slots=True)
class _Signed:
    text: str
    renew_at: float


class Vapid:
    """Says to push services who we are (RFC 8292): one token for each origin."""

    __slots__ = ("_key", "_public_key", "_signed", "_subject", "_wall")

    def __init__(self, *, key: EllipticCurvePrivateKey, subject: str, wall: Callable[[], float]) -> None:
        if _SUBJECT.fullmatch(subject) is None:
            raise CredentialsError("the VAPID subject is mailto:someone@example.com or an https address")
        self._key, self._subject, self._wall = key, subject, wall
        self._signed: OrderedDict[str, _Signed] = OrderedDict()
        self._public_key = public_text(key)

    def authorization(self, origin: str) -> str:
        """Return the Authorization header for an origin (RFC 8292 section 3)."""
        signed = self._signed.pop(origin, None)
        now = self._wall()
        if signed is None or not 0.0 < signed.renew_at - now <= VAPID_LIFE:
            signed = _Signed(self._sign(origin, now + VAPID_LIFE), now + VAPID_LIFE - VAPID_AHEAD)
        self._signed[origin] = signed
        if len(self._signed) > VAPID_ORIGINS:
            self._signed.popitem(last=False)
        return f"vapid t={signed.text}, k={self._public_key}"

    def _sign(self, origin: str, expires_at: float) -> str:
        claims = {"aud": origin, "exp": int(expires_at), "sub": self._subject}
        return jwt.encode(claims, self._key, algorithm="ES256")
