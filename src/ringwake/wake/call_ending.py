"""The end of a call: it is written down, and the phones that were woken in vain are told, with the badge they show."""

from __future__ import annotations

from collections.abc import Iterable

from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import Effects, Persist
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.store_ops import Finish, Finished
from ringwake.proxy.forking import ResponseContext
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import notice_of
from ringwake.wake.call_pushes import CallPushes
from ringwake.wake.wait import Wait


class CallEnding:
    """Ends one call, once."""

    def __init__(self, record: CallRecord, announcement: Announcement, pushes: CallPushes) -> None:
        self._record = record
        self._announcement = announcement
        self._pushes = pushes

    def end(self, end: CallEnd, context: ResponseContext, waits: Iterable[Wait], *, wall: float) -> Effects:
        """Write the end down and tell the phones.

        Args:
            end: how it has ended.
            context: of the call, which has said its final response.
            waits: the phones that it has waited for; nothing more is sent to wake them.
            wall: epoch seconds.
        """
        phones = tuple(waits)
        if end is CallEnd.ANSWERED:
            self._pushes.answered()
        for wait in phones:
            wait.stop()

        def applied(finished: Finished, now: float) -> Effects:
            self._pushes.unread = finished.unread
            notices = [self._pushes.tell(wait, notice_of(end), now) for wait in phones]
            return tuple(effect for notice in notices for effect in notice)

        op = Finish(call=self._record.id, end=end, entry=self._entry(end, context, wall))
        return (Persist(op, applied=applied),)

    def _entry(self, end: CallEnd, context: ResponseContext, wall: float) -> Entry:
        caller = self._announcement.caller
        return Entry(
            id=self._record.id,
            trace=self._record.trace,
            aor=self._record.aor,
            kind=EntryKind.CALL,
            outcome=Outcome(end.value),
            peer_uri=caller.uri,
            peer_name=caller.name,
            at=self._record.received_at,
            ended_at=wall,
            status=context.final or 0,
        )
