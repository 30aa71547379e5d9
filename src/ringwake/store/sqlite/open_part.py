"""The part of a row that an operator may read with the sqlite3 shell: JSON with names.

A field that is added later has a default here, and needs no migration; one that is gone is passed over.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from ringwake.model.account import Account, Aor
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.push import SubscriptionKeys
from ringwake.model.stored_message import StoredMessage
from ringwake.model.upload import Upload
from ringwake.secret import Secret
from ringwake.sip.flow import Flow
from ringwake.store.rows import Choice, Letter, Line, Subscription, Table, Used, Value
from ringwake.store.sqlite.open_binding import OpenBinding
from ringwake.store.sqlite.open_history import OpenChoice, OpenLine, OpenUsed
from ringwake.store.sqlite.sealed_part import read_account, read_push
from ringwake.store.sqlite.text import parse, write


class OpenSubscription(msgspec.Struct):
    """A subscription without its authentication secret."""

    aor: str
    digest: str
    p256dh: bytes
    serial: int

    @classmethod
    def of(cls, known: Subscription) -> OpenSubscription:
        """Return the open part."""
        return cls(known.aor, known.digest, known.keys.p256dh, known.serial)

    def value(self, payload: bytes) -> Subscription:
        """Join it with the sealed part."""
        keys = SubscriptionKeys(self.p256dh, Secret(payload))
        return Subscription(aor=Aor(self.aor), digest=self.digest, keys=keys, serial=self.serial)


class OpenCall(msgspec.Struct, omit_defaults=True):
    """A parked call without its INVITE."""

    id: str
    trace: str
    aor: str
    flow: str
    received_at: float
    wake_until: float
    invited: tuple[str, ...] = ()
    caller: str = ""
    caller_aor: str = ""
    is_cancelled: bool = False
    is_unlisted: bool = False
    only: str = ""
    refusals: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, call: CallRecord) -> OpenCall:
        """Return the open part."""
        flow, times, caller = call.flow.encode(), (call.received_at, call.wake_until), (call.caller, call.caller_aor)
        start = cls(call.id, call.trace, call.aor, flow, *times, call.invited, *caller)
        start.is_cancelled, start.is_unlisted = call.is_cancelled, call.is_unlisted
        start.only, start.refusals = call.only, call.refusals
        return start

    def value(self, payload: bytes) -> CallRecord:
        """Join it with the sealed part."""
        return CallRecord(
            id=self.id,
            trace=self.trace,
            aor=Aor(self.aor),
            invite=payload,
            flow=Flow.decode(self.flow),
            received_at=self.received_at,
            wake_until=self.wake_until,
            invited=self.invited,
            caller=self.caller,
            caller_aor=self.caller_aor,
            is_cancelled=self.is_cancelled,
            is_unlisted=self.is_unlisted,
            only=self.only,
            refusals=self.refusals,
        )


class OpenMessage(msgspec.Struct, omit_defaults=True):
    """A stored message without its octets."""

    id: str
    trace: str
    aor: str
    received_at: float
    expires_at: float
    serial: int
    waiting: tuple[str, ...] = ()
    had: tuple[str, ...] = ()
    entry: str = ""

    @classmethod
    def of(cls, letter: Letter) -> OpenMessage:
        """Return the open part."""
        kept = letter.message
        times = kept.received_at, kept.expires_at
        return cls(kept.id, kept.trace, kept.aor, *times, letter.serial, kept.waiting, letter.had, kept.entry)

    def value(self, payload: bytes) -> Letter:
        """Join it with the sealed part."""
        message = StoredMessage(
            id=self.id,
            trace=self.trace,
            aor=Aor(self.aor),
            message=payload,
            received_at=self.received_at,
            expires_at=self.expires_at,
            waiting=self.waiting,
            entry=self.entry,
        )
        return Letter(message=message, serial=self.serial, had=self.had)


class OpenAccount(msgspec.Struct, omit_defaults=True):
    """An account without its HA1s and its login."""

    aor: str
    tenant: str
    heard_at: float = 0.0

    @classmethod
    def of(cls, account: Account) -> OpenAccount:
        """Return the open part."""
        heard_at = account.pbx.heard_at if account.pbx else 0.0
        return cls(account.aor, account.tenant, heard_at)

    def value(self, payload: bytes) -> Account:
        """Join it with the sealed part."""
        known = read_account(payload)
        aor, md5, sha256 = Aor(self.aor), Secret(known.md5), Secret(known.sha256)
        pbx = known.pbx.value(self.heard_at) if known.pbx else None
        return Account(aor=aor, tenant=self.tenant, ha1_md5=md5, ha1_sha256=sha256, pbx=pbx)


class OpenUpload(msgspec.Struct):
    """An upload without its push target."""

    aor: str
    instance: str
    at: float

    @classmethod
    def of(cls, upload: Upload) -> OpenUpload:
        """Return the open part."""
        return cls(upload.aor, upload.instance, upload.at)

    def value(self, payload: bytes) -> Upload:
        """Join it with the sealed part.

        Raises:
            ValueError: there is none.
        """
        push = read_push(payload)
        if push is None:
            raise ValueError("an upload has no push target")
        return Upload(aor=Aor(self.aor), instance=self.instance, push=push, at=self.at)


def open_part(value: Value) -> bytes:
    """Write what stands open in the row of a value."""
    match value:
        case Binding():
            return write(OpenBinding.of(value))
        case CallRecord():
            return write(OpenCall.of(value))
        case Letter():
            return write(OpenMessage.of(value))
        case Subscription():
            return write(OpenSubscription.of(value))
        case Account():
            return write(OpenAccount.of(value))
        case Upload():
            return write(OpenUpload.of(value))
        case Line():
            return write(OpenLine.of(value))
        case Choice():
            return write(OpenChoice.of(value))
        case Used():
            return write(OpenUsed.of(value))
        case _:
            assert_never(value)


def read(table: Table, text: bytes, payload: bytes) -> Value:
    """Read a row from its two parts.

    Raises:
        ValueError: one of them is not of its form.
    """
    match table:
        case Table.BINDING:
            return parse(text, OpenBinding).value(payload)
        case Table.CALL:
            return parse(text, OpenCall).value(payload)
        case Table.MESSAGE:
            return parse(text, OpenMessage).value(payload)
        case Table.SUBSCRIPTION:
            return parse(text, OpenSubscription).value(payload)
        case Table.ACCOUNT:
            return parse(text, OpenAccount).value(payload)
        case Table.UPLOAD:
            return parse(text, OpenUpload).value(payload)
        case Table.HISTORY:
            return parse(text, OpenLine).value(payload)
        case Table.SETTINGS:
            return parse(text, OpenChoice).value(payload)
        case Table.ONCE:
            return parse(text, OpenUsed).value()
        case _:
            assert_never(table)
