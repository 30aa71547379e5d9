"""Google's token endpoint: a service account's signed assertion in, a bearer token for an hour out (RFC 7523)."""

import secrets

from cryptography.hazmat.primitives.asymmetric import rsa

from ringwake.emulators.credentials import Ids
from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.form import read_form
from ringwake.emulators.grants import Grants, token_answer
from ringwake.emulators.office import Office
from ringwake.emulators.refusal import RefusedError
from ringwake.emulators.signed import SignedToken, TokenError, is_signed_by, read_token

PATH = "/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = frozenset({
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
})  # fmt: skip
GOOGLES_AUDIENCE = "https://oauth2.googleapis.com/token"
"""google-auth names this one, whatever the account's `token_uri`; Google knows no other."""
LIFETIME_SECONDS = 3599
ASSERTION_SECONDS = 3600
SKEW_SECONDS = 60


class OAuth:
    """The handler of the token endpoint, and the memory of what it gave out."""

    def __init__(self, office: Office, ids: Ids, key: rsa.RSAPublicKey) -> None:
        self._office = office
        self._ids = ids
        self._key = key
        self._grants = Grants(office, "oauth", seconds=LIFETIME_SECONDS)
        self.token_uri = ""
        """Where this endpoint is, once the listener has its port."""

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            self._check(request)
        except RefusedError as error:
            about = {"reason": error.reason, "detail": error.detail}
            self._office.journal.note("oauth", "refused", **about, status=400)
            return token_answer(400, {"error": error.reason, "error_description": error.detail})
        return self._grants.give(f"ya29.{secrets.token_urlsafe(120)}")

    def expires_at(self, token: str) -> float | None:
        """Return until when a bearer token is good; None if we never gave it out."""
        return self._grants.expires_at(token)

    def _check(self, request: Request) -> None:
        if request.method != "POST":
            raise RefusedError("invalid_request", "POST only")
        fields = read_form(request)
        if fields.get("grant_type") != GRANT:
            raise RefusedError("unsupported_grant_type", "grant_type is not jwt-bearer")
        if "assertion" not in fields:
            raise RefusedError("invalid_request", "no assertion")
        try:
            assertion = read_token(fields["assertion"])
        except TokenError as error:
            raise RefusedError("invalid_grant", f"assertion: {error}") from None
        if assertion.header.get("alg") != "RS256" or assertion.key_id != self._ids.private_key_id:
            raise RefusedError("invalid_grant", "alg or kid")
        if not is_signed_by(assertion, self._key):
            raise RefusedError("invalid_grant", "signature")
        self._check_claims(assertion)

    def _check_claims(self, assertion: SignedToken) -> None:
        if assertion.word("iss") != self._ids.client_email:
            raise RefusedError("invalid_grant", "iss is no account")
        if assertion.word("aud") not in {self.token_uri, GOOGLES_AUDIENCE}:
            raise RefusedError("invalid_grant", "aud is not this endpoint")
        issued, expires = assertion.seconds("iat"), assertion.seconds("exp")
        now = self._office.clock.wall()
        if issued is None or expires is None or not issued < expires <= issued + ASSERTION_SECONDS:
            raise RefusedError("invalid_grant", "iat and exp are not within an hour")
        if issued > now + SKEW_SECONDS or expires <= now - SKEW_SECONDS:
            raise RefusedError("invalid_grant", "iat and exp are not about now")
        if not SCOPES.intersection(assertion.word("scope").split()):
            raise RefusedError("invalid_scope", "scope does not cover messaging")


def fault(request: Request, status: int, reason: str, wall: float) -> Response:
    """Return the answer that a switch asks for, in the shape of RFC 6749 5.2."""
    del request, wall
    usual = "invalid_grant" if status in {400, 401, 403} else "internal_failure"
    return token_answer(status, {"error": reason or usual, "error_description": "switched"})
