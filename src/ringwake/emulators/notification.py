"""One APNs request, read and checked as far as it goes without knowing any device (push-services 1.2 and 1.5)."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from ringwake.emulators.exchange import Request
from ringwake.emulators.json_object import read_object
from ringwake.emulators.refusal import RefusedError

PATH = "/3/device/"
MOST_OCTETS = 4096
MOST_OCTETS_VOIP = 5120
MOST_COLLAPSE_OCTETS = 64
# The topic's ending by push type.
_SUFFIXES = {
    "alert": "",
    "background": "",
    "mdm": "",
    "voip": ".voip",
    "location": ".location-query",
    "complication": ".complication",
    "fileprovider": ".pushkit.fileprovider",
    "liveactivity": ".push-type.liveactivity",
    "pushtotalk": ".voip-ptt",
    "widgets": ".push-type.widgets",
    "controls": ".push-type.controls",
}
_SERVICES = {"": "remote", ".voip": "voip"}
_UNIQUE = (
    "authorization",
    "apns-topic",
    "apns-push-type",
    "apns-priority",
    "apns-expiration",
    "apns-collapse-id",
    "apns-id",
)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOKEN = re.compile(r"([0-9a-f]{2}){1,100}")
_BUNDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,127}")
_EPOCH = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a provider asks of APNs."""

    token: str
    bundle: str
    service: str
    """voip or remote; empty for topics that no device of ours has a token for."""
    push_type: str
    priority: int
    expires_at: float
    """0: one try."""
    collapse_id: str
    payload: Mapping[str, object]


def read_id(request: Request) -> str:
    """Return the push's id: the provider's, or one made now if it gave none, or no good one."""
    given = request.header("apns-id")
    return given if given is not None and _ID.fullmatch(given) else str(uuid.uuid4())


def check_place(request: Request) -> str:
    """Return the device token of the path; raises RefusedError."""
    if not request.target.startswith(PATH):
        raise RefusedError("BadPath")
    if request.method != "POST":
        raise RefusedError("MethodNotAllowed")
    token = request.target.removeprefix(PATH)
    if not token:
        raise RefusedError("MissingDeviceToken")
    if "/" in token or "?" in token:
        raise RefusedError("BadPath", "more than a token")
    for name in _UNIQUE:
        if len(request.values(name)) > 1:
            raise RefusedError("DuplicateHeaders", name)
    return token


def read_notification(request: Request, token: str) -> Notification:
    """Read headers and payload; raises RefusedError."""
    given = request.header("apns-id")
    if given is not None and not _ID.fullmatch(given):
        raise RefusedError("BadMessageId", "not a UUID in canonical lower case")
    push_type = request.header("apns-push-type") or ""
    bundle, suffix = _topic(request)
    if push_type not in _SUFFIXES:
        raise RefusedError("InvalidPushType", "unknown" if push_type else "missing")
    if _SUFFIXES[push_type] != suffix:
        raise RefusedError("InvalidPushType", "does not fit the topic")
    priority = _priority(request)
    expires_at, collapse_id = _expiration(request), _collapse_id(request)
    payload = _payload(request, MOST_OCTETS_VOIP if push_type == "voip" else MOST_OCTETS)
    if push_type == "background":
        _check_background(priority, payload)
    if not _TOKEN.fullmatch(token.lower()):
        raise RefusedError("BadDeviceToken", "not hexadecimal")
    return Notification(
        token=token.lower(),
        bundle=bundle,
        service=_SERVICES.get(suffix, ""),
        push_type=push_type,
        priority=priority,
        expires_at=expires_at,
        collapse_id=collapse_id,
        payload=payload,
    )


def _topic(request: Request) -> tuple[str, str]:
    topic = request.header("apns-topic")
    if not topic:
        raise RefusedError("MissingTopic")
    suffix = next((ending for ending in _SUFFIXES.values() if ending and topic.endswith(ending)), "")
    bundle = topic.removesuffix(suffix)
    if not _BUNDLE.fullmatch(bundle):
        raise RefusedError("BadTopic")
    return bundle, suffix


def _priority(request: Request) -> int:
    priority = request.header("apns-priority") or "10"
    if priority not in {"10", "5", "1"}:
        raise RefusedError("BadPriority", "not 10, 5 or 1")
    return int(priority)


def _expiration(request: Request) -> float:
    expiration = request.header("apns-expiration") or "0"
    if not _EPOCH.fullmatch(expiration):
        raise RefusedError("BadExpirationDate", "not seconds since 1970")
    return float(expiration)


def _collapse_id(request: Request) -> str:
    collapse_id = request.header("apns-collapse-id") or ""
    if len(collapse_id) > MOST_COLLAPSE_OCTETS:
        raise RefusedError("BadCollapseId", f"over {MOST_COLLAPSE_OCTETS} octets")
    return collapse_id


def _payload(request: Request, most: int) -> Mapping[str, object]:
    if request.too_long or len(request.body) > most:
        raise RefusedError("PayloadTooLarge", f"over {most} octets")
    payload = read_object(request.body)
    if payload is None:
        raise RefusedError("PayloadEmpty", "not a JSON object")
    if not isinstance(payload.get("aps"), dict):
        raise RefusedError("PayloadEmpty", "no aps")
    return payload


def _check_background(priority: int, payload: Mapping[str, object]) -> None:
    if priority != 5:
        raise RefusedError("BadPriority", "a background push needs 5")
    if payload["aps"] != {"content-available": 1}:
        raise RefusedError("InvalidPushType", "a background push has content-available alone")
