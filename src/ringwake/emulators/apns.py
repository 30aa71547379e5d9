"""Apple's push service: `POST /3/device/<token>` by token or client certificate (push-services part 1, 1)."""

import uuid
from dataclasses import replace

import msgspec

from ringwake.emulators.apns_certificate import check_certificate
from ringwake.emulators.background import BackgroundBudget
from ringwake.emulators.device import PRODUCTION, SANDBOX, Registration
from ringwake.emulators.directory import Dead
from ringwake.emulators.display import apns_display
from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.journal import hash8
from ringwake.emulators.manner import Terms
from ringwake.emulators.notification import Notification, check_place, read_id, read_notification
from ringwake.emulators.office import Office
from ringwake.emulators.provider_token import ProviderTokens
from ringwake.emulators.push import Push
from ringwake.emulators.refusal import RefusedError

MOST_STORED_SECONDS = 30 * 86_400
TERMS = Terms(http1=False, asks_who=True, first_streams=1, idle_debug=b'{"reason":"IdleTimeout"}')
_STATUS = {
    "BadCertificate": 403,
    "BadCertificateEnvironment": 403,
    "BadEnvironmentKeyIdInToken": 403,
    "BadPath": 404,
    "ExpiredProviderToken": 403,
    "ExpiredToken": 410,
    "Forbidden": 403,
    "InternalServerError": 500,
    "InvalidProviderToken": 403,
    "MethodNotAllowed": 405,
    "MissingProviderToken": 403,
    "PayloadTooLarge": 413,
    "ServiceUnavailable": 503,
    "Shutdown": 503,
    "TooManyProviderTokenUpdates": 429,
    "TooManyRequests": 429,
    "UnrelatedKeyIdInToken": 403,
    "Unregistered": 410,
}
# All other reasons are a 400.
_USUAL = {403: "Forbidden", 404: "BadPath", 405: "MethodNotAllowed", 410: "Unregistered", 413: "PayloadTooLarge"}
_USUAL |= {400: "BadDeviceToken", 429: "TooManyRequests", 500: "InternalServerError", 503: "ServiceUnavailable"}


class Apns:
    """The handler of the listener of one environment."""

    def __init__(
        self, office: Office, tokens: ProviderTokens, budget: BackgroundBudget, *, environment: str = PRODUCTION
    ) -> None:
        self._office = office
        self._tokens = tokens
        self._budget = budget
        self._environment = environment
        self._service = "apns" if environment == PRODUCTION else "apns-sandbox"

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        push_id, token, team = read_id(request), "", ""
        try:
            token = check_place(request)
            team = self._team(request)
            notification = read_notification(request, token)
            registration = self._addressee(notification, team)
            self._accept(push_id, notification, registration)
        except RefusedError as error:
            status = _STATUS.get(error.reason, 400)
            self._refused(error, status, push_id, token)
            return _answer(status, push_id, reason=error.reason, at=error.at, trusts_peer=bool(team))
        answer = _answer(200, push_id, trusts_peer=True)
        if self._environment == SANDBOX:
            return replace(answer, headers=(*answer.headers, ("apns-unique-id", str(uuid.uuid4()))))
        return answer

    def _team(self, request: Request) -> str:
        """Return who pushes: a token counts before the connection's certificate."""
        shown, authorization = request.peer.certificate, request.header("authorization")
        if shown is not None and authorization is None:
            return check_certificate(shown, self._tokens.teams, self._office.clock)
        return self._tokens.check(request.peer, authorization)

    def _addressee(self, notification: Notification, team: str) -> Registration:
        found = self._office.directory.find("apns", notification.token)
        match found:
            case None:
                raise RefusedError("BadDeviceToken", "nobody has this token")
            case Dead() | Registration() if found.environment != self._environment:
                raise RefusedError("BadDeviceToken", f"the token is of {found.environment}")
            case Dead():
                raise RefusedError(found.reason, at=found.at)
            case Registration() if found.team != team:
                raise RefusedError("TopicDisallowed", "the app is another team's")
            case Registration() if found.app != notification.bundle:
                raise RefusedError("DeviceTokenNotForTopic", "the token is another app's")
            case Registration() if found.service_of(notification.token) != notification.service:
                raise RefusedError("DeviceTokenNotForTopic", "the token is of another service")
            case Registration():
                if not self._office.mailroom.has_room(found.device):
                    raise RefusedError("TooManyRequests", "too many wait for this device")
                return found

    def _accept(self, push_id: str, notification: Notification, registration: Registration) -> None:
        wall = self._office.clock.wall()
        push = Push(
            provider="apns",
            service=notification.service,
            app=notification.bundle,
            token=notification.token,
            id=push_id,
            kind=notification.push_type,
            fields={
                "payload": notification.payload,
                "display": apns_display(notification.payload) if notification.service == "remote" else None,
                "push_type": notification.push_type,
                "priority": notification.priority,
                "collapse_id": notification.collapse_id,
            },
            expires_at=min(notification.expires_at, wall + MOST_STORED_SECONDS),
            slot="latest",
        )
        shown = hash8(push.token)
        self._office.journal.note(self._service, "accepted", token=shown, id=push_id, kind=push.kind, status=200)
        share = self._office.switches["apns"].quota
        if push.kind == "background" and not self._budget.take(registration.device, share):
            about = {"reason": "background budget", "token": shown, "id": push_id, "kind": push.kind}
            self._office.journal.note(self._service, "throttled", **about)
            return
        self._office.mailroom.post(registration.device, push)

    def _refused(self, error: RefusedError, status: int, push_id: str, token: str) -> None:
        self._office.journal.note(
            self._service,
            "refused",
            reason=error.reason,
            detail=error.detail,
            token=hash8(token) if token else "",
            id=push_id,
            status=status,
        )


def fault(request: Request, status: int, reason: str, wall: float) -> Response:
    """Return the answer that a switch asks for, in Apple's shape."""
    chosen = reason or _USUAL.get(status, "InternalServerError")
    return _answer(status, read_id(request), reason="" if status == 200 else chosen, at=wall if status == 410 else 0.0)


def _answer(status: int, push_id: str, *, reason: str = "", at: float = 0.0, trusts_peer: bool = False) -> Response:
    body = b""
    if reason:
        timestamp = {"timestamp": int(at * 1000)} if at else {}
        body = msgspec.json.encode({"reason": reason, **timestamp})
    headers = (("apns-id", push_id), *((("content-type", "application/json"),) if reason else ()))
    return Response(status=status, headers=headers, body=body, trusts_peer=trusts_peer)
