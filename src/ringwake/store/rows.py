"""What the image is made of, as rows: one row is one value that stands on its own and is written as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple, TypeAlias, assert_never

from ringwake.model.account import Account, Aor
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.history import Entry
from ringwake.model.push import SubscriptionKeys
from ringwake.model.settings import Settings
from ringwake.model.stored_message import StoredMessage
from ringwake.model.upload import Upload


class Table(StrEnum):
    """The kinds of rows."""

    BINDING = "binding"
    SUBSCRIPTION = "subscription"
    CALL = "call"
    MESSAGE = "message"
    ACCOUNT = "account"
    UPLOAD = "upload"
    HISTORY = "history"
    SETTINGS = "settings"
    ONCE = "once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A browser's keys for the endpoint token with this digest."""

    aor: Aor
    digest: str
    keys: SubscriptionKeys
    serial: int
    """Rises with each one that is kept: the oldest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A stored message and what the store alone knows of it."""

    message: StoredMessage
    serial: int
    """Rises with each one that is kept: several may have arrived at the same moment."""
    had: tuple[str, ...] = ()
    """Ids of the bindings that have it: it is not shown twice to a phone if it comes to wait for anybody."""


class Line(NamedTuple):
    """An entry of the history and what the store alone knows of it."""

    entry: Entry
    serial: int
    """Rises with each one that is added: several may have come at the same moment."""


class Choice(NamedTuple):
    """What the owner of an account has chosen."""

    aor: Aor
    settings: Settings


class Used(NamedTuple):
    """A name that was used up."""

    name: str
    until: float
    """Epoch seconds after which it may be forgotten."""


Value: TypeAlias = Binding | Subscription | CallRecord | Letter | Account | Upload | Line | Choice | Used


class Row(NamedTuple):
    """One change of one row."""

    table: Table
    key: str
    """Unique within the table."""
    before: Value | None
    """None: there was no such row."""
    after: Value | None
    """None: the row goes."""


def row(before: Value | None, after: Value | None) -> Row:
    """Build the row that leads from one value to another."""
    value = before if after is None else after
    match value:
        case Binding():
            # An id alone would do, were it not for seeded ids that come again after a restart.
            return Row(Table.BINDING, f"{value.id} {value.aor}", before, after)
        case CallRecord():
            return Row(Table.CALL, value.id, before, after)
        case Letter():
            return Row(Table.MESSAGE, value.message.id, before, after)
        case Subscription():
            return Row(Table.SUBSCRIPTION, f"{value.digest} {value.aor}", before, after)
        case Account():
            return Row(Table.ACCOUNT, value.aor, before, after)
        case Upload():
            instance = sha256(value.instance.encode("utf-8", "surrogatepass")).hexdigest()
            return Row(Table.UPLOAD, f"{instance} {value.aor}", before, after)
        case Line():
            return Row(Table.HISTORY, value.entry.id, before, after)
        case Choice():
            return Row(Table.SETTINGS, value.aor, before, after)
        case Used():
            return Row(Table.ONCE, value.name, before, after)
        case None:
            raise ValueError("a row leads from something or to something")
        case _:
            assert_never(value)
