"""Google's FCM HTTP v1: `POST /v1/projects/<project>/messages:send` (push-services part 1, 2)."""

import re
import secrets
from collections.abc import Awaitable

import msgspec

from ringwake.emulators.credentials import Ids
from ringwake.emulators.device import Registration
from ringwake.emulators.directory import Dead
from ringwake.emulators.display import fcm_display
from ringwake.emulators.exchange import Handler, Reply, Request, Response
from ringwake.emulators.fcm_message import FcmMessage, read_message
from ringwake.emulators.fcm_quota import Quota, Throttle
from ringwake.emulators.google_error import GoogleError, auth_error, fcm_error, field_error, switched_error
from ringwake.emulators.journal import hash8
from ringwake.emulators.json_object import read_object
from ringwake.emulators.oauth import PATH, OAuth
from ringwake.emulators.office import Office
from ringwake.emulators.push import Push

_PLACE = re.compile(r"/v1/projects/([^/?]{1,128})/messages:send")
_TOKEN = re.compile(r"[A-Za-z0-9_:-]{20,4096}")


class Fcm:
    """The handler of the send method."""

    def __init__(self, office: Office, ids: Ids, oauth: OAuth) -> None:
        self._office = office
        self._ids = ids
        self._oauth = oauth
        self._quota = Quota(office.clock)
        self._throttle = Throttle(office)

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        token = ""
        try:
            project = self._place(request)
            self._authenticate(request)
            self._authorize(project)
            message = _read(request)
            token = message.token
            name = self._send(project, message)
        except GoogleError as error:
            about = {"reason": error.reason, "detail": error.detail, "token": hash8(token) if token else ""}
            self._office.journal.note("fcm", "refused", **about, status=error.code)
            return error.to_response()
        headers = (("content-type", "application/json; charset=UTF-8"),)
        return Response(status=200, headers=headers, body=msgspec.json.encode({"name": name}))

    @staticmethod
    def _place(request: Request) -> str:
        place = _PLACE.fullmatch(request.target)
        if place is None or request.method != "POST":
            raise GoogleError(404, "NOT_FOUND", reason="NOT_FOUND", message="no such method")
        return place[1]

    def _authenticate(self, request: Request) -> None:
        authorization = request.values("authorization")
        scheme, _, bearer = (authorization[0] if len(authorization) == 1 else "").partition(" ")
        if scheme.lower() != "bearer":
            raise auth_error("CREDENTIALS_MISSING", "one bearer token is needed")
        expires_at = self._oauth.expires_at(bearer)
        if expires_at is None:
            raise auth_error("ACCESS_TOKEN_TYPE_UNSUPPORTED", "the access token is not ours")
        if expires_at <= self._office.clock.wall():
            raise auth_error("ACCESS_TOKEN_EXPIRED", "the access token has expired")

    def _authorize(self, project: str) -> None:
        if project not in {self._ids.project, self._ids.project_number}:
            message = "the account may not send for this project"
            raise GoogleError(403, "PERMISSION_DENIED", reason="PERMISSION_DENIED", message=message)
        self._quota.check_project(self._office.switches["fcm"].quota)

    def _send(self, project: str, message: FcmMessage) -> str:
        name = f"projects/{project}/messages/0:{secrets.randbits(60)}"
        registration = self._addressee(message.token) if message.token else None
        if message.validate_only:
            self._office.journal.note("fcm", "accepted", reason="validate_only", kind=message.priority, status=200)
            return f"projects/{project}/messages/fake_message_id"
        shown = hash8(message.token) if message.token else ""
        self._office.journal.note("fcm", "accepted", token=shown, id=name, kind=message.priority, status=200)
        if registration is not None:
            self._quota.count(registration.device)
            self._throttle.post(registration.device, self._push(name, message, registration))
        return name

    def _addressee(self, token: str) -> Registration:
        if not _TOKEN.fullmatch(token):
            raise fcm_error("INVALID_ARGUMENT", "The registration token is not a valid FCM registration token")
        found = self._office.directory.find("fcm", token)
        if found is None or isinstance(found, Dead):
            raise fcm_error("UNREGISTERED", "Requested entity was not found.")
        if found.app not in {self._ids.project, self._ids.project_number}:
            raise fcm_error("SENDER_ID_MISMATCH", "SenderId mismatch")
        if not self._office.mailroom.has_room(found.device):
            raise fcm_error("QUOTA_EXCEEDED", "too many wait for this device")
        self._quota.check_device(found.device, self._office.switches["fcm"].quota)
        return found

    def _push(self, name: str, message: FcmMessage, registration: Registration) -> Push:
        return Push(
            provider="fcm",
            app=registration.app,
            token=message.token,
            id=name,
            kind=message.priority,
            fields={
                "payload": message.data,
                "display": fcm_display(message.notification, message.android_notification),
                "priority": message.priority,
                "collapse_key": message.collapse_key,
            },
            expires_at=self._office.clock.wall() + message.ttl_seconds if message.ttl_seconds else 0.0,
            slot=message.collapse_key,
        )


class FcmHost:
    """The handler of the FCM listener: both of Google's hosts in one."""

    def __init__(self, send: Handler, token: Handler) -> None:
        self._send = send
        self._token = token

    def __call__(self, request: Request) -> Reply | Awaitable[Reply]:
        """Hand the request to the host that it is for."""
        return self._token(request) if request.path == PATH else self._send(request)


def fault(request: Request, status: int, reason: str, wall: float) -> Response:
    """Return the answer that a switch asks for, in Google's shape."""
    del request, wall
    return switched_error(status, reason).to_response()


def _read(request: Request) -> FcmMessage:
    if request.too_long:
        raise field_error("request", "is too long")
    body = read_object(request.body)
    if body is None:
        raise field_error("request", "is not a JSON object")
    return read_message(body)
