"""Huawei's Push Kit: `POST /v1/<app id>/messages:send`, and `/v2/<project id>/...`; written from its documents."""

import re
import secrets
from collections.abc import Awaitable

import msgspec

from ringwake.emulators.device import Registration
from ringwake.emulators.exchange import Handler, Reply, Request, Response
from ringwake.emulators.hms_message import HmsMessage, read_message
from ringwake.emulators.hms_oauth import PATH, HmsOAuth
from ringwake.emulators.journal import hash8
from ringwake.emulators.json_object import read_object
from ringwake.emulators.office import Office
from ringwake.emulators.push import Push
from ringwake.emulators.refusal import RefusedError

SUCCESS, PARTLY, BAD_TOKENS = "80000000", "80100000", "80300007"
UNAUTHENTICATED, EXPIRED, TOO_MANY = "80200001", "80200003", "HTTP 503"
_WORDS = {
    SUCCESS: "Success",
    BAD_TOKENS: "All the tokens are invalid",
    UNAUTHENTICATED: "Oauth authentication error",
    EXPIRED: "Oauth Token expired",
}
_STATUS = {UNAUTHENTICATED: 401, EXPIRED: 401, BAD_TOKENS: 200, "HTTP 404": 404, TOO_MANY: 503}
# All other codes come with 400.
_USUAL = {400: "80100003", 401: UNAUTHENTICATED, 500: "81000001"}
_PLACE = re.compile(r"/v([12])/([0-9]{1,32})/messages:send")


class Hms:
    """The handler of the send method."""

    def __init__(self, office: Office, oauth: HmsOAuth, *, app: str, project: str) -> None:
        self._office = office
        self._oauth = oauth
        self._app = app
        self._places = {("1", app), ("2", project)}

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            self._place(request)
            self._authenticate(request)
            return self._send(read_message(_body(request)))
        except RefusedError as error:
            status = _STATUS.get(error.reason, 400)
            about = {"reason": error.reason, "detail": error.detail}
            self._office.journal.note("hms", "refused", **about, status=status)
            return _answer(status, error.reason)

    def _place(self, request: Request) -> None:
        place = _PLACE.fullmatch(request.target)
        if place is None or request.method != "POST" or place.groups() not in self._places:
            raise RefusedError("HTTP 404", "no such method, app or project")

    def _authenticate(self, request: Request) -> None:
        authorization = request.values("authorization")
        scheme, _, bearer = (authorization[0] if len(authorization) == 1 else "").partition(" ")
        expires_at = self._oauth.expires_at(bearer)
        if scheme != "Bearer" or expires_at is None:
            raise RefusedError(UNAUTHENTICATED, "no access token of ours")
        if expires_at <= self._office.clock.wall():
            raise RefusedError(EXPIRED, "the access token has expired")

    def _send(self, message: HmsMessage) -> Response:
        found = {token: self._addressee(token) for token in message.tokens}
        illegal = [token for token, registration in found.items() if registration is None]
        if illegal and len(illegal) == len(found):
            raise RefusedError(BAD_TOKENS, "nobody has these tokens")
        request_id = f"{secrets.randbits(60):018}"
        for token, registration in found.items():
            if registration is not None:
                self._carry(message, token, registration, request_id)
        if not illegal:
            return _answer(200, SUCCESS, request_id=request_id)
        tally = {"success": len(found) - len(illegal), "failure": len(illegal), "illegal_tokens": illegal}
        return _answer(200, PARTLY, request_id=request_id, msg=msgspec.json.encode(tally).decode())

    def _addressee(self, token: str) -> Registration | None:
        found = self._office.directory.find("hms", token)
        if not isinstance(found, Registration) or found.app != self._app:
            return None
        if not self._office.mailroom.has_room(found.device):
            raise RefusedError(TOO_MANY, "too many wait for this device")
        return found

    def _carry(self, message: HmsMessage, token: str, registration: Registration, request_id: str) -> None:
        about = {"reason": "validate_only"} if message.validate_only else {}
        shown = {"token": hash8(token), "id": request_id, "kind": message.urgency}
        self._office.journal.note("hms", "accepted", **shown, **about, status=200)
        if message.validate_only:
            return
        push = Push(
            provider="hms",
            app=registration.app,
            token=token,
            id=request_id,
            kind=message.urgency,
            fields={
                "payload": message.data,
                "display": None,
                "urgency": message.urgency,
                "category": message.category,
            },
            expires_at=self._office.clock.wall() + message.ttl_seconds,
            slot="" if message.group < 0 else str(message.group),
        )
        self._office.mailroom.post(registration.device, push)


class HmsHost:
    """The handler of the HMS listener: both of Huawei's hosts in one."""

    def __init__(self, send: Handler, token: Handler) -> None:
        self._send = send
        self._token = token

    def __call__(self, request: Request) -> Reply | Awaitable[Reply]:
        """Hand the request to the host that it is for."""
        return self._token(request) if request.path == PATH else self._send(request)


def _body(request: Request) -> dict[str, object]:
    body = None if request.too_long else read_object(request.body)
    if body is None:
        raise RefusedError("80100003", "not a JSON object")
    return body


def fault(request: Request, status: int, reason: str, wall: float) -> Response:
    """Return the answer that a switch asks for; a code under status 200 is what the real service does too."""
    del request, wall
    return _answer(status, reason or _USUAL.get(status, ""))


def _answer(status: int, code: str, *, request_id: str = "", msg: str = "") -> Response:
    if not code.isdigit():
        return Response(status=status)
    content = {"code": code, "msg": msg or _WORDS.get(code, "refused"), "requestId": request_id}
    headers = (("content-type", "application/json"),)
    return Response(status=status, headers=headers, body=msgspec.json.encode(content))
