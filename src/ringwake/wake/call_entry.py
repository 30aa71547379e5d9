"""A call's place in the history of an account."""

from __future__ import annotations

from ringwake.model.call import CallRecord
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.wake.wording import Caller


def call_entry(record: CallRecord, caller: Caller, outcome: Outcome, *, wall: float, status: int = 0) -> Entry:
    """Write down what became of a call.

    Args:
        record: of the call, parked or not.
        caller: who has called.
        outcome: what became of it.
        wall: epoch seconds when that was known.
        status: SIP status that ended it, if one did.
    """
    return Entry(
        id=record.id,
        trace=record.trace,
        aor=record.aor,
        kind=EntryKind.CALL,
        outcome=outcome,
        peer_uri=caller.uri,
        peer_name=caller.name,
        at=record.received_at,
        ended_at=wall,
        status=status,
    )
