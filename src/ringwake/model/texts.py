"""What the pushes of an application say, in the operator's words (docs/adr/0028-texts.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ringwake.model.template import Template

NAMED = ("name", "uri", "account")
"""Places of a text that is shown when the application may know who calls or writes."""
UNNAMED = ("account",)
"""Places of one that is shown when it may not."""
MEMBERS = ("kind", "id", "call_id", "uuid", "account", "loc_key", "from_uri", "from_name", "display")
"""Places of a member of the payload."""
CALL_CATEGORY = "INCOMING_CALL"
"""Names the buttons Accept and Reject."""

TITLE = Template.read("{account}", NAMED)

Extra: TypeAlias = tuple[tuple[str, Template], ...]
"""Further members of the payload, by name, the most important first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is said of one kind of event."""

    title: Template = TITLE
    body: Template
    """For an application that may know the caller."""
    unnamed_body: Template
    """For one that may not."""
    loc_key: str = ""
    """Names a text in the app, in the language of the phone, that is shown in place of `body`; empty: none is."""
    loc_args: tuple[Template, ...] = ()
    """What is put into it."""
    unnamed_loc_key: str = ""
    """Names one without arguments that is shown in place of `unnamed_body`."""
    title_loc_key: str = ""
    """Names one that is shown in place of `title`."""
    category: str = ""
    """Names the buttons."""
    sound: str = ""
    """What an account hears that has chosen no sound of its own; empty: `default`."""


def _ours(body: str, unnamed_body: str, *, category: str = "") -> Text:
    return Text(body=Template.read(body, NAMED), unnamed_body=Template.read(unnamed_body, UNNAMED), category=category)


CALL = _ours("{name} calling", "Incoming call", category=CALL_CATEGORY)
MESSAGE = _ours("Message from {name}", "New message")
MISSED = _ours("Missed call from {name}", "Missed call")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What is said of each kind of event that a phone shows."""

    call: Text = CALL
    message: Text = MESSAGE
    missed: Text = MISSED


OURS = Texts()
"""What ringwake itself says."""
