"""INVITE client transaction (RFC 3261 section 17.1.1, figure 5, with the Accepted state of RFC 6026)."""

from __future__ import annotations

from ringwake.sip.transactions.machine import Do, State, Table, Timer, Trigger

TABLE: Table = {
    (State.CALLING, Trigger.START): (State.CALLING, (Do.SEND, Do.START_A, Do.START_B)),
    (State.CALLING, Timer.A): (State.CALLING, (Do.RESEND,)),
    # What is heard down its flow no more is looked for by other means; an answer may still come.
    (State.CALLING, Trigger.QUIET): (State.CALLING, (Do.FALL_SILENT,)),
    (State.CALLING, Timer.B): (State.TERMINATED, (Do.STOP, Do.REPORT_TIMEOUT)),
    (State.CALLING, Trigger.BROKEN): (State.TERMINATED, (Do.STOP, Do.REPORT_BROKEN)),
    (State.CALLING, Trigger.PROVISIONAL): (State.PROCEEDING, (Do.STOP, Do.PASS)),
    (State.CALLING, Trigger.SUCCESS): (State.ACCEPTED, (Do.STOP, Do.PASS, Do.START_M)),
    (State.CALLING, Trigger.FAILURE): (State.COMPLETED, (Do.STOP, Do.ACK, Do.PASS, Do.START_D)),
    (State.PROCEEDING, Trigger.PROVISIONAL): (State.PROCEEDING, (Do.PASS,)),
    (State.PROCEEDING, Trigger.SUCCESS): (State.ACCEPTED, (Do.STOP, Do.PASS, Do.START_M)),
    (State.PROCEEDING, Trigger.FAILURE): (State.COMPLETED, (Do.STOP, Do.ACK, Do.PASS, Do.START_D)),
    # Section 9.1: a cancelled INVITE without a final response for 64*T1 counts as over.
    (State.PROCEEDING, Trigger.CANCEL): (State.PROCEEDING, (Do.CANCEL, Do.START_B)),
    (State.PROCEEDING, Timer.B): (State.TERMINATED, (Do.STOP, Do.REPORT_TIMEOUT)),
    # Its flow is gone and nothing more can come down it: section 17.1.4.
    (State.PROCEEDING, Trigger.BROKEN): (State.TERMINATED, (Do.STOP, Do.REPORT_BROKEN)),
    (State.ACCEPTED, Trigger.SUCCESS): (State.ACCEPTED, (Do.PASS,)),
    (State.ACCEPTED, Timer.M): (State.TERMINATED, (Do.STOP,)),
    (State.COMPLETED, Trigger.FAILURE): (State.COMPLETED, (Do.ACK,)),
    (State.COMPLETED, Timer.D): (State.TERMINATED, (Do.STOP,)),
    # The final response has been passed up: nobody waits for this transaction any more.
    (State.COMPLETED, Trigger.BROKEN): (State.TERMINATED, (Do.STOP,)),
}
