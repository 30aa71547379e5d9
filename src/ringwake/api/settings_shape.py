"""The settings of an account as JSON has them (docs/reference/settings.md), and the way from and to the model's."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field, to_builtins

from ringwake.model.call_settings import CallSettings, Forwards, QuietHours
from ringwake.model.settings import AlertStyle, DeviceSettings, Notifications, OwnNotifications, Settings
from ringwake.sip.outbound import canonical_instance

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR = 60
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_URN = "urn:"

Word: TypeAlias = Annotated[str, Meta(max_length=100)]
Uri: TypeAlias = Annotated[str, Meta(max_length=255)]
Patterns: TypeAlias = Annotated[list[str], Meta(max_length=200)]


class NotificationsForm(Struct, forbid_unknown_fields=True):
    """Member `notifications`."""

    allow: bool = True
    style: str = "alert"
    sound: bool = True
    tone: Word = ""
    critical: bool = False
    badge: bool = True
    preview: bool = True
    language: str = ""


class OwnForm(Struct, forbid_unknown_fields=True):
    """Member `notifications` of a device: what is missing is the account's."""

    allow: bool | UnsetType = UNSET
    style: str | UnsetType = UNSET
    sound: bool | UnsetType = UNSET
    tone: Word | UnsetType = UNSET
    critical: bool | UnsetType = UNSET
    badge: bool | UnsetType = UNSET
    preview: bool | UnsetType = UNSET
    language: str | UnsetType = UNSET


class QuietForm(Struct, forbid_unknown_fields=True):
    """One of the quiet hours."""

    begin: str
    end: str
    days: list[str] = field(default_factory=lambda: list(DAYS))


class ForwardForm(Struct, forbid_unknown_fields=True):
    """Member `calls.forward`."""

    always: Uri = ""
    busy: Uri = ""
    no_answer: Uri = ""
    unreachable: Uri = ""


class CallsForm(Struct, forbid_unknown_fields=True):
    """Member `calls`."""

    do_not_disturb: bool = False
    quiet_hours: Annotated[list[QuietForm], Meta(max_length=20)] = field(default_factory=list)
    time_zone: Word = "UTC"
    allow: Patterns = field(default_factory=list)
    only_allowed: bool = False
    block: Patterns = field(default_factory=list)
    reject_anonymous: bool = False
    in_order: bool = False
    next_after: Annotated[float, Meta(ge=1, le=120)] = 15.0
    # The server's own times end a call before 180 s, when Timer C of proxies on the way may do so (RFC 3261 16.8).
    no_answer: Annotated[float, Meta(ge=5, le=170)] | None = None
    forward: ForwardForm = field(default_factory=ForwardForm)
    tell_missed: bool = True


class DeviceForm(Struct, forbid_unknown_fields=True):
    """One of `devices`."""

    name: Word = ""
    notifications: OwnForm = field(default_factory=OwnForm)
    accepts_calls: bool = True
    ring_after: Annotated[float, Meta(ge=0, le=120)] = 0.0


class SettingsForm(Struct, forbid_unknown_fields=True):
    """All of it."""

    notifications: NotificationsForm = field(default_factory=NotificationsForm)
    calls: CallsForm = field(default_factory=CallsForm)
    devices: Annotated[dict[str, DeviceForm], Meta(max_length=50)] = field(default_factory=dict)


def shown_handset(handset: str) -> str:
    """Return a phone's name as JSON has it: a URN without the angle brackets of a Contact (RFC 5626 section 4.1)."""
    inner = handset.removeprefix("<").removesuffix(">")
    return inner if _is_urn(inner) else handset


def handset_of(text: str) -> str:
    """Return the `Binding.handset` that is meant: a URN may stand with angle brackets or without."""
    inner = text.removeprefix("<").removesuffix(">")
    return canonical_instance(f"<{inner}>") if _is_urn(inner) else text


def shown_settings(settings: Settings) -> dict[str, Any]:
    """Return settings as JSON has them."""
    made: dict[str, Any] = to_builtins(
        SettingsForm(
            NotificationsForm(**_named(settings.notifications)),
            _calls_form(settings.calls),
            {shown_handset(one.device): _device_form(one) for one in settings.devices},
        )
    )
    return made


