"""The phones of one parked call: who is called, who is woken, who waits for its turn, and until when.

It does what `ParkedCall` decides. What phones have answered is in the ResponseContext.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist
from ringwake.model.events import Event, Happened
from ringwake.model.store_ops import Invite
from ringwake.proxy.branch import BranchState
from ringwake.proxy.forking import ResponseContext
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.wake.call_pushes import CallPushes
from ringwake.wake.delivery import Delivery
from ringwake.wake.means import Means
from ringwake.wake.plan import Action, Target
from ringwake.wake.reserve import Reserve
from ringwake.wake.wait import Wait
from ringwake.wake.waits import Waits

MOST_SECONDS = 175.0
"""How long after it came a call may ring at the latest: proxies on the way give up after 180 (section 16.6 step 11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a call reaches a phone."""

    context: ResponseContext
    pushes: CallPushes
    compose: Callable[[CallRecord, Binding, Flow], Request]
    """Builds the INVITE, always with the same branch."""


class CalledPhones:
    """All of them."""

    def __init__(self, record: CallRecord, wire: Wire, *, means: Means) -> None:
        self._record = record
        self._context = wire.context
        self._wire = wire
        self._means = means
        self.waits = Waits(wire.context)
        self.reserve = Reserve()
        self.ring_until = 0.0
        """When the call ends at the latest, whoever comes and goes."""
        self._patience = 0.0
        """Seconds that a phone has to wake."""

    def start(self, targets: Sequence[Target], now: float) -> Effects:
        """Call the first phones, and let the others wait for their turns."""
        timing, wall = self._means.timing, self._means.wall(now)
        self._patience = self._record.wake_until - wall
        able = [target for target in targets if target.action is not Action.SKIP]
        last = max((target.ring_after for target in able), default=0.0)
        latest = now + self._record.received_at - wall + max(MOST_SECONDS, timing.wake + timing.ring)
        self.ring_until = min(now + last + self._patience + timing.ring, latest)
        self.waits.wake_until = min(now + last + self._patience, self.ring_until)
        for target in able:
            at = now + target.ring_after
            if target.ring_after > 0 and at < self.ring_until:
                self._context.expect(target.binding.phone)
                self.reserve.add(target, at)
        return self._begin([target for target in able if target.ring_after <= 0], now)

    def next_turns(self, now: float) -> Effects:
        """Call the phones whose turn has come, or whose predecessors have all said their word or are given up."""
        effects: Effects = ()
        while self.reserve and self._context.is_open:
            if not self._is_anybody_tried:
                self.reserve.hurry(now)
            due = self.reserve.take(now)
            if not due:
                break
            effects = (*effects, *self._begin(due, now))
        return effects

    def ring(self, binding: Binding, now: float) -> Effects:
        """Send a phone the INVITE down a flow."""
        wait, flow = self.waits.of(binding), binding.flow
        wait.binding = binding
        known = self._context.branch(binding.phone)
        is_again = known is not None and known.is_quiet and known.flow == flow
        effects = self._context.begin(binding.phone, self._wire.compose(self._record, binding, flow), flow)
        branch = self._context.branch(binding.phone)
        if not effects or branch is None or branch.state is not BranchState.LIVE:
            return effects
        timing = self._means.timing
        if wait.ring_until is None or not wait.has_come:  # a phone that moves while it rings gains no time by that
            wait.ring_until = min(now + timing.ring, self.ring_until)
        wait.silent_until = max(wait.wake_until, now + timing.answer)
        wait.probe_at = now + timing.probe if binding.push is not None and not wait.has_come else None
        if is_again:
            return effects
        fields = {"device": binding.id, "transport": flow.transport.value}
        return (*effects, Note(Event(Happened.INVITE_SENT, now, self._record.trace, fields)))

    def elsewhere(self, wait: Wait, now: float) -> Effects:
        """Try the next flow of a phone (RFC 5626 section 7); nothing when there is none."""
        branch = self._context.branch(wait.binding.phone)
        if not wait.others or branch is None or not branch.may_begin or not self._context.is_open:
            return NOTHING
        return self.ring(wait.others.pop(0), now)

    def expect(self, binding: Binding, now: float) -> None:
        """Count on a phone that is to be woken."""
        wait = self.waits.of(binding)
        wait.binding, wait.delivery, wait.has_come = binding, self.delivery(wait, now), False
        wait.probe_at, wait.ring_until, wait.silent_until = None, None, wait.wake_until
        self._context.expect(binding.phone)

    def delivery(self, wait: Wait, now: float) -> Delivery:
        """Begin to push to a phone."""
        return Delivery(now=now, until=wait.wake_until, jitter=self._means.jitter())

    def push_due(self, now: float) -> Effects:
        """Push to the phones that are to be pushed to now."""
        if not self._context.is_open or self._context.lack is not None:
            return NOTHING
        pushes = [self._wire.pushes.wake(wait, now) for wait in self.waits if wait.is_due(now)]
        return tuple(effect for several in pushes for effect in several)

    def stop(self) -> None:
        """Wake nobody any more, and let nobody have a turn."""
        self.waits.stop_pushing()
        self.reserve.clear()

    def get_timer(self) -> float | None:
        """Return when something is due for a phone."""
        turn = self.reserve.first()
        return min((*self.waits.timers(), *(() if turn is None else (turn,))), default=None)

    @property
    def _is_anybody_tried(self) -> bool:
        branches = self._context.branches
        return any(b.state is not BranchState.DONE and b.device not in self.reserve for b in branches)

    def _begin(self, targets: Sequence[Target], now: float) -> Effects:
        effects: list[Effects] = []
        for target in targets:
            wait = self.waits.of(target.binding)
            wait.wake_until = min(now + self._patience, self.ring_until)
            if target.action is Action.RING:
                effects.append(self.ring(target.binding, now))
                wait.others = list(target.others)
            elif target.action is Action.WAKE:
                self.expect(target.binding, now)
            else:
                wait.silent_until = wait.wake_until
                self._context.expect(target.binding.phone)
        ringing = tuple(target.binding.phone for target in targets if target.action is Action.RING)
        if ringing:
            effects.append((Persist(Invite(call=self._record.id, bindings=ringing)),))
        return tuple(effect for several in effects for effect in several)
