"""A call that no phone came for, on its way through the PBX: kept in the store until its end, like a parked one."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist
from ringwake.model.events import Event, Happened
from ringwake.model.store_ops import CancelCall, Finish
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.lack import Lack
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.events import Failure
from ringwake.wake.call_end import NO_WAKE, absent, how_it_ended
from ringwake.wake.relay import Relay

UNREACHED = "No phone came, and the PBX could not be reached"
_PBX = "pbx"
LOOK_SECONDS = 0.5
"""How often it is looked whether the PBX can be reached."""


class ForwardedCall(Relay):
    """Owner of such a call: one branch, with timer C."""

    is_waking = False
    """Nobody is woken for it."""

    def __init__(
        self,
        record: CallRecord,
        context: ResponseContext,
        *,
        compose: Callable[[Flow], Request],
        find: Callable[[], Flow | None],
    ) -> None:
        super().__init__(context)
        self.record = record
        self.end: CallEnd | None = None
        context.holds = frozenset({Lack.SILENCE})
        self._compose = compose
        self._find = find
        self._look_at: float | None = None
        self._until = 0.0
        self._is_cancelled = False

    def start(self, now: float, *, patience: float = 0.0) -> Effects:
        """Send the INVITE to the PBX, if it can be reached within `patience` seconds; 480 otherwise."""
        self._until = now + patience
        self.context.expect(_PBX)
        return self._look(now)

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """The PBX has answered. Its challenge is not the caller's to answer: it would have to call anew."""
        if response.status in (401, 407):
            return self.failed(branch_id, Failure.TRANSPORT, now)
        return self._settle(super().response(branch_id, response, now), now)

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """The PBX says nothing."""
        return self._settle(super().failed(branch_id, failure, now), now)

    def cancel(self, reason: str, now: float) -> Effects:
        """The caller has hung up."""
        self._is_cancelled = True
        effects = (*super().cancel(reason, now), Persist(CancelCall(call=self.record.id)))
        return self._settle(effects, now)

    def handle_timer(self, now: float) -> Effects:
        """Look for the PBX again; give up on one that rings for too long."""
        if self._look_at is not None and self._look_at <= now:
            return self._look(now)
        return self._settle(super().handle_timer(now), now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._look_at if self._look_at is not None else super().get_timer()

    def _look(self, now: float) -> Effects:
        self._look_at = None
        flow = self._find()
        if flow is not None:
            return self._settle(self.begin(_PBX, self._compose(flow), flow, now), now)
        if now >= self._until:
            return self._settle(self.context.give_up(_PBX, NO_WAKE), now)
        self._look_at = now + LOOK_SECONDS
        return NOTHING

    def _settle(self, effects: Effects, now: float) -> Effects:
        if self.context.final is None and self.context.is_silent:
            effects = (*effects, *self.context.refuse(NO_WAKE, absent(UNREACHED)))
        if self.end is not None or self.context.final is None:
            return effects
        self._look_at = None
        self.end = how_it_ended(self.context, is_cancelled=self._is_cancelled)
        fields = {"end": self.end.value, "status": self.context.final}
        note = Note(Event(Happened.CALL_ENDED, now, self.record.trace, fields))
        return (*effects, Persist(Finish(call=self.record.id, end=self.end)), note)
