"""The pushes of one call or request that wake its phones, and who of them is to be told how it has ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ringwake.model.effects import NOTHING, Effects, Note, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Accepted, Kind, Outcome, Push, PushTarget, Service, Unreachable, Unregistered
from ringwake.wake.allowance import Suppressed
from ringwake.wake.announcement import Announcement
from ringwake.wake.means import Means
from ringwake.wake.taken import Attempt, taken
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
        self._sent: dict[str, Push] = {}
        """The last one to each phone."""
        self._dead: set[str] = set()
        """Digests of tokens that the provider calls dead."""

    def ask(self, now: float) -> None:
        """Take note that no phone is awake: calls that need a push, whoever sends it, are counted for their callers."""
        self._asked_at = now
        self._means.callers.asked(self._announcement.caller.key, self._announcement.account.aor, now)

    def wake(self, wait: Wait, now: float) -> Effects:
        """Push to a phone that is to come, unless the budget does not allow it: then look again later."""
        delivery = wait.delivery
        assert delivery is not None
        push = self._push(wait, now)
        if push is None:
            delivery.stop()
            return NOTHING
        suppressed = self._ask_for(push, now, is_repeat=delivery.is_repeat)
        if suppressed is not None:
            is_news, fields = delivery.share(now, suppressed), {"device": wait.binding.id}
            return self._note(Happened.PUSH_SUPPRESSED, now, reason=suppressed.reason, **fields) if is_news else NOTHING
        if not delivery.is_repeat:
            self._made.append((push.target, now))
        self._sent[wait.binding.phone] = push
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
        assert pushed_to.push is not None, "it had a token"
        wait.is_in_flight = False
        delivery.outcome(outcome, now)
        # A provider that has not answered may have sent it all the same.
        wait.may_have_heard |= isinstance(outcome, Accepted | Unreachable)
        if isinstance(outcome, Accepted):
            self._repeat(wait, now)
        elif not delivery.is_repeat:
            self._means.budget.give_back(pushed_to.push, self._errand.kind, self._errand.id)
        if isinstance(outcome, Unregistered):
            self._dead.add(self._sent[wait.binding.phone].token.digest)
        attempt = Attempt(binding=pushed_to, kind=self._errand.kind, trace=self._errand.trace)
        return taken(attempt, outcome, self._means, now)

    @property
    def seq(self) -> int:
        """Of the next push."""
        return self._seq

    def is_owed(self, wait: Wait, kind: Kind) -> bool:
        """Tell whether a phone is to be told the end of the call by a push of this kind.

        Who has come hears it by SIP. A missed call is told also where the push for it did not get through; there is
        nothing to stop, though, on a phone that cannot have heard of it.
        """
        target = wait.binding.push
        vehicle = None if target is None else target.vehicle(kind)
        if vehicle is None or wait.has_come or wait.pushed_to is None or vehicle[1].digest in self._dead:
            return False
        return kind is Kind.MISSED or wait.is_in_flight or wait.may_have_heard

    def is_on_show(self, wait: Wait) -> bool:
        """Tell whether a phone may have had a VoIP push, so that CallKit shows a call there."""
        if wait.pushed_to is None or wait.pushed_to.push is None or wait.binding.push is None:
            return False
        vehicle = wait.pushed_to.push.vehicle(self._errand.kind)
        return vehicle is not None and vehicle[0] is Service.VOIP and (wait.is_in_flight or wait.may_have_heard)

    def _repeat(self, wait: Wait, now: float) -> None:
        """Let an iPhone that CallKit does not ring for ring again, until it comes or is waited for no longer."""
        push = self._sent[wait.binding.phone]
        app = self._announcement.find_app(push.target.app)
        is_alert = push.service is Service.REMOTE and not push.is_background
        if self._errand.kind is Kind.CALL and is_alert and app is not None and app.call_repeat > 0 and wait.delivery:
            wait.delivery.repeat(now + app.call_repeat)

    def _ask_for(self, push: Push, now: float, *, is_repeat: bool) -> Suppressed | None:
        budget, domain = self._means.budget, self._announcement.account.tenant
        return budget.again(push, now) if is_repeat else budget.take(push, self._errand.id, now, domain=domain)

    def _push(self, wait: Wait, now: float) -> Push | None:
        wall = self._means.wall(now)
        until = max(wall, self._errand.wake_until, self._means.wall(wait.wake_until))
        words = replace(self._announcement, unread=self.unread)
        return words.push(self._errand.kind, wait.binding, seq=self._seq, wall=wall, until=until)

    def _note(self, what: Happened, now: float, **fields: Field) -> Effects:
        return (Note(Event(what, now, self._errand.trace, fields)),)