def settings_of(form: SettingsForm) -> Settings:
    """Return the settings that a form says; it keeps the rules (`api.settings_rules`)."""
    return Settings(
        notifications=Notifications(**_members(form.notifications)),
        calls=_calls_of(form.calls),
        devices=tuple(_device_of(handset_of(name), one) for name, one in sorted(form.devices.items())),
    )


def minutes_of(text: str) -> int:
    """Return the minutes after midnight of a time like `22:00`.

    Raises:
        ValueError: it is none.
    """
    if _TIME.fullmatch(text) is None:
        raise ValueError("no time of the day")
    return int(text[:2]) * _HOUR + int(text[3:])


def _is_urn(text: str) -> bool:
    return text[: len(_URN)].lower() == _URN


def _named(chosen: Notifications | OwnNotifications) -> dict[str, Any]:
    """Return members by the names of JSON; those that are the account's are left out."""
    given = {
        "allow": chosen.allowed,
        "style": chosen.style,
        "sound": chosen.sound,
        "tone": chosen.tone,
        "critical": chosen.is_critical,
        "badge": chosen.badge,
        "preview": chosen.preview,
        "language": chosen.language,
    }
    return {name: value for name, value in given.items() if value is not None}


def _members(form: NotificationsForm | OwnForm) -> dict[str, Any]:
    """Return members by the names of the model; those that are missing are left out."""
    given = {
        "allowed": form.allow,
        "style": form.style if form.style is UNSET else AlertStyle(form.style),
        "sound": form.sound,
        "tone": form.tone,
        "is_critical": form.critical,
        "badge": form.badge,
        "preview": form.preview,
        "language": form.language,
    }
    return {name: value for name, value in given.items() if value is not UNSET}


def _calls_form(calls: CallSettings) -> CallsForm:
    forward = calls.forward
    return CallsForm(
        do_not_disturb=calls.do_not_disturb,
        quiet_hours=[_quiet_form(one) for one in calls.quiet_hours],
        time_zone=calls.time_zone,
        allow=list(calls.allow),
        only_allowed=calls.only_allowed,
        block=list(calls.block),
        reject_anonymous=calls.reject_anonymous,
        in_order=calls.in_order,
        next_after=calls.next_after,
        no_answer=calls.no_answer,
        forward=ForwardForm(forward.always, forward.busy, forward.no_answer, forward.unreachable),
        tell_missed=calls.tell_missed,
    )


def _calls_of(form: CallsForm) -> CallSettings:
    forward = form.forward
    return CallSettings(
        do_not_disturb=form.do_not_disturb,
        quiet_hours=tuple(_quiet_of(one) for one in form.quiet_hours),
        time_zone=form.time_zone,
        allow=tuple(form.allow),
        only_allowed=form.only_allowed,
        block=tuple(form.block),
        reject_anonymous=form.reject_anonymous,
        in_order=form.in_order,
        next_after=form.next_after,
        no_answer=form.no_answer,
        forward=Forwards(
            always=forward.always, busy=forward.busy, no_answer=forward.no_answer, unreachable=forward.unreachable
        ),
        tell_missed=form.tell_missed,
    )


def _quiet_form(quiet: QuietHours) -> QuietForm:
    return QuietForm(_time(quiet.begin), _time(quiet.end), [DAYS[day] for day in quiet.days])


def _quiet_of(form: QuietForm) -> QuietHours:
    days = tuple(sorted(DAYS.index(day) for day in form.days))
    return QuietHours(days=days, begin=minutes_of(form.begin), end=minutes_of(form.end))


def _time(minutes: int) -> str:
    return f"{minutes // _HOUR:02}:{minutes % _HOUR:02}"


def _device_form(device: DeviceSettings) -> DeviceForm:
    return DeviceForm(
        name=device.name,
        notifications=OwnForm(**_named(device.notifications)),
        accepts_calls=device.accepts_calls,
        ring_after=device.ring_after,
    )


def _device_of(handset: str, form: DeviceForm) -> DeviceSettings:
    return DeviceSettings(
        device=handset,
        name=form.name,
        notifications=OwnNotifications(**_members(form.notifications)),
        accepts_calls=form.accepts_calls,
        ring_after=form.ring_after,
    )
