"""Signed tokens (JWT, RFC 7519, in JWS compact form), read by hand and verified by joserfc."""

from binascii import a2b_base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from ringwake.emulators.json_object import read_object

MOST_OCTETS = 8000


class TokenError(ValueError):
    """This is no token; the message never quotes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """What a token says; true only once its signature was verified."""

    text: str
    header: dict[str, object]
    claims: dict[str, object]

    def word(self, claim: str) -> str:
        """Return a claim that is text, else an empty text."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) else ""

    def seconds(self, claim: str) -> float | None:
        """Return a claim that is a number, such as a time."""
        value = self.claims.get(claim)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def key_id(self) -> str:
        """The header's `kid`, if it is text."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else ""


def read_token(text: str) -> SignedToken:
    """Take a token apart; nothing it says is verified by that. Raises TokenError."""
    parts = text.split(".")
    if len(text) > MOST_OCTETS or len(parts) != 3 or not all(parts):
        raise TokenError("not three parts")
    header, claims = (_object(part) for part in parts[:2])
    return SignedToken(text=text, header=header, claims=claims)


def is_signed_by(token: SignedToken, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bool:
    """Tell whether the key's owner has signed it, as ES256 or RS256 according to the key."""
    algorithm = "ES256" if isinstance(key, ec.EllipticCurvePublicKey) else "RS256"
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    try:
        jwk = ECKey.import_key(key) if isinstance(key, ec.EllipticCurvePublicKey) else RSAKey.import_key(key)
        jws.deserialize_compact(token.text, jwk, registry=registry)
    except (JoseError, ValueError, TypeError, RecursionError):
        return False
    return True


def base64url(text: str) -> bytes:
    """Decode base64url without padding; raises TokenError."""
    if not text.isascii() or any(letter in text for letter in "+/="):
        raise TokenError("not base64url")
    try:
        padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        return a2b_base64(padded, strict_mode=True)
    except ValueError:
        raise TokenError("not base64url") from None


def _object(part: str) -> dict[str, object]:
    found = read_object(base64url(part))
    if found is None:
        raise TokenError("not a JSON object")
    return found
