"""The pushes of one call or request: those that wake its phones, and those that tell them how the call has ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Accepted, Kind, Outcome, Push, PushTarget, Unregistered
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NOTICE_SECONDS
from ringwake.wake.dead_token import DeadWord, forget
from ringwake.wake.means import Means
from ringwake.wake.wait import Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What phones are woken for."""

    id: str
    """Its owner, who is told the outcomes."""
    trace: str
    kind: Kind
    wake_until: float
    """Epoch seconds until which a phone is waited for."""
    only: str = ""
    """Id of the one binding that is meant, or empty: whichever phone of the account comes."""


class CallPushes:
    """Makes them, within the budget, and counts them."""

    def __init__(self, errand: Errand, announcement: Announcement, *, means: Means) -> None:
        self._errand = errand
        self._announcement = replace(announcement, subject=errand.id)
        self._means = means
        self.unread = announcement.unread
        """Missed calls and unread messages of the account, for the badge."""
        self._seq = 0
        self._asked_at: float | None = None
        self._made: list[tuple[PushTarget, float]] = []

    def ask(self, now: float) -> None:
        """Take note that no phone is awake: calls that need a push, whoever sends it, are counted for their callers."""
        self._asked_at = now
        self._means.callers.asked(self._announcement.caller.key, self._announcement.account.aor, now)

    def wake(self, wait: Wait, now: float) -> Effects:
        """Push to a phone that is to come, unless the budget does not allow it: then look again later."""
        delivery = wait.delivery
        assert delivery is not None
        push = self._push(wait.binding, now)
        if push is None:
            delivery.stop()
            return NOTHING
        domain = self._announcement.account.tenant
        suppressed = self._means.budget.take(push, self._errand.id, now, domain=domain)
        if suppressed is not None:
            is_news, fields = delivery.share(now, suppressed), {"device": wait.binding.id}
            return self._note(Happened.PUSH_SUPPRESSED, now, reason=suppressed.reason, **fields) if is_news else NOTHING
        self._made.append((push.target, now))
        self._seq += 1
        wait.pushed_to, wait.is_in_flight = wait.binding, True
        push = replace(push, timeout=delivery.patience)
        delivery.begin()
        fields = {"device": wait.binding.id, "kind": self._errand.kind.value, "token": push.token.label}
        note = self._note(Happened.PUSH_SENT, now, **fields, attempt=delivery.attempts)
        return (SendPush(push, self._errand.id, wait.binding.phone), *note)

    def answered(self) -> None:
        """Take note that the call was answered: nobody minds that it has cost a wake."""
        for target, at in self._made:
            self._means.budget.forgive(target, at)
        if self._asked_at is not None:
            words = self._announcement
            self._means.callers.forgive(words.caller.key, words.account.aor, self._asked_at)

    def outcome(self, wait: Wait, outcome: Outcome, now: float) -> Effects:
        """Take what the provider said of a push: a wake that was none is not counted, a token that is dead goes."""
        delivery, pushed_to = wait.delivery, wait.pushed_to
        assert delivery is not None, "a push was under way"
        assert pushed_to is not None, "a push was under way"
        wait.is_in_flight = False
        delivery.outcome(outcome, now)
        assert pushed_to.push is not None, "it had a token"
        if isinstance(outcome, Accepted):
            self._means.guard.taken(pushed_to.push.app, now)
            return self._note(Happened.PUSH_ACCEPTED, now, device=pushed_to.id, id=outcome.id)
        self._means.budget.give_back(pushed_to.push, self._errand.kind, self._errand.id)
        kind, reason = type(outcome).__name__.lower(), outcome.reason
        note = self._note(Happened.PUSH_FAILED, now, device=pushed_to.id, outcome=kind, reason=reason)
        if isinstance(outcome, Unregistered):
            word = DeadWord(binding=pushed_to, kind=self._errand.kind, outcome=outcome, trace=self._errand.trace)
            return (*note, *forget(word, self._means.guard, now))
        return note

    def tell(self, wait: Wait, kind: Kind, now: float) -> Effects:
        """Tell the end of the call to a phone that was pushed to and has not come."""
        if wait.has_come or not wait.may_be_pushed:
            return NOTHING
        wall = self._means.wall(now)
        words = replace(self._announcement, unread=self.unread)
        push = words.push(kind, wait.binding, seq=self._seq, wall=wall, until=wall + NOTICE_SECONDS)
        if push is None:
            return NOTHING
        fields = {"device": wait.binding.id, "kind": kind.value}
        suppressed = self._means.budget.tell(push, now)
        if suppressed is not None:
            return self._note(Happened.PUSH_SUPPRESSED, now, reason=suppressed.reason, **fields)
        self._seq += 1
        return (
            SendPush(push, "", wait.binding.phone),
            *self._note(Happened.PUSH_SENT, now, **fields, token=push.token.label),
        )

    def _push(self, binding: Binding, now: float) -> Push | None:
        wall = self._means.wall(now)
        until = max(wall, self._errand.wake_until)
        words = replace(self._announcement, unread=self.unread)
        return words.push(self._errand.kind, binding, seq=self._seq, wall=wall, until=until)

    def _note(self, what: Happened, now: float, **fields: Field) -> Effects:
        return (Note(Event(what, now, self._errand.trace, fields)),)
