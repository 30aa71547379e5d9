"""Huawei's token endpoint: app id and app secret in, a bearer token for an hour out (OAuth 2.0 client credentials)."""

import secrets
from base64 import b64encode
from hmac import compare_digest

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.form import read_form
from ringwake.emulators.grants import Grants, token_answer
from ringwake.emulators.office import Office
from ringwake.emulators.refusal import RefusedError

PATH = "/oauth2/v3/token"
LIFETIME_SECONDS = 3600
_INVALID = 1101


class HmsOAuth:
    """The handler of the token endpoint, and the memory of what it gave out."""

    def __init__(self, office: Office, *, app: str, secret: str) -> None:
        self._office = office
        self._app = app
        self._secret = secret
        self._grants = Grants(office, "hms-oauth", seconds=LIFETIME_SECONDS)

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            self._check(request)
        except RefusedError as error:
            about = {"reason": error.reason, "detail": error.detail}
            self._office.journal.note("hms-oauth", "refused", **about, status=400)
            return token_answer(400, {"error": _INVALID, "sub_error": 20001, "error_description": error.reason})
        return self._grants.give(b64encode(secrets.token_bytes(60)).decode())

    def expires_at(self, token: str) -> float | None:
        """Return until when a bearer token is good; None if we never gave it out."""
        return self._grants.expires_at(token)

    def _check(self, request: Request) -> None:
        if request.method != "POST":
            raise RefusedError("invalid_request", "POST only")
        fields = read_form(request)
        if fields.get("grant_type") != "client_credentials":
            raise RefusedError("unsupported_grant_type", "grant_type is not client_credentials")
        is_app = compare_digest(fields.get("client_id", ""), self._app)
        if not is_app or not compare_digest(fields.get("client_secret", "").encode(), self._secret.encode()):
            raise RefusedError("invalid_client", "client_id or client_secret")


def fault(request: Request, status: int, reason: str, wall: float) -> Response:
    """Return the answer that a switch asks for."""
    del request, wall
    usual = "invalid_client" if 400 <= status < 500 else "internal_failure"
    return token_answer(status, {"error": _INVALID, "sub_error": 20001, "error_description": reason or usual})
