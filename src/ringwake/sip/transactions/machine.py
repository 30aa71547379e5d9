"""The runner of the four transaction machines.

A machine is a table `(state, trigger) -> (state, actions)`; what has no row is absorbed. The runner knows no message
and no clock: it is told what happened and when, and says what to do. It keeps two deadlines, since no state needs
more: when to send again, and when to give up or let go.

Diagrams in docs/explain/transactions.md are drawn from the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from ringwake.sip.timers import T1, T2, T4, TIMEOUT, TRYING_AFTER


class State(Enum):
    """States of RFC 3261 section 17 and RFC 6026."""

    CALLING = "Calling"
    TRYING = "Trying"
    PROCEEDING = "Proceeding"
    ACCEPTED = "Accepted"
    COMPLETED = "Completed"
    CONFIRMED = "Confirmed"
    TERMINATED = "Terminated"


class Trigger(Enum):
    """What happens to a machine, apart from its timers."""

    START = "start"
    REQUEST = "request again"
    ACK = "ACK"
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "300-699"
    CANCEL = "cancel"
    QUIET = "quiet"
    BROKEN = "transport error"


class Timer(Enum):
    """Timers by their RFC letters, and the one of RFC 4320, which has none."""

    A = "A"
    B = "B"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    H = "H"
    I = "I"  # noqa: E741  the RFC's letter
    J = "J"
    K = "K"
    L = "L"
    M = "M"
    TRYING = "100"


class Do(Enum):
    """What the layer is to do."""

    SEND = "send"
    """Send the message that caused this."""
    RESEND = "send again"
    """Send the last request or response again."""
    PASS = "pass up"  # noqa: S105  a name
    ACK = "ACK"
    CANCEL = "CANCEL"
    TRYING = "100"
    REPORT_TIMEOUT = "report time-out"
    REPORT_BROKEN = "report transport error"
    SLOW_DOWN = "go on at T2"
    FALL_SILENT = "stop sending again"
    START_A = "start A"
    START_B = "start B"
    START_D = "start D"
    START_E = "start E"
    START_F = "start F"
    START_G = "start G"
    START_H = "start H"
    START_I = "start I"
    START_J = "start J"
    START_K = "start K"
    START_L = "start L"
    START_M = "start M"
    START_TRYING = "start 100"
    STOP = "stop timers"


Row: TypeAlias = tuple[State, tuple[Do, ...]]
Table: TypeAlias = Mapping[tuple[State, Trigger | Timer], Row]

_STARTS = {Do[f"START_{timer.name}"]: timer for timer in Timer}
_RESENDING = frozenset({Timer.A, Timer.E, Timer.G})
# Seconds on an unreliable and on a reliable transport (RFC 3261 table 4).
_SECONDS = {
    Timer.B: (TIMEOUT, TIMEOUT),
    Timer.D: (TIMEOUT, 0.0),
    Timer.F: (TIMEOUT, TIMEOUT),
    Timer.H: (TIMEOUT, TIMEOUT),
    Timer.I: (T4, 0.0),
    Timer.J: (TIMEOUT, 0.0),
    Timer.K: (T4, 0.0),
    Timer.L: (TIMEOUT, TIMEOUT),
    Timer.M: (TIMEOUT, TIMEOUT),
    Timer.TRYING: (TRYING_AFTER, TRYING_AFTER),
}


class Machine:
    """One transaction's state."""

    __slots__ = ("_end", "_interval", "_reliable", "_resend", "_table", "end_at", "resend_at", "state")

    def __init__(self, table: Table, state: State, *, reliable: bool) -> None:
        self._table = table
        self._reliable = reliable
        self._interval = T1
        self._resend: Timer | None = None
        self._end: Timer | None = None
        self.state = state
        self.resend_at: float | None = None
        self.end_at: float | None = None

    def fire(self, trigger: Trigger | Timer, now: float) -> tuple[Do, ...]:
        """Take a trigger at `now` (monotonic seconds); return the row's actions; its timers are kept here."""
        row = self._table.get((self.state, trigger))
        if row is None:
            return ()
        self.state, actions = row
        for action in actions:
            self._keep_time(action, now)
        if self.end_at is not None and self.end_at <= now and self._end is not trigger:
            return actions + self._let_go(now)
        return actions

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        if self.resend_at is None or (self.end_at is not None and self.end_at <= self.resend_at):
            return self.end_at
        return self.resend_at

    def handle_timer(self, now: float) -> tuple[Do, ...]:
        """Fire the timer that is due at `now`, the final one first."""
        if self.end_at is not None and self.end_at <= now:
            return self._let_go(now)
        if self._resend is None or self.resend_at is None or self.resend_at > now:
            return ()
        timer = self._resend
        # A doubles without limit; E and G up to T2 (17.1.1.2, 17.1.2.2, 17.2.1).
        self._interval *= 2
        if timer is not Timer.A:
            self._interval = min(self._interval, T2)
        self.resend_at = now + self._interval
        return self.fire(timer, now)

    def _let_go(self, now: float) -> tuple[Do, ...]:
        timer, self._end, self.end_at = self._end, None, None
        assert timer is not None
        return self.fire(timer, now)

    def _keep_time(self, action: Do, now: float) -> None:
        timer = _STARTS.get(action)
        if timer in _RESENDING:
            if not self._reliable:
                self._resend, self.resend_at, self._interval = timer, now + T1, T1
        elif timer is not None:
            self._end, self.end_at = timer, now + _SECONDS[timer][self._reliable]
        elif action is Do.STOP:
            self._resend = self._end = self.resend_at = self.end_at = None
        elif action is Do.FALL_SILENT:
            self._resend = self.resend_at = None
        elif action is Do.SLOW_DOWN:
            self._interval = T2


def trigger_of(status: int) -> Trigger:
    """Return the trigger that a response is to either side."""
    if status < 200:
        return Trigger.PROVISIONAL
    return Trigger.SUCCESS if status < 300 else Trigger.FAILURE
