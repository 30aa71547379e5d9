"""The states of one account's registration at its PBX (design.md section 4), as a table.

What has no row leaves the state as it is. `FAILED` is the state between two tries, not the loss of the binding: that
has its own time of death (`UpstreamRegistration.is_bound`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias


class State(Enum):
    """How an account stands at its PBX."""

    NONE = "none"
    REGISTERING = "registering"
    REGISTERED = "registered"
    REFRESHING = "refreshing"
    CHALLENGED = "challenged"
    """The PBX wants a password that only the phone has: nothing can be done before the phone's next REGISTER."""
    FAILED = "failed"
    """Waits until it tries again."""
    LEAVING = "leaving"


class Trigger(Enum):
    """What happens to it."""

    ASK = "ask"
    """A REGISTER leaves."""
    GRANTED = "granted"
    CHALLENGED = "challenged"
    """And there is nobody here to answer."""
    REFUSED = "refused"
    """By the PBX, for a reason that will be the same in a minute."""
    UNAVAILABLE = "unavailable"
    """No answer, or none that was about the account."""
    LEAVE = "leave"
    """A REGISTER with Expires 0 leaves."""


Table: TypeAlias = Mapping[tuple[State, Trigger], State]

TABLE: Table = {
    (State.NONE, Trigger.ASK): State.REGISTERING,
    (State.NONE, Trigger.LEAVE): State.LEAVING,
    (State.REGISTERING, Trigger.GRANTED): State.REGISTERED,
    (State.REGISTERING, Trigger.CHALLENGED): State.CHALLENGED,
    (State.REGISTERING, Trigger.REFUSED): State.FAILED,
    (State.REGISTERING, Trigger.UNAVAILABLE): State.FAILED,
    (State.REGISTERING, Trigger.LEAVE): State.LEAVING,
    (State.REGISTERED, Trigger.ASK): State.REFRESHING,
    (State.REGISTERED, Trigger.LEAVE): State.LEAVING,
    (State.REFRESHING, Trigger.GRANTED): State.REGISTERED,
    (State.REFRESHING, Trigger.CHALLENGED): State.CHALLENGED,
    (State.REFRESHING, Trigger.REFUSED): State.FAILED,
    (State.REFRESHING, Trigger.UNAVAILABLE): State.FAILED,
    (State.REFRESHING, Trigger.LEAVE): State.LEAVING,
    (State.CHALLENGED, Trigger.ASK): State.REGISTERING,
    (State.CHALLENGED, Trigger.LEAVE): State.LEAVING,
    (State.FAILED, Trigger.ASK): State.REGISTERING,
    (State.FAILED, Trigger.LEAVE): State.LEAVING,
    # Who leaves has left, whatever the PBX says to it: a binding that nobody refreshes ends by itself.
    (State.LEAVING, Trigger.GRANTED): State.NONE,
    (State.LEAVING, Trigger.CHALLENGED): State.CHALLENGED,
    (State.LEAVING, Trigger.REFUSED): State.NONE,
    (State.LEAVING, Trigger.UNAVAILABLE): State.NONE,
    (State.LEAVING, Trigger.ASK): State.REGISTERING,
}
