"""INVITE server transaction (RFC 3261 section 17.2.1, figure 7, with the Accepted state of RFC 6026).

It sends no 100 of its own: the edge answers 100 when the call is on disk, and absorbs retransmissions until then
(docs/rfc.md, T1).
"""

from __future__ import annotations

from ringwake.sip.transactions.machine import Do, State, Table, Timer, Trigger

TABLE: Table = {
    (State.PROCEEDING, Trigger.REQUEST): (State.PROCEEDING, (Do.RESEND,)),
    (State.PROCEEDING, Trigger.PROVISIONAL): (State.PROCEEDING, (Do.SEND,)),
    (State.PROCEEDING, Trigger.SUCCESS): (State.ACCEPTED, (Do.SEND, Do.START_L)),
    (State.PROCEEDING, Trigger.FAILURE): (State.COMPLETED, (Do.SEND, Do.START_G, Do.START_H)),
    # RFC 6026 section 7.1: a 2xx may come again from the user agent, an INVITE is absorbed, an ACK goes up.
    (State.ACCEPTED, Trigger.SUCCESS): (State.ACCEPTED, (Do.SEND,)),
    (State.ACCEPTED, Trigger.ACK): (State.ACCEPTED, (Do.PASS,)),
    (State.ACCEPTED, Timer.L): (State.TERMINATED, (Do.STOP,)),
    (State.COMPLETED, Trigger.REQUEST): (State.COMPLETED, (Do.RESEND,)),
    (State.COMPLETED, Timer.G): (State.COMPLETED, (Do.RESEND,)),
    (State.COMPLETED, Trigger.ACK): (State.CONFIRMED, (Do.STOP, Do.START_I)),
    (State.COMPLETED, Timer.H): (State.TERMINATED, (Do.STOP, Do.REPORT_TIMEOUT)),
    (State.CONFIRMED, Timer.I): (State.TERMINATED, (Do.STOP,)),
}
