"""Options of `ringwake account set` for what an account's owner chooses, and the merge patch that they make."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ringwake.api.settings_shape import DAYS
from ringwake.cli.failure import USAGE, CommandError

Json: TypeAlias = dict[str, Any]
_DEFAULT = "default"
_OFF = "off"
_HOURS = re.compile(r"(?:(?P<days>\S+)\s+)?(?P<begin>[0-9:]+)-(?P<end>[0-9:]+)")


@dataclass(frozen=True, slots=True)
class Given:
    """The value of an option; None puts the member back to its default."""

    value: object


@dataclass(frozen=True, slots=True)
class Choice:
    """One option for one member."""

    option: str
    path: tuple[str, ...]
    help: str
    read: Callable[[str], Given]
    metavar: str

    @property
    def name(self) -> str:
        """Where argparse puts its value."""
        return self.option[2:].replace("-", "_")

    def given(self, options: argparse.Namespace) -> Given | None:
        """Return what was given, if it was."""
        value: Given | None = getattr(options, self.name)
        return value


def _switch(text: str) -> Given:
    words = {"on": True, _OFF: False, _DEFAULT: None}
    if text not in words:
        raise argparse.ArgumentTypeError("write on, off or default")
    return Given(words[text])


def _word(text: str) -> Given:
    return Given(None if text == _DEFAULT else text)


def _seconds(text: str) -> Given:
    try:
        return Given(None if text == _DEFAULT else float(text))
    except ValueError:
        raise argparse.ArgumentTypeError("write seconds, or default") from None


def _uri(text: str) -> Given:
    return Given(None if text in (_OFF, _DEFAULT) else text)


def _hours(text: str) -> Json | None:
    """Read `mon-fri 22:00-07:00`; None says that there are none."""
    if text == _OFF:
        return None
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError('write quiet hours like "22:00-07:00" or "mon-fri,sun 22:00-07:00", or off')
    days = {} if found["days"] is None else {"days": _days(found["days"].lower())}
    return {**days, "begin": found["begin"], "end": found["end"]}


def _days(text: str) -> list[str]:
    named: list[str] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise argparse.ArgumentTypeError(f"write days like mon-fri,sun: there are {', '.join(DAYS)}")
        start, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % len(DAYS) if dash else 0
        named += [DAYS[(start + step) % len(DAYS)] for step in range(count + 1)]
    return list(dict.fromkeys(named))


def _switched(option: str, path: str, text: str) -> Choice:
    return Choice(option, tuple(path.split(".")), text, _switch, "on|off")


SHOWN = (
    _switched("--notifications", "allow", "whether anything is seen, heard and counted"),
    Choice("--style", ("style",), "how a notification looks", _word, "none|banner|alert"),
    _switched("--sound", "sound", "whether it is heard"),
    Choice("--tone", ("tone",), "name of the ringtone in the app", _word, "NAME"),
    _switched("--critical", "critical", "sound also where the phone is muted"),
    _switched("--badge", "badge", "count missed calls and unread messages"),
    _switched("--preview", "preview", "say who calls or writes"),
    Choice("--language", ("language",), "of our own texts, such as de", _word, "TAG"),
)
"""Of `notifications`: the account's, or with `--device` a phone's."""
CALLS = (
    _switched("--do-not-disturb", "do_not_disturb", "let no call through"),
    Choice("--time-zone", ("time_zone",), "of the quiet hours, such as Europe/Berlin", _word, "ZONE"),
    _switched("--only-allowed", "only_allowed", "let nobody call who is not on the allow list"),
    _switched("--reject-anonymous", "reject_anonymous", "refuse callers who withhold who they are"),
    _switched("--in-order", "in_order", "ring one phone after the other, by the q of their Contacts"),
    Choice("--next-after", ("next_after",), "after which the next phone rings, too", _seconds, "S"),
    Choice("--no-answer", ("no_answer",), "after which a call counts as not answered", _seconds, "S"),
    Choice("--forward-always", ("forward", "always"), "where all calls go on to, or off", _uri, "URI"),
    Choice("--forward-busy", ("forward", "busy"), "where calls go on to when it is busy, or off", _uri, "URI"),
    Choice("--forward-no-answer", ("forward", "no_answer"), "when nobody answers, or off", _uri, "URI"),
    Choice("--forward-unreachable", ("forward", "unreachable"), "when no phone comes, or off", _uri, "URI"),
    _switched("--tell-missed", "tell_missed", "tell, without sound, of calls that were not let through"),
)
"""Of `calls`."""
OWN = (
    Choice("--name", ("name",), "what the person calls the phone", _word, "NAME"),
    _switched("--accepts-calls", "accepts_calls", "whether calls reach this phone"),
    Choice("--ring-after", ("ring_after",), "after which this phone begins to ring", _seconds, "S"),
)
"""Of one of `devices`."""
_LISTS = ("allow", "unallow", "block", "unblock")
_OF_ACCOUNT = (*(choice.name for choice in CALLS), *_LISTS, "quiet_hours")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shown = parser.add_argument_group("what is seen and heard", "set; default puts back to the default")
    for choice in SHOWN:
        shown.add_argument(choice.option, type=choice.read, metavar=choice.metavar, help=choice.help)
    calls = parser.add_argument_group("incoming calls", "set; default puts back to the default")
    for choice in CALLS:
        calls.add_argument(choice.option, type=choice.read, metavar=choice.metavar, help=choice.help)
    hours = "times without calls, such as 'mon-fri 22:00-07:00'; in place of those that there are; off: none"
    calls.add_argument("--quiet-hours", type=_hours, action="append", metavar="HOURS", help=hours)
    for name, text in zip(_LISTS, ("let through", "no more let through", "refuse", "no more refuse"), strict=True):
        calls.add_argument(f"--{name}", action="append", metavar="WHO", help=f"{text}: user@host, *@host or a number")
    phone = parser.add_argument_group("one phone", "set; the options of what is seen and heard are then the phone's")
    phone.add_argument("--device", metavar="ID", help="which, as `ringwake device list` shows it, or its +sip.instance")
    for choice in OWN:
        phone.add_argument(choice.option, type=choice.read, metavar=choice.metavar, help=choice.help)
    phone.add_argument("--reset", action="store_true", help="set: back to the defaults, all or those of --device")


def has_settings(options: argparse.Namespace) -> bool:
    """Tell whether any of the options was given."""
    return bool(_given(options, _OF_ALL) or options.device is not None or options.reset)


def check_options(options: argparse.Namespace) -> None:
    """Refuse options that mean nothing.

    Raises:
        CommandError: which, and what would do.
    """
    calls, own = _given(options, _OF_ACCOUNT), _given(options, tuple(choice.name for choice in OWN))
    if options.device is None and own:
        raise CommandError(f"{own[0]} is of one phone: name it with --device", USAGE)
    if options.device is not None and calls:
        raise CommandError(f"{calls[0]} is of the whole account: leave out --device", USAGE)
    if options.reset and _given(options, _OF_ALL):
        raise CommandError("--reset goes without other settings", USAGE)
    if options.device is not None and not (options.reset or _given(options, _OF_ALL)):
        raise CommandError("--device wants to be told what is to be set", USAGE)


def settings_patch(options: argparse.Namespace, document: Json, device: str) -> Json:
    """Return the merge patch that the options make.

    Args:
        options: of the command line.
        document: the settings as they are.
        device: name of the phone that is meant, as the settings have it, or empty.

    Raises:
        CommandError: what is to leave a list does not stand there.
    """
    if options.reset:
        return {"devices": {device: None}} if device else dict.fromkeys(document)
    shown = _patch(options, SHOWN)
    if device:
        return {"devices": {device: {**_patch(options, OWN), **({"notifications": shown} if shown else {})}}}
    calls = {**_patch(options, CALLS), **_listed(options, document["calls"])}
    if options.quiet_hours is not None:
        calls["quiet_hours"] = [hours for hours in options.quiet_hours if hours is not None]
    return {name: part for name, part in (("notifications", shown), ("calls", calls)) if part}


def _patch(options: argparse.Namespace, choices: tuple[Choice, ...]) -> Json:
    patch: Json = {}
    for choice in choices:
        given = choice.given(options)
        if given is not None:
            inner = patch
            for name in choice.path[:-1]:
                inner = inner.setdefault(name, {})
            inner[choice.path[-1]] = given.value
    return patch


def _listed(options: argparse.Namespace, calls: Mapping[str, Any]) -> Json:
    """Return the lists that are to be otherwise, whole, as a merge patch has them."""
    changed: Json = {}
    for name in ("allow", "block"):
        more, less = getattr(options, name) or [], getattr(options, f"un{name}") or []
        missing = [pattern for pattern in less if pattern not in calls[name]]
        if missing:
            raise CommandError(f"{missing[0]} is not on the {name} list")
        if more or less:
            kept = [pattern for pattern in calls[name] if pattern not in less]
            changed[name] = list(dict.fromkeys([*kept, *more]))
    return changed


_OF_ALL = (*(choice.name for choice in (*SHOWN, *OWN)), *_OF_ACCOUNT)


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in names if getattr(options, name) is not None]
