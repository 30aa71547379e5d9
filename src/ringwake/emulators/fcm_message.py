"""One FCM send request, checked without knowing any device (push-services part 1, 2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ringwake.emulators.google_error import field_error
from ringwake.emulators.proto_json import Shape, anything, flag, number, read_shape, shown, text, text_map, texts

MOST_DATA_OCTETS = 4096
MOST_TTL_SECONDS = 2_419_200
_OPTIONS: Shape = {"analytics_label": text}
_ANDROID_NOTIFICATION: Shape = {
    **dict.fromkeys(("title", "body", "icon", "color", "sound", "tag", "click_action", "channel_id", "ticker"), text),
    **dict.fromkeys(("body_loc_key", "title_loc_key", "event_time", "notification_priority", "visibility"), text),
    **dict.fromkeys(("image", "proxy"), text),
    **dict.fromkeys(("body_loc_args", "title_loc_args", "vibrate_timings"), texts),
    **dict.fromkeys(("sticky", "local_only", "default_sound"), flag),
    **dict.fromkeys(("default_vibrate_timings", "default_light_settings", "bypass_proxy_notification"), flag),
    "notification_count": number,
    "light_settings": anything,
}
_ANDROID: Shape = {
    **dict.fromkeys(("collapse_key", "priority", "ttl", "restricted_package_name"), text),
    **dict.fromkeys(("direct_boot_ok", "bandwidth_constrained_ok", "restricted_satellite_ok"), flag),
    "data": text_map,
    "notification": _ANDROID_NOTIFICATION,
    "fcm_options": _OPTIONS,
}
_REQUEST: Shape = {
    "validate_only": flag,
    "message": {
        **dict.fromkeys(("name", "token", "topic", "condition"), text),
        "data": text_map,
        "notification": dict.fromkeys(("title", "body", "image"), text),
        "android": _ANDROID,
        "webpush": anything,
        "apns": anything,
        "fcm_options": _OPTIONS,
    },
}
_TARGETS = ("token", "topic", "condition")
_TTL = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)s")
_TOPIC = re.compile(r"[A-Za-z0-9_.~%-]{1,900}")
_RESERVED = re.compile(r"from|message_type|(google|gcm)\..*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FcmMessage:
    """What a sender asks of FCM."""

    token: str
    """Empty: the target is a topic or a condition."""
    data: Mapping[str, object]
    notification: Mapping[str, object]
    android_notification: Mapping[str, object]
    priority: str
    ttl_seconds: float
    collapse_key: str
    validate_only: bool


def read_message(body: object) -> FcmMessage:
    """Read a send request; raises GoogleError."""
    request = read_shape(_REQUEST, body)
    if "message" not in request:
        raise field_error("message", "is missing")
    message = _part(request, "message")
    targets = [name for name in _TARGETS if message.get(name)]
    if len(targets) != 1:
        raise field_error("message", "needs exactly one of token, topic and condition")
    if "topic" in targets and not _TOPIC.fullmatch(str(message["topic"])):
        raise field_error("message.topic", "is no topic name")
    android = _part(message, "android")
    data = {**_data(message, "message.data"), **_data(android, "message.android.data")}
    notification = _part(message, "notification")
    _check_size(data, notification)
    return FcmMessage(
        token=str(message.get("token", "")),
        data=data,
        notification=notification,
        android_notification=_part(android, "notification"),
        priority=_priority(android),
        ttl_seconds=_ttl(android),
        collapse_key=str(android.get("collapse_key", "")),
        validate_only=request.get("validate_only") is True,
    )


def _part(parent: Mapping[str, object], name: str) -> dict[str, object]:
    part = parent.get(name, {})
    assert isinstance(part, dict)
    return part


def _data(parent: Mapping[str, object], path: str) -> dict[str, object]:
    data = _part(parent, "data")
    for key in data:
        if not key or _RESERVED.fullmatch(key):
            raise field_error(path, f"key {shown(key)} is reserved")
    return data


def _check_size(data: Mapping[str, object], notification: Mapping[str, object]) -> None:
    texts_sent = [*data.keys(), *data.values(), *notification.values()]
    if sum(len(str(each).encode("utf-8", "surrogatepass")) for each in texts_sent) > MOST_DATA_OCTETS:
        raise field_error("message", f"is too big: over {MOST_DATA_OCTETS} octets")


def _priority(android: Mapping[str, object]) -> str:
    priority = str(android.get("priority", "NORMAL")).upper()
    if priority not in {"HIGH", "NORMAL"}:
        raise field_error("message.android.priority", "is not HIGH or NORMAL")
    return priority


def _ttl(android: Mapping[str, object]) -> float:
    given = str(android.get("ttl", f"{MOST_TTL_SECONDS}s"))
    match = _TTL.fullmatch(given)
    if match is None:
        raise field_error("message.android.ttl", "is no duration such as 3.5s")
    if Decimal(match[1]) > MOST_TTL_SECONDS:
        raise field_error("message.android.ttl", f"is over {MOST_TTL_SECONDS}s")
    return float(match[1])
