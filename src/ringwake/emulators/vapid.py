"""VAPID (RFC 8292): which application server sends this push, and may it use this subscription.

Apple's strictness about `sub` is everybody's here (push-services part 1, 3).
"""

import re

from cryptography.hazmat.primitives.asymmetric import ec

from ringwake.emulators.refusal import RefusedError
from ringwake.emulators.signed import SignedToken, TokenError, is_signed_by, read_token
from ringwake.emulators.subscription import point_of

MOST_SECONDS_AHEAD = 86_400
_MAILTO = re.compile(r"mailto:[^\s<>@:/?#]+@([^\s<>@:/?#]+)")
_HTTPS = re.compile(r"https://([^\s<>@:/?#]+)(:[0-9]{1,5})?(/[^\s<>]*)?")
_NOWHERE = ("localhost", "local")


def check_vapid(authorizations: list[str], *, key: str, origin: str, wall: float) -> None:
    """See that the subscription's own application server asks; raises RefusedError."""
    if not authorizations:
        raise RefusedError("Unauthorized", "no Authorization")
    if len(authorizations) > 1:
        raise RefusedError("BadVapid", "Authorization stands twice")
    fields = _fields(authorizations[0])
    try:
        token = read_token(fields["t"])
    except TokenError as error:
        raise RefusedError("BadJwtToken", str(error)) from None
    signer = point_of(fields["k"])
    if signer is None:
        raise RefusedError("BadVapid", "k is no uncompressed P-256 point in base64url")
    _check_token(token, signer, origin, wall)
    if fields["k"] != key:
        raise RefusedError("VapidKeyMismatch", "the subscription is bound to another application server key")


def _fields(authorization: str) -> dict[str, str]:
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() != "vapid":
        raise RefusedError("Unauthorized", "not the vapid scheme")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, found, value = part.strip().partition("=")
        if not found or name.lower() in fields:
            raise RefusedError("BadVapid", "not a list of different parameters")
        fields[name.lower()] = value.removeprefix('"').removesuffix('"')
    if not {"t", "k"} <= fields.keys():
        raise RefusedError("BadVapid", "t or k is missing")
    return fields


def _check_token(token: SignedToken, signer: ec.EllipticCurvePublicKey, origin: str, wall: float) -> None:
    if token.header.get("alg") != "ES256" or not is_signed_by(token, signer):
        raise RefusedError("BadJwtToken", "not signed by k with ES256")
    if token.word("aud") != origin:
        raise RefusedError("BadJwtToken", "aud is not the endpoint's origin")
    expires = token.seconds("exp")
    if expires is None or expires <= wall:
        raise RefusedError("BadJwtToken", "exp is missing or past")
    if expires > wall + MOST_SECONDS_AHEAD:
        raise RefusedError("BadJwtToken", "exp is over 24 hours ahead")
    subject = token.word("sub")
    place = _MAILTO.fullmatch(subject) or _HTTPS.fullmatch(subject)
    if place is None or place[1].lower().rpartition(".")[2] in _NOWHERE or "." not in place[1]:
        raise RefusedError("BadJwtToken", "sub is no mailto: or https: address that people could use")
