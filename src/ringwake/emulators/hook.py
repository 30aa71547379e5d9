"""A push server of the operator's own (docs/reference/http-push.md): it checks who sends, and pushes to its phones.

The signature is that of the Standard Webhooks convention, by our own reading of it.
"""

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from ringwake.emulators.device import Registration
from ringwake.emulators.directory import Dead
from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.journal import hash8
from ringwake.emulators.json_object import read_object
from ringwake.emulators.office import Office
from ringwake.emulators.push import Push
from ringwake.emulators.refusal import RefusedError

PATH = "/push"
TOLERANCE_SECONDS = 300
MOST_OCTETS = 4096
_STATUS = {
    "no_such_path": 404,
    "bad_signature": 401,
    "stale": 401,
    "unknown_app": 403,
    "unregistered": 410,
    "too_long": 413,
    "too_many": 429,
}
# All other reasons are a 400.
_SECONDS = re.compile(r"[0-9]{1,12}")
_KIND = re.compile(r"[a-z_]{1,32}")
_KEPT = 1000
# Members for the push server itself; the others are for the app.
_OURS = frozenset({"v", "id", "token", "app", "kind", "expires"})


class Hook:
    """The handler of the push server."""

    def __init__(self, office: Office, *, secret: str) -> None:
        self._office = office
        self._key = b64decode(secret.removeprefix("whsec_"))
        self._seen: OrderedDict[str, str] = OrderedDict()

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        body: Mapping[str, object] = {}
        try:
            name = self._verify(request)
            body = _read(request, name)
            return self._accept(name, body)
        except RefusedError as error:
            status = _STATUS.get(error.reason, 400)
            token = body.get("token")
            about = {"reason": error.reason, "detail": error.detail, "token": hash8(token) if token else ""}  # type: ignore[arg-type]  # _read saw that it is a text
            self._office.journal.note("http", "refused", **about, status=status)
            return _refusal(status, error.reason, error.at)

    def _verify(self, request: Request) -> str:
        """Return the id of a request that is the server's and of now; raises RefusedError."""
        if request.target != PATH or request.method != "POST":
            raise RefusedError("no_such_path")
        fields = [request.values(name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")]
        if any(len(values) != 1 for values in fields):
            raise RefusedError("bad_signature", "webhook-id, -timestamp and -signature do not stand there once each")
        (name,), (at,), (signatures,) = fields
        if not _SECONDS.fullmatch(at):
            raise RefusedError("bad_signature", "the time is no number")
        mac = hmac.new(self._key, b".".join((_octets(name), at.encode(), request.body)), hashlib.sha256)
        good = f"v1,{b64encode(mac.digest()).decode()}"
        if not any(hmac.compare_digest(good.encode(), _octets(each)) for each in signatures.split(" ")):
            raise RefusedError("bad_signature", "signed with another key, or changed on the way")
        if abs(int(at) - self._office.clock.wall()) > TOLERANCE_SECONDS:
            raise RefusedError("stale", f"over {TOLERANCE_SECONDS} s from now")
        return name

    def _accept(self, name: str, body: Mapping[str, object]) -> Response:
        registration = self._addressee(str(body["app"]), str(body["token"]))
        shown = {"token": hash8(registration.tokens[""]), "kind": str(body["kind"])}
        if name in self._seen:
            push_id = self._seen[name]
            self._office.journal.note("http", "accepted", **shown, reason="repeat", id=push_id, status=200)
            return _answer(200, {"id": push_id})
        push_id = self._seen[name] = secrets.token_urlsafe(12)
        if len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        self._office.journal.note("http", "accepted", **shown, id=push_id, status=200)
        self._office.mailroom.post(registration.device, _push(body, registration, push_id))
        return _answer(200, {"id": push_id})

    def _addressee(self, app: str, token: str) -> Registration:
        found = self._office.directory.find("http", token)
        if isinstance(found, Dead):
            raise RefusedError("unregistered", "the token was given up", at=found.at)
        if found is None:
            raise RefusedError("unregistered", "nobody has this token")
        if found.app != app:
            raise RefusedError("unknown_app", "a token of another application")
        if not self._office.mailroom.has_room(found.device):
            raise RefusedError("too_many", "too many wait for this device")
        return found


def fault(request: Request, status: int, reason: str, wall: float) -> Response:
    """Return the answer that a switch asks for."""
    del request
    return _refusal(status, reason, wall if status == 410 else 0.0)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _read(request: Request, name: str) -> Mapping[str, object]:
    body = None if request.too_long else read_object(request.body)
    if body is None or body.get("v") != 1:
        raise RefusedError("bad_body", "not a JSON object of version 1")
    if body.get("id") != name:
        raise RefusedError("bad_body", "id is not webhook-id")
    if not all(isinstance(body.get(word), str) and body[word] for word in ("token", "app", "kind")):
        raise RefusedError("bad_body", "token, app and kind are not texts")
    if _KIND.fullmatch(str(body["kind"])) is None:
        raise RefusedError("bad_body", "kind is no word")  # it stands in the journal
    if not isinstance(body.get("expires"), int) or not isinstance(body.get("ringwake"), dict):
        raise RefusedError("bad_body", "expires is no number, or ringwake no object")
    if len(request.body) - len(msgspec.json.encode(body["token"])) > MOST_OCTETS:
        raise RefusedError("too_long", f"over {MOST_OCTETS} octets without the token")
    return body


def _push(body: Mapping[str, object], registration: Registration, push_id: str) -> Push:
    expires = body["expires"]
    assert isinstance(expires, int)
    return Push(
        provider="http",
        app=registration.app,
        token=registration.tokens[""],
        id=push_id,
        kind=str(body["kind"]),
        fields={"payload": {name: body[name] for name in body if name not in _OURS}, "display": None},
        expires_at=float(expires),
    )


def _answer(status: int, content: Mapping[str, object]) -> Response:
    return Response(status=status, headers=(("content-type", "application/json"),), body=msgspec.json.encode(content))


def _refusal(status: int, reason: str, at: float) -> Response:
    content: dict[str, object] = {"reason": reason} if reason else {}
    return _answer(status, content | ({"at": at} if at else {}))
