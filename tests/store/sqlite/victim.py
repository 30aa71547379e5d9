"""Submits operations until it is killed, and says the number of each one as soon as it is durable."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from ringwake.model.account import Account, Aor
from ringwake.model.account_ops import PutAccount
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import MarkRead
from ringwake.model.message_ops import KeepMessage
from ringwake.model.once_ops import UseOnce
from ringwake.model.settings import Settings
from ringwake.model.settings_ops import PutSettings
from ringwake.model.store_ops import ContactUpdate, Failed, Finish, Op, Park, Register
from ringwake.model.stored_message import StoredMessage
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.sqlite.store import SqliteStore

FLOW = Flow(Transport.UDP, Address("192.0.2.1", 5060), Address("192.0.2.2", 5060))
WALL = 1_800_000_000.0
OUTSTANDING = 40


def operation(number: int) -> Op[Any]:
    """Return the operation of this number. Every fifth call is over as soon as the next ten numbers have come."""
    aor = Aor(f"user{number % 50}@example.com")
    kind, serial = number % 5, number // 5
    if kind == 0:
        contact = ContactUpdate(new_id=f"id{number}", uri=f"sip:{number}@h", instance=f"<urn:{number}>", expires=3600.0)
        return Register(aor=aor, call_id=f"c{number}", cseq=1, flow=FLOW, contacts=(contact,), wall=WALL + number)
    if kind == 1:
        record = CallRecord(
            id=f"call{serial}",
            trace="t",
            aor=aor,
            invite=b"INVITE %d" % number,
            flow=FLOW,
            received_at=WALL,
            wake_until=WALL + 9,
        )
        return Park(call=record)
    if kind == 2:
        message = StoredMessage(
            id=f"message{serial}", trace="t", aor=aor, message=b"hello", received_at=WALL, expires_at=WALL + 1e9
        )
        return KeepMessage(message=message, entry=entry(message.id, aor, EntryKind.MESSAGE))
    if kind == 3:
        call = f"call{serial - 2}"
        return Finish(call=call, end=CallEnd.NO_ANSWER, entry=entry(call, aor, EntryKind.CALL))
    if serial % 3:
        return seldom(number, aor)
    secret = Secret(f"{number:032}")
    return PutAccount(account=Account(aor=Aor(f"{number}@x"), tenant="x", ha1_md5=secret, ha1_sha256=secret))


def entry(name: str, aor: Aor, kind: EntryKind) -> Entry:
    """Return what is listed of a call or message."""
    outcome = Outcome.WAITING if kind is EntryKind.MESSAGE else Outcome.NO_ANSWER
    return Entry(id=name, trace="t", aor=aor, kind=kind, outcome=outcome, peer_name="Boss", at=WALL)


def seldom(number: int, aor: Aor) -> Op[Any]:
    """Return what people do themselves."""
    return (
        UseOnce(name=f"once{number}", until=WALL + number),
        MarkRead(aor=aor, until=WALL),
        PutSettings(aor=aor, settings=Settings()),
    )[number % 3]


async def suffer(path: Path, first: int) -> None:
    """Go on for ever."""
    store = await SqliteStore.open(path, keys=[Secret(b"k" * 32)], note_fault=print)
    room = asyncio.Semaphore(OUTSTANDING)
    number = first
    while True:
        await room.acquire()

        def durable(result: Any, number: int = number) -> None:
            assert not isinstance(result, Failed), result
            os.write(1, b"%d\n" % number)
            room.release()

        store.submit(operation(number), durable=durable)
        number += 1


if __name__ == "__main__":
    asyncio.run(suffer(Path(sys.argv[1]), int(sys.argv[2])))
