"""Non-INVITE server transaction (RFC 3261 section 17.2.2, figure 8, with the late 100 of RFC 4320 section 4.1)."""

from __future__ import annotations

from ringwake.sip.transactions.machine import Do, State, Table, Timer, Trigger

TABLE: Table = {
    (State.TRYING, Trigger.START): (State.TRYING, (Do.START_TRYING,)),
    (State.TRYING, Timer.TRYING): (State.PROCEEDING, (Do.TRYING,)),
    (State.TRYING, Trigger.PROVISIONAL): (State.PROCEEDING, (Do.STOP, Do.SEND)),
    (State.TRYING, Trigger.SUCCESS): (State.COMPLETED, (Do.SEND, Do.START_J)),
    (State.TRYING, Trigger.FAILURE): (State.COMPLETED, (Do.SEND, Do.START_J)),
    (State.PROCEEDING, Trigger.REQUEST): (State.PROCEEDING, (Do.RESEND,)),
    (State.PROCEEDING, Trigger.PROVISIONAL): (State.PROCEEDING, (Do.SEND,)),
    (State.PROCEEDING, Trigger.SUCCESS): (State.COMPLETED, (Do.SEND, Do.START_J)),
    (State.PROCEEDING, Trigger.FAILURE): (State.COMPLETED, (Do.SEND, Do.START_J)),
    (State.COMPLETED, Trigger.REQUEST): (State.COMPLETED, (Do.RESEND,)),
    (State.COMPLETED, Timer.J): (State.TERMINATED, (Do.STOP,)),
}
