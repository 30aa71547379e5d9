"""The wakes for a stored MESSAGE. The store keeps it until each phone has it; this only wakes, and may be lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.ports import Seal
from ringwake.model.push import Accepted, Kind, Outcome, Unregistered
from ringwake.model.stored_message import StoredMessage
from ringwake.wake.allowance import Suppressed
from ringwake.wake.announcement import Announcement
from ringwake.wake.budget import SINGLE_FLIGHT
from ringwake.wake.dead_token import DeadWord, forget
from ringwake.wake.delivery import Delivery
from ringwake.wake.means import Means
from ringwake.wake.outbox import delivery_call_id
from ringwake.wake.owner import Owner
from ringwake.wake.wait import Wait

PUSH_SECONDS = 120.0
"""How long a failed push for a message is tried again. Later the next REGISTER brings the message anyway."""


class ParkedMessage(Owner):
    """The wakes for one message."""

    def __init__(self, message: StoredMessage, announcement: Announcement, *, means: Means, seal: Seal) -> None:
        self.message = message
        self._announcement = replace(announcement, subject=message.listed_as)
        self._means = means
        self._seal = seal
        self._waits: dict[str, Wait] = {}
        self.unread = announcement.unread
        """Missed calls and unread messages of the account, for the badge."""

    def start(self, sleeping: Iterable[Binding], now: float, *, delay: float = 0.0) -> Effects:
        """Wake the phones that sleep, in `delay` seconds."""
        begin = now + delay
        until = min(begin + PUSH_SECONDS, now + self.message.expires_at - self._means.wall(now))
        for binding in sleeping:
            delivery = Delivery(now=begin, until=until, jitter=self._means.jitter())
            self._waits[binding.id] = Wait(binding, delivery)
        return self.handle_timer(now)

    def woken(self, phone: str) -> None:
        """A phone has registered, by whichever of its flows: no more pushes to it."""
        for device in [known for known, wait in self._waits.items() if wait.binding.phone == phone]:
            self._waits.pop(device).stop()

    def left(self, bindings: Collection[str]) -> None:
        """The account has these bindings now: what was removed is pushed to no more (RFC 8599 section 5.5)."""
        for device in [known for known in self._waits if known not in bindings]:
            self._waits.pop(device).stop()

    def pushed(self, device: str, outcome: Outcome, now: float) -> Effects:
        """The provider has answered, or not."""
        wait = self._waits.get(device)
        if wait is None or wait.delivery is None or wait.binding.push is None:
            return NOTHING
        wait.delivery.outcome(outcome, now)
        if isinstance(outcome, Accepted):
            self._means.guard.taken(wait.binding.push.app, now)
            return self._note(Happened.PUSH_ACCEPTED, now, device=device)
        self._means.budget.give_back(wait.binding.push, Kind.MESSAGE, self.message.id)
        kind, reason = type(outcome).__name__.lower(), outcome.reason
        failed = self._note(Happened.PUSH_FAILED, now, device=device, outcome=kind, reason=reason)
        if isinstance(outcome, Unregistered):
            word = DeadWord(binding=wait.binding, kind=Kind.MESSAGE, outcome=outcome, trace=self.message.trace)
            return (*failed, *forget(word, self._means.guard, now))
        return failed

    def handle_timer(self, now: float) -> Effects:
        """Push what is due."""
        due = [wait for wait in self._waits.values() if wait.delivery and wait.delivery.is_due(now)]
        return tuple(effect for wait in due for effect in self._push(wait, now))

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called; None when there is nothing left to push."""
        return min((at for wait in self._waits.values() for at in wait.timers()), default=None)

    @property
    def awaited(self) -> set[str]:
        """Phones that a push is still to be sent to."""
        return {wait.binding.phone for wait in self._waits.values() if any(True for _ in wait.timers())}

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to push."""
        return self.get_timer() is None

    def _push(self, wait: Wait, now: float) -> Effects:
        delivery = wait.delivery
        assert delivery is not None
        call_id = delivery_call_id(self._seal, self.message, wait.binding.phone)
        announcement = replace(self._announcement, call_id=call_id, unread=self.unread)
        wall = self._means.wall(now)
        until = self.message.expires_at
        push = announcement.push(Kind.MESSAGE, wait.binding, seq=0, wall=wall, until=until)
        if push is None:
            delivery.stop()
            return NOTHING
        domain = self._announcement.account.tenant
        suppressed = self._means.budget.take(push, self.message.id, now, domain=domain)
        if suppressed is not None:
            return self._hold_back(wait, suppressed, now)
        push = replace(push, timeout=delivery.patience)
        delivery.begin()
        fields: dict[str, Field] = {"kind": Kind.MESSAGE.value, "token": push.token.label, "attempt": delivery.attempts}
        note = self._note(Happened.PUSH_SENT, now, device=wait.binding.id, **fields)
        return (SendPush(push, self.message.id, wait.binding.id), *note)

    def _hold_back(self, wait: Wait, suppressed: Suppressed, now: float) -> Effects:
        """Look again while another's wake is under way; where the phone was woken too often, begin anew when it may."""
        assert wait.delivery is not None
        is_news = wait.delivery.share(now, suppressed)
        if suppressed.reason != SINGLE_FLIGHT:
            begin, end = suppressed.until, now + self.message.expires_at - self._means.wall(now)
            wait.delivery.begin_anew(begin, min(begin + PUSH_SECONDS, end))
        note = self._note(Happened.PUSH_SUPPRESSED, now, device=wait.binding.id, reason=suppressed.reason)
        return note if is_news else NOTHING

    def _note(self, what: Happened, now: float, **fields: Field) -> Effects:
        return (Note(Event(what, now, self.message.trace, fields)),)
