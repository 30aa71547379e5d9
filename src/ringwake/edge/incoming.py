"""A call on its way to the phones of an account: not parked yet, and it may never be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ringwake.model.account import Account
from ringwake.model.call import CallRecord
from ringwake.model.effects import Effects
from ringwake.sip.transactions.events import RequestArrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Such a call."""

    arrived: RequestArrived
    """Its INVITE, as it came or as it has gone on from another account."""
    record: CallRecord
    account: Account
    """Whose phones are meant."""
    now: float


Enter: TypeAlias = Callable[[Incoming], Effects]
"""Lets a call reach the phones of its account, if that is what its owner wants (`edge.invite`)."""
