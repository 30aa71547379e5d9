"""Non-INVITE client transaction (RFC 3261 section 17.1.2, figure 6)."""

from __future__ import annotations

from ringwake.sip.transactions.machine import Do, State, Table, Timer, Trigger

TABLE: Table = {
    (State.TRYING, Trigger.START): (State.TRYING, (Do.SEND, Do.START_E, Do.START_F)),
    (State.TRYING, Timer.E): (State.TRYING, (Do.RESEND,)),
    (State.TRYING, Timer.F): (State.TERMINATED, (Do.STOP, Do.REPORT_TIMEOUT)),
    (State.TRYING, Trigger.BROKEN): (State.TERMINATED, (Do.STOP, Do.REPORT_BROKEN)),
    (State.TRYING, Trigger.PROVISIONAL): (State.PROCEEDING, (Do.SLOW_DOWN, Do.PASS)),
    (State.TRYING, Trigger.SUCCESS): (State.COMPLETED, (Do.STOP, Do.PASS, Do.START_K)),
    (State.TRYING, Trigger.FAILURE): (State.COMPLETED, (Do.STOP, Do.PASS, Do.START_K)),
    (State.PROCEEDING, Timer.E): (State.PROCEEDING, (Do.RESEND,)),
    (State.PROCEEDING, Timer.F): (State.TERMINATED, (Do.STOP, Do.REPORT_TIMEOUT)),
    (State.PROCEEDING, Trigger.BROKEN): (State.TERMINATED, (Do.STOP, Do.REPORT_BROKEN)),
    (State.PROCEEDING, Trigger.PROVISIONAL): (State.PROCEEDING, (Do.PASS,)),
    (State.PROCEEDING, Trigger.SUCCESS): (State.COMPLETED, (Do.STOP, Do.PASS, Do.START_K)),
    (State.PROCEEDING, Trigger.FAILURE): (State.COMPLETED, (Do.STOP, Do.PASS, Do.START_K)),
    (State.COMPLETED, Timer.K): (State.TERMINATED, (Do.STOP,)),
}
