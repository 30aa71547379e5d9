"""The end of a call: it is written down, and the phones that were woken in vain are told, with the badge they show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from ringwake.model.binding import Binding
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import Effects, Persist
from ringwake.model.history import Entry, Outcome
from ringwake.model.store_ops import Finish, Finished
from ringwake.proxy.forking import DECLINED, ELSEWHERE, ResponseContext
from ringwake.sip.message import Response
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import notice_of, why_cancelled
from ringwake.wake.call_entry import call_entry
from ringwake.wake.call_pushes import CallPushes
from ringwake.wake.end_notices import EndNotices, Notice
from ringwake.wake.means import Means
from ringwake.wake.wait import Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A call that is over, and what its phones are still owed."""

    record: CallRecord
    context: ResponseContext | None
    """Knows which phones have answered; None: none has."""
    notices: EndNotices | None
    """Not begun yet. None: nobody is to be told."""
    on_show: tuple[Binding, ...]
    """iPhones on which CallKit may show the call, and which have not come, or not said a word to the INVITE."""
    reason: str
    """Value of the Reason header field (RFC 3326) that tells a phone how it has ended, or empty."""


Over: TypeAlias = Callable[[Ended, float], Effects]
"""Tells the phones."""


def tell_once(ended: Ended, now: float) -> Effects:
    """Tell the phones by push, without an ear for what becomes of it."""
    return () if ended.notices is None else ended.notices.start(now)


class CallEnding:
    """Ends one call, once."""

    def __init__(self, record: CallRecord, announcement: Announcement, pushes: CallPushes, *, means: Means) -> None:
        self.reason = ""
        """Reason header field of the caller's CANCEL, if it had one."""
        self.over: Over = tell_once
        """Tells the phones of it. Set by whoever made the call."""
        self._record = record
        self._announcement = announcement
        self._pushes = pushes
        self._means = means

    def end(self, end: CallEnd, context: ResponseContext, waits: Iterable[Wait], *, wall: float) -> Effects:
        """Write the end down and tell the phones.

        Args:
            end: how it has ended.
            context: of the call, which has said its final response.
            waits: the phones that it has waited for; nothing more is sent to wake them.
            wall: epoch seconds.
        """
        phones, outcome = tuple(waits), self._outcome(end, context)
        if outcome is Outcome.ANSWERED:
            self._pushes.answered()
        for wait in phones:
            wait.stop()

        def applied(finished: Finished, now: float) -> Effects:
            return self.over(self._ended(outcome, context, phones, finished.unread), now)

        entry = self._entry(outcome, context, _answered_on(context, phones), wall=wall)
        return (Persist(Finish(call=self._record.id, end=end, entry=entry), applied=applied),)

    def _outcome(self, end: CallEnd, context: ResponseContext) -> Outcome:
        if context.word is not None and end is CallEnd.DECLINED:
            # Who was busy knows of the call. Whoever was not reached wants to know of it, whoever has taken it since.
            return Outcome.FORWARDED
        return why_cancelled(self.reason) if end is CallEnd.CANCELLED else Outcome(end.value)

    def _ended(self, outcome: Outcome, context: ResponseContext, phones: tuple[Wait, ...], unread: int) -> Ended:
        kind, record = notice_of(outcome), self._record
        words = replace(self._announcement, unread=unread, subject=record.id)
        notice = Notice(kind=kind, words=words, trace=record.trace, seq=self._pushes.seq)
        told = [wait.binding for wait in phones if self._pushes.is_owed(wait, kind)]
        reasons = {Outcome.ANSWERED: ELSEWHERE, Outcome.DECLINED: DECLINED}
        return Ended(
            record=record,
            context=context,
            notices=EndNotices(notice, told, means=self._means) if told else None,
            on_show=tuple(w.binding for w in phones if self._pushes.is_on_show(w) and _may_not_know(context, w)),
            reason=reasons.get(outcome, self.reason if outcome is Outcome.CANCELLED else ""),
        )

    def _entry(self, outcome: Outcome, context: ResponseContext, phone: Binding | None, *, wall: float) -> Entry:
        # What is said to the caller elsewhere is not this account's.
        status = 0 if context.word is not None and context.final == context.word else context.final or 0
        entry = call_entry(self._record, self._announcement.caller, outcome, wall=wall, status=status)
        return entry if phone is None else replace(entry, handset=phone.handset)


def _may_not_know(context: ResponseContext, wait: Wait) -> bool:
    """Tell whether a phone has no INVITE, or may not have got it, and its owner has not acted on the push either."""
    if wait.is_left_alone:
        return False
    branch = context.branch(wait.binding.phone)
    return not wait.has_come or (branch is not None and branch.flow is not None and not branch.has_answered)


def _answered_on(context: ResponseContext, phones: Iterable[Wait]) -> Binding | None:
    """Return the phone that has answered."""
    for wait in phones:
        branch = context.branch(wait.binding.phone)
        if branch is not None and isinstance(branch.result, Response) and branch.result.status < 300:
            return wait.binding
    return None
