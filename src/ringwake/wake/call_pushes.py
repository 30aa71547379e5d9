"""The pushes of one call: those that wake its phones, and those that tell a phone that did not come how it ended."""

from __future__ import annotations

from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Accepted, Kind, Outcome
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NOTICE_SECONDS
from ringwake.wake.means import Means
from ringwake.wake.wait import Wait


class CallPushes:
    """Makes them, within the budget, and counts them."""

    def __init__(self, record: CallRecord, announcement: Announcement, *, means: Means) -> None:
        self._record = record
        self._announcement = announcement
        self._means = means
        self._seq = 0

    def wake(self, wait: Wait, now: float) -> Effects:
        """Push to a phone that is to come, unless somebody else's push wakes it already."""
        delivery, target = wait.delivery, wait.binding.push
        assert delivery is not None
        if target is None or target.vehicle(Kind.CALL) is None:
            delivery.stop()
            return NOTHING
        if not self._means.budget.take(target, Kind.CALL, self._record.id, now):
            is_news, fields = delivery.share(now), {"device": wait.binding.id, "reason": "single_flight"}
            return self._note(Happened.PUSH_SUPPRESSED, now, **fields) if is_news else NOTHING
        wall = self._means.wall(now)
        until = max(wall, self._record.wake_until)
        push = self._announcement.push(Kind.CALL, target, seq=self._seq, wall=wall, until=until)
        assert push is not None, "there is a token for it"
        self._seq += 1
        wait.pushed_to, wait.is_in_flight = wait.binding, True
        delivery.begin()
        note = self._note(
            Happened.PUSH_SENT,
            now,
            device=wait.binding.id,
            kind=Kind.CALL.value,
            token=push.token.label,
            attempt=delivery.attempts,
        )
        return (SendPush(push, self._record.id, wait.binding.phone), *note)

    def outcome(self, pushed_to: Binding, outcome: Outcome, now: float) -> Effects:
        """Take note of what the provider said; a wake that was none is not counted."""
        device = pushed_to.id
        if isinstance(outcome, Accepted):
            return self._note(Happened.PUSH_ACCEPTED, now, device=device, id=outcome.id)
        if pushed_to.push is not None:
            self._means.budget.give_back(pushed_to.push, Kind.CALL, self._record.id)
        kind, reason = type(outcome).__name__.lower(), outcome.reason
        return self._note(Happened.PUSH_FAILED, now, device=device, outcome=kind, reason=reason)

    def tell(self, wait: Wait, kind: Kind, now: float) -> Effects:
        """Tell the end of the call to a phone that was pushed to and has not come."""
        target = wait.binding.push
        if target is None or wait.has_come or not wait.may_be_pushed:
            return NOTHING
        wall = self._means.wall(now)
        push = self._announcement.push(kind, target, seq=self._seq, wall=wall, until=wall + NOTICE_SECONDS)
        if push is None:
            return NOTHING
        self._seq += 1
        note = self._note(Happened.PUSH_SENT, now, device=wait.binding.id, kind=kind.value, token=push.token.label)
        return (SendPush(push, "", wait.binding.phone), *note)

    def _note(self, what: Happened, now: float, **fields: Field) -> Effects:
        return (Note(Event(what, now, self._record.trace, fields)),)
