"""A request that waits for a phone to wake and is neither a call nor a message: inside a dialog, or a NOTIFY, a REFER.

Nothing of it is written down: but for an INVITE, who sent it has heard nothing yet and sends it again after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects
from ringwake.model.push import Outcome
from ringwake.proxy.branch import BranchState
from ringwake.proxy.forking import ResponseContext
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.events import Failure
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_pushes import CallPushes, Errand
from ringwake.wake.delivery import Delivery, Stage
from ringwake.wake.means import Means
from ringwake.wake.plan import Action, Target
from ringwake.wake.relay import Relay
from ringwake.wake.wait import Wait
from ringwake.wake.waits import Waits


class ParkedRequest(Relay):
    """Owner of such a request: a relay that can wait.

    Phones that are awake get it at once. Only when none is are those that sleep woken; the first answer ends it.
    """

    def __init__(
        self,
        errand: Errand,
        context: ResponseContext,
        announcement: Announcement,
        *,
        compose: Callable[[Binding], Request],
        means: Means,
    ) -> None:
        """Begin.

        Args:
            errand: what the phones are woken for, and until when they are waited for.
            context: its branches; its `lapse` is what the sender hears when no phone comes.
            announcement: what the pushes say.
            compose: builds the request to a phone, with the same branch each time.
            means: time, chance and the budget.
        """
        super().__init__(context)
        self._errand = errand
        self._compose = compose
        self._means = means
        self._pushes = CallPushes(errand, announcement, means=means)
        self._waits = Waits(context)
        self._until = 0.0

    # ---- events

    def start(self, targets: Sequence[Target], now: float) -> Effects:
        """Send it to the phones that are awake; when there are none, wake those that sleep."""
        self._until = now + self._errand.wake_until - self._means.wall(now)
        awake = [target.binding for target in targets if target.action is Action.RING]
        effects = [self._send(binding, now) for binding in awake]
        for target in targets if not awake else ():
            if target.action is Action.WAKE:
                self._expect(target.binding, now)
        if not self._waits:
            effects.append(self.context.refuse(self.context.lapse))
        return _join((*effects, self._push_due(now)))

    def woken(self, binding: Binding, now: float) -> Effects:
        """A phone has registered, and that is on disk: it gets the request, if it has not got it already."""
        if not binding.is_meant(self._errand.only) or not self.context.is_open or now >= self._until:
            return NOTHING
        wait = self._waits.of(binding)
        branch = self.context.branch(binding.phone)
        is_live = branch is not None and branch.state is BranchState.LIVE
        if branch is not None and is_live and (branch.flow == binding.flow or branch.has_answered):
            wait.stop()
            wait.binding = binding
            return NOTHING
        return self._send(binding, now, has_come=True)

    def left(self, bindings: Collection[str]) -> None:
        """The account has these bindings now: what was removed is pushed to no more (RFC 8599 section 5.5)."""
        for wait in self._waits:
            if wait.binding.id not in bindings:
                wait.stop_pushing()

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """A phone has answered."""
        wait = self._waits.of_branch(branch_id)
        if wait is not None:
            wait.stop()
        return self._settle(super().response(branch_id, response, now))

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """A phone can be heard no more down the flow of its branch: it is woken, while there is time."""
        wait, branch = self._waits.of_branch(branch_id), None
        if wait is not None and failure is Failure.TRANSPORT and self.context.is_open and now < self._until:
            branch = self.context.branch(wait.binding.phone)
        if wait is None or branch is None or branch.has_answered or wait.binding.push is None:
            return self._settle(super().failed(branch_id, failure, now))
        paused = self.context.pause(branch_id)
        self._expect(wait.binding, now)
        return self._settle((*paused, *self._push_due(now)))

    def cancel(self, reason: str, now: float) -> Effects:
        """The sender has cancelled."""
        return self._settle(super().cancel(reason, now))

    def pushed(self, device: str, outcome: Outcome, now: float) -> Effects:
        """The provider has answered, or not."""
        wait = self._waits.get(device)
        if wait is None or wait.delivery is None or wait.pushed_to is None:
            return NOTHING
        effects = [self._pushes.outcome(wait, outcome, now)]
        if wait.delivery.stage in (Stage.DEAD, Stage.REFUSED):
            effects.append(self._give_up(wait))
        return self._settle(_join(effects))

    def handle_timer(self, now: float) -> Effects:
        """Do what is due: probes, pushes, and giving up."""
        for wait in self._waits:
            if wait.probe_at is not None and wait.probe_at <= now:
                wait.probe_at, wait.delivery = None, self._delivery(now)
        effects = [self._push_due(now)]
        if now >= self._until:
            effects += [self._give_up(wait) for wait in self._waits]
        return self._settle((*_join(effects), *super().handle_timer(now)))

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        timers = [at for wait in self._waits for at in wait.timers()]
        if any(branch.state is BranchState.PENDING for branch in self.context.branches):
            timers.append(self._until)
        timer_c = super().get_timer()
        return min(timers if timer_c is None else (*timers, timer_c), default=None)

    # ---- inside

    def _send(self, binding: Binding, now: float, *, has_come: bool = False) -> Effects:
        wait = self._waits.of(binding)
        wait.stop()
        wait.binding = binding
        if binding.push is not None and not has_come:
            wait.probe_at = now + self._means.timing.probe
        return self.begin(binding.phone, self._compose(binding), binding.flow, now)

    def _expect(self, binding: Binding, now: float) -> None:
        wait = self._waits.of(binding)
        wait.binding, wait.delivery, wait.probe_at = binding, self._delivery(now), None
        self.context.expect(binding.phone)

    def _delivery(self, now: float) -> Delivery:
        return Delivery(now=now, until=self._until, jitter=self._means.jitter())

    def _push_due(self, now: float) -> Effects:
        if not self.context.is_open:
            return NOTHING
        return _join(self._pushes.wake(wait, now) for wait in self._waits if wait.is_due(now))

    def _give_up(self, wait: Wait) -> Effects:
        wait.stop()
        branch = self.context.branch(wait.binding.phone)
        if branch is None or branch.state is not BranchState.PENDING:
            return NOTHING
        return self.context.give_up(wait.binding.phone, self.context.lapse)

    def _settle(self, effects: Effects) -> Effects:
        if not self.context.is_open:
            for wait in self._waits:
                wait.stop()
        return effects


def _join(effects: Iterable[Effects]) -> Effects:
    return tuple(effect for several in effects for effect in several)
