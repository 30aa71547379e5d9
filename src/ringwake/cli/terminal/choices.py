"""The settings screen as data: its rows, and the patch that changes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ringwake.cli.plain import plain
from ringwake.cli.terminal.wishes import own_part

_WORDS = {True: "on", False: "off", "none": "None", "banner": "Banner", "alert": "Alert"}
_LABEL_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One row."""

    label: str
    part: str
    """`notifications` or `calls`."""
    member: str
    values: tuple[bool | str, ...] = (True, False)
    """In the order in which they are gone through."""


CHOICES = (
    Choice("Allow notifications", "notifications", "allow"),
    Choice("Alert style", "notifications", "style", ("none", "banner", "alert")),
    Choice("Sound", "notifications", "sound"),
    Choice("Badge", "notifications", "badge"),
    Choice("Show previews", "notifications", "preview"),
    Choice("Do not disturb", "calls", "do_not_disturb"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A choice with what is chosen."""

    choice: Choice
    value: Any
    is_own: bool
    """Whether it is this phone's own, not the account's."""

    @property
    def text(self) -> str:
        """The row as it is shown."""
        value = _WORDS.get(self.value, plain(str(self.value))) if isinstance(self.value, (bool, str)) else "?"
        own = " (this phone)" if self.is_own else ""
        return f"{self.choice.label:<{_LABEL_COLUMNS}}{value}{own}"


def rows(document: dict[str, Any], instance: str) -> list[Row]:
    """Return the rows.

    Args:
        document: settings as the phone API answers.
        instance: `+sip.instance` of this phone.
    """
    return [_row(choice, document, own_part(document, instance)) for choice in CHOICES]


def next_patch(row: Row, instance: str) -> dict[str, Any]:
    """Return the merge patch (RFC 7396) that chooses the next value of a row, where that is chosen now.

    Args:
        row: it.
        instance: `+sip.instance` of this phone.
    """
    choice = row.choice
    at = choice.values.index(row.value) + 1 if row.value in choice.values else 0
    patch = {choice.part: {choice.member: choice.values[at % len(choice.values)]}}
    return {"devices": {instance: patch}} if row.is_own else patch


def _row(choice: Choice, document: dict[str, Any], own: dict[str, Any]) -> Row:
    value = _member(own, choice)
    if value is not None:
        return Row(choice, value, is_own=True)
    return Row(choice, _member(document, choice), is_own=False)


def _member(part: dict[str, Any], choice: Choice) -> Any:
    members = part.get(choice.part)
    return members.get(choice.member) if isinstance(members, dict) else None
