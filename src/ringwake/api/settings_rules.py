"""What settings must keep to and types cannot express, each with its mend and place.

What was sent is not repeated: names and numbers of other people stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringwake.api.problems import Problem
from ringwake.api.settings_shape import DAYS, CallsForm, NotificationsForm, OwnForm, SettingsForm, minutes_of
from ringwake.model.account import Aor
from ringwake.model.settings import AlertStyle
from ringwake.sip.errors import SipError
from ringwake.sip.uri import parse_uri
from ringwake.wake.caller_pattern import fault

Found: TypeAlias = tuple[str, str]
"""What is wrong, and where."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
_LONGEST_HANDSET = 255
_STYLES = frozenset(AlertStyle)
ZONES = 1024
"""Names that are remembered: more than the database has, and no more for whoever thinks names up."""


def check_settings(form: SettingsForm, aor: Aor) -> None:
    """Check what is to become the settings of an account.

    Raises:
        Problem: 422, what is wrong and where.
    """
    for wrong, place in _faults(form, aor):
        raise Problem(422, f"{wrong} - at `$.{place}`")


def _faults(form: SettingsForm, aor: Aor) -> Iterator[Found]:
    yield from _notifications(form.notifications, "notifications")
    yield from _calls(form.calls, aor)
    for name, device in form.devices.items():
        if not (name and name.isprintable() and len(name) <= _LONGEST_HANDSET):
            yield "no name of a phone: write its +sip.instance without angle brackets", "devices"
        if not device.name.isprintable():
            yield "it holds characters that cannot be shown", "devices[...].name"
        yield from _notifications(device.notifications, "devices[...].notifications")


def _notifications(form: NotificationsForm | OwnForm, place: str) -> Iterator[Found]:
    if isinstance(form.style, str) and form.style not in _STYLES:
        yield "write none, banner or alert", f"{place}.style"
    if isinstance(form.tone, str) and not (form.tone.isprintable() and set(form.tone).isdisjoint("/\\")):
        yield "no name of a sound in the app: write it without a folder", f"{place}.tone"
    if isinstance(form.language, str) and form.language and _LANGUAGE.fullmatch(form.language) is None:
        yield 'no language: write it like "de" or "pt-BR"', f"{place}.language"


def _calls(form: CallsForm, aor: Aor) -> Iterator[Found]:
    for number, quiet in enumerate(form.quiet_hours):
        place = f"calls.quiet_hours[{number}]"
        if not quiet.days or len(set(quiet.days)) < len(quiet.days) or not set(quiet.days).issubset(DAYS):
            yield f"write at least one of {', '.join(DAYS)}, each once", f"{place}.days"
        for name, text in (("begin", quiet.begin), ("end", quiet.end)):
            if not _is_read_by(minutes_of, text):
                yield 'no time of the day: write it like "22:00"', f"{place}.{name}"
    if not is_zone(form.time_zone):
        yield 'no name of a time zone: write it like "Europe/Berlin"', "calls.time_zone"
    for name, patterns in (("allow", form.allow), ("block", form.block)):
        for number, pattern in enumerate(patterns):
            if wrong := fault(pattern):
                yield f"the pattern {wrong}", f"calls.{name}[{number}]"
    for name in form.forward.__struct_fields__:
        if wrong := _forward_fault(getattr(form.forward, name), aor):
            yield wrong, f"calls.forward.{name}"


def _forward_fault(text: str, aor: Aor) -> str:
    if not text:
        return ""
    try:
        uri = parse_uri(text)
    except SipError:
        uri = None
    if uri is None or not uri.user or uri.password is not None or uri.headers or not text.isprintable():
        return f'no SIP URI of somebody: write it like "sip:500@{aor.rpartition("@")[2]}"'
    return "calls would go round: that is the account itself" if uri.aor == aor else ""


@lru_cache(maxsize=ZONES)
def is_zone(name: str) -> bool:
    """Tell whether the IANA database has a time zone of a name."""
    return name == "UTC" or _is_read_by(ZoneInfo, name)


def _is_read_by(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
