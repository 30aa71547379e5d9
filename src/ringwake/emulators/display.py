"""What a phone's system shows by itself for a push, where the payload says so (docs/reference/inbox.md)."""

from collections.abc import Mapping

from ringwake.emulators.json_object import read_object

DECLARATIVE = 8030
"""The value of `web_push` that makes a Web Push text a declarative one."""
_APNS_ALERT = {
    "title": "title",
    "subtitle": "subtitle",
    "body": "body",
    "loc-key": "loc_key",
    "loc-args": "loc_args",
    "title-loc-key": "title_loc_key",
    "title-loc-args": "title_loc_args",
}
_ANDROID = {
    "title": "title",
    "body": "body",
    "body_loc_key": "loc_key",
    "body_loc_args": "loc_args",
    "title_loc_key": "title_loc_key",
    "title_loc_args": "title_loc_args",
    "sound": "sound",
    "notification_count": "badge",
    "click_action": "category",
}

Shown = dict[str, object]


def apns_display(payload: Mapping[str, object]) -> Shown | None:
    """Read `aps` of a push to the remote token."""
    aps = _mapping(payload.get("aps"))
    alert, sound = aps.get("alert"), aps.get("sound")
    shown: Shown = {"body": alert} if isinstance(alert, str) else _renamed(_mapping(alert), _APNS_ALERT)
    shown["sound"] = _mapping(sound).get("name") if isinstance(sound, dict) else sound
    shown["critical"] = True if _mapping(sound).get("critical") == 1 else None
    shown |= {name: aps.get(name) for name in ("badge", "category")}
    shown["interruption_level"] = aps.get("interruption-level")
    return _set(shown)


def fcm_display(notification: Mapping[str, object], android: Mapping[str, object]) -> Shown | None:
    """Read FCM's `notification`, with `android.notification` laid over it."""
    plain = _renamed(notification, {"title": "title", "body": "body"})
    return _set({**plain, **_renamed(android, _ANDROID)})


def webpush_display(text: str | None) -> Shown | None:
    """Read a declarative Web Push text; all others are the service worker's business."""
    message = read_object(text or "")
    if message is None or message.get("web_push") != DECLARATIVE:
        return None
    notification = _mapping(message.get("notification"))
    shown = _renamed(notification, {"title": "title", "body": "body", "app_badge": "badge"})
    return _set({"badge": message.get("app_badge"), **shown})


def _renamed(source: Mapping[str, object], names: Mapping[str, str]) -> Shown:
    return {ours: source[theirs] for theirs, ours in names.items() if theirs in source}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _set(shown: Shown) -> Shown | None:
    """Leave out what is not set; None if nothing is left."""
    return {name: value for name, value in shown.items() if value not in (None, "")} or None
