"""A Web Push service (RFC 8030) and, behind it, the browsers and UnifiedPush apps that its subscriptions belong to."""

import re
import secrets
from dataclasses import dataclass

import msgspec

from ringwake.emulators.device import Device, Registration
from ringwake.emulators.directory import Dead
from ringwake.emulators.display import webpush_display
from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.journal import hash8
from ringwake.emulators.office import Office
from ringwake.emulators.push import Push
from ringwake.emulators.refusal import RefusedError
from ringwake.emulators.subscription import UndecryptableError
from ringwake.emulators.vapid import check_vapid

MOST_OCTETS = 4096
MOST_TTL_SECONDS = 30 * 86_400
URGENCIES = ("very-low", "low", "normal", "high")
_STATUS = {
    "BadJwtToken": 403,
    "BadVapid": 403,
    "Gone": 410,
    "MethodNotAllowed": 405,
    "NotFound": 404,
    "PayloadTooLarge": 413,
    "TooManyRequests": 429,
    "Unauthorized": 401,
    "VapidKeyMismatch": 403,
}
# All other reasons are a 400.
_TTL = re.compile(r"[0-9]{1,10}")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_MESSAGE_PATH = "/m/"
_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """How an application server wants a push handled."""

    ttl: int
    topic: str
    urgency: str


class WebPush:
    """The handler of the Web Push listener."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._messages: dict[str, Device] = {}

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        endpoint = f"{self._office.directory.webpush_origin}{request.target}"
        try:
            if request.target.startswith(_MESSAGE_PATH):
                return self._withdraw(request)
            registration = self._addressee(request, endpoint)
            wish = _read_wish(request)
            return self._accept(request.body, wish, registration)
        except RefusedError as error:
            status = _STATUS.get(error.reason, 400)
            about = {"reason": error.reason, "detail": error.detail, "token": hash8(endpoint)}
            self._office.journal.note("webpush", "refused", **about, status=status)
            return _refusal(status, error.reason)

    def _addressee(self, request: Request, endpoint: str) -> Registration:
        directory = self._office.directory
        found = directory.find("webpush", endpoint) or directory.find("unifiedpush", endpoint)
        if found is None:
            raise RefusedError("NotFound", "nobody has this subscription")
        if isinstance(found, Dead):
            raise RefusedError("Gone", "the subscription was given up")
        if request.method != "POST":
            raise RefusedError("MethodNotAllowed")
        check_vapid(
            request.values("authorization"),
            key=found.app,
            origin=directory.webpush_origin,
            wall=self._office.clock.wall(),
        )
        if not self._office.mailroom.has_room(found.device):
            raise RefusedError("TooManyRequests", "too many wait for this device")
        return found

    def _accept(self, body: bytes, wish: _Wish, registration: Registration) -> Response:
        push_id = secrets.token_urlsafe(16)
        self._note("accepted", push_id, wish, registration, status=201)
        try:
            push = self._push(push_id, body, wish, registration)
        except UndecryptableError as error:
            self._note("undecryptable", push_id, wish, registration, detail=str(error))
        else:
            self._remember(push_id, registration.device)
            self._office.mailroom.post(registration.device, push)
        location = f"{self._office.directory.webpush_origin}{_MESSAGE_PATH}{push_id}"
        return Response(status=201, headers=(("location", location), ("ttl", str(wish.ttl))))

    def _push(self, push_id: str, body: bytes, wish: _Wish, registration: Registration) -> Push:
        assert registration.subscription is not None
        # A browser's PushMessageData.text() reads UTF-8 with replacement too.
        text = registration.subscription.decrypt(body).decode("utf-8", "replace") if body else None
        return Push(
            provider=registration.provider,
            app=registration.app,
            token=registration.tokens[""],
            id=push_id,
            kind=wish.urgency,
            fields={
                "payload": text,
                # UnifiedPush hands the text to the app, which shows what it likes.
                "display": webpush_display(text) if registration.provider == "webpush" else None,
                "topic": wish.topic,
                "urgency": wish.urgency,
            },
            expires_at=self._office.clock.wall() + wish.ttl if wish.ttl else 0.0,
            slot=wish.topic,
        )

    def _withdraw(self, request: Request) -> Response:
        """Take back a message that was not delivered (RFC 8030 5.3 makes its URL the only right needed)."""
        if request.method != "DELETE":
            raise RefusedError("MethodNotAllowed")
        push_id = request.target.removeprefix(_MESSAGE_PATH)
        device = self._messages.pop(push_id, None)
        if device is None or not self._office.mailroom.withdraw(device, push_id):
            raise RefusedError("NotFound", "no such message, or it was delivered")
        return Response(status=204)

    def _remember(self, push_id: str, device: Device) -> None:
        self._messages[push_id] = device
        if len(self._messages) > _KEPT:
            self._messages.pop(next(iter(self._messages)))

    def _note(self, event: str, push_id: str, wish: _Wish, registration: Registration, **about: str | int) -> None:
        shown = hash8(registration.tokens[""])
        self._office.journal.note("webpush", event, token=shown, id=push_id, kind=wish.urgency, **about)


def fault(request: Request, status: int, reason: str, wall: float) -> Response:
    """Return the answer that a switch asks for."""
    del request, wall
    return _refusal(status, reason)


def _read_wish(request: Request) -> _Wish:
    for name in ("ttl", "topic", "urgency", "content-encoding"):
        if len(request.values(name)) > 1:
            raise RefusedError("DuplicateHeaders", name)
    ttl = request.header("ttl")
    if ttl is None or not _TTL.fullmatch(ttl):
        raise RefusedError("BadTtl", "missing" if ttl is None else "not seconds")
    topic = request.header("topic") or ""
    if topic and not _TOPIC.fullmatch(topic):
        raise RefusedError("BadTopic", "not 1 to 32 of base64url's alphabet")
    urgency = request.header("urgency") or "normal"
    if urgency not in URGENCIES:
        raise RefusedError("BadUrgency", f"not {', '.join(URGENCIES)}")
    if request.too_long or len(request.body) > MOST_OCTETS:
        raise RefusedError("PayloadTooLarge", f"over {MOST_OCTETS} octets")
    if request.body and request.header("content-encoding") != "aes128gcm":
        raise RefusedError("BadContentEncoding", "a body needs aes128gcm")
    return _Wish(ttl=min(int(ttl), MOST_TTL_SECONDS), topic=topic, urgency=urgency)


def _refusal(status: int, reason: str) -> Response:
    body = msgspec.json.encode({"reason": reason}) if reason else b""
    headers = (("content-type", "application/json"),) if reason else ()
    return Response(status=status, headers=headers, body=body)
