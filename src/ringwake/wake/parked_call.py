"""A call and the phones it waits for: one method per event, effects out.

It decides whom we wait for and until when, and nothing else: branches and final responses belong to the
ResponseContext, to which it speaks three words, `expect`, `begin` and `give_up`; `CalledPhones` does what it decides.
Events of one call come in order, from one owner.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from ringwake.model.binding import Binding
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Accepted, Kind, Outcome
from ringwake.model.store_ops import Decline
from ringwake.proxy.branch import BranchState
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.hang_up import hang_up
from ringwake.proxy.lack import Lack
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.events import Failure
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NO_WAKE, how_it_ended
from ringwake.wake.call_ending import CallEnding
from ringwake.wake.call_pushes import CallPushes, Errand
from ringwake.wake.called_phones import CalledPhones, Wire
from ringwake.wake.delivery import Stage
from ringwake.wake.means import Means
from ringwake.wake.owner import Owner
from ringwake.wake.plan import Action, Target
from ringwake.wake.wait import Wait


class ParkedCall(Owner):
    """One INVITE on its way to the phones of one account."""

    def __init__(
        self,
        record: CallRecord,
        context: ResponseContext,
        announcement: Announcement,
        *,
        compose: Callable[[CallRecord, Binding, Flow], Request],
        means: Means,
    ) -> None:
        self.record = record
        self.context = context
        self.end: CallEnd | None = None
        self.not_taken: Callable[[Lack, float], Effects] = lambda *_: context.say()
        """Says what becomes of a call that the phones have not taken. Set by whoever made this."""
        context.holds = frozenset(Lack)
        self._compose = compose
        self._means = means
        errand = Errand(id=record.id, trace=record.trace, kind=Kind.CALL, wake_until=record.wake_until)
        self._pushes = CallPushes(errand, announcement, means=means)
        self.ending = CallEnding(record, announcement, self._pushes, means=means)
        self._phones = CalledPhones(record, Wire(context=context, pushes=self._pushes, compose=compose), means=means)
        self._waits = self._phones.waits
        self.started_at = 0.0
        """Monotonic seconds."""
        self._is_cancelled = False
        for phone, status in record.refusals:
            context.recall(phone, status)

    # ---- events

    def start(self, targets: Sequence[Target], now: float, *, unread: int = 0) -> Effects:
        """Call the phones that are awake, wake those that sleep, each in its turn; 480 when there is neither.

        Args:
            targets: the account's phones.
            now: monotonic seconds.
            unread: what the account has missed and not read yet, this call not counted.
        """
        self.started_at, self._pushes.unread = now, unread
        effects = self._phones.start(targets, now)
        if not self._waits and not self._phones.reserve:
            effects = self.context.settle()
        elif all(target.action is not Action.RING for target in targets):
            self._pushes.ask(now)
        return self._settle(effects, now)

    def woken(self, binding: Binding, now: float) -> Effects:
        """A phone has registered, and that is on disk: it gets the INVITE, if it has not got it already."""
        if not binding.is_meant(self.record.only) or not self.context.is_open or now >= self._phones.ring_until:
            return NOTHING
        if self._phones.reserve.registered(binding):
            return NOTHING  # its turn comes
        wait = self._waits.of(binding)
        wait.stop_pushing()
        branch, effects = self.context.branch(binding.phone), NOTHING
        if branch is not None and branch.state is BranchState.LIVE and wait.binding.id != binding.id:
            wait.add(binding)  # it has the INVITE, down its other flow
        else:
            is_same = branch is not None and branch.flow == binding.flow and wait.binding.path == binding.path
            wait.binding = binding
            is_sent = is_same and branch is not None and not branch.is_quiet  # else it may have been lost on the way
            if branch is None or branch.state is not BranchState.LIVE or not (is_sent or branch.has_answered):
                note = self._note(Happened.DEVICE_WOKEN, now, device=binding.id)
                effects = (*note, *self._phones.ring(binding, now))
        wait.has_come, wait.probe_at = True, None
        return self._settle(effects, now)

    def left(self, bindings: Collection[str]) -> None:
        """The account has these bindings now: a phone that has removed its own is pushed to no more (RFC 8599 5.5).

        It is still waited for, since apps that start remove their old binding before they register anew.
        """
        self._phones.reserve.left(bindings)
        for wait in self._waits:
            wait.others = [other for other in wait.others if other.id in bindings]
            if wait.binding.id not in bindings:
                wait.binding = replace(wait.binding, push=None)
                wait.stop_pushing()

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """A phone has answered the INVITE."""
        wait = self._waits.of_branch(branch_id)
        if wait is not None and response.status == 430:
            return self.failed(branch_id, Failure.TRANSPORT, now)  # a proxy on the way lost the flow (RFC 5626 11.5)
        is_silence = wait is not None and response.status == 408 and not self._has_rung(branch_id)
        if wait is not None and is_silence and (effects := self._phones.elsewhere(wait, now)):
            return self._settle(effects, now)
        if wait is not None and response.status == 100 and wait.binding.path:
            return NOTHING  # of that proxy: it says nothing of the phone
        if wait is not None:
            wait.stop_pushing()
            wait.has_come = True
        late = NOTHING if wait is None else self._hang_up_if_late(wait, response)
        effects = (*late, *self.context.response(branch_id, response))
        if wait is None or response.status == 100:
            return self._settle(effects, now)
        word = {1: Happened.RINGING, 2: Happened.PHONE_ANSWERED}.get(response.status // 100, Happened.BRANCH_ENDED)
        note = self._note(word, now, device=wait.binding.id, status=response.status)
        is_refusal = response.status >= 300 and self.context.final is None and not self._is_cancelled
        op = Decline(call=self.record.id, phone=wait.binding.phone, status=response.status)
        return self._settle((*note, *effects, *((Persist(op),) if is_refusal else NOTHING)), now)

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """A phone can be heard no more down the flow of its branch."""
        wait = self._waits.of_branch(branch_id)
        branch = self.context.branch(wait.binding.phone) if wait else None
        if wait and branch and failure is Failure.TRANSPORT and branch.flow == wait.binding.flow:
            wait.has_come = wait.is_left_alone  # and has gone again
        if wait is None or branch is None or branch.verdict is not None or not self.context.is_open:
            return self._settle(self.context.failed(branch_id, failure), now)
        if failure is Failure.TRANSPORT and branch.flow != wait.binding.flow:
            # It has registered on another flow meanwhile: the same branch again is a retransmission to it.
            return self._settle(self._phones.ring(wait.binding, now), now)
        if effects := self._phones.elsewhere(wait, now):
            return self._settle(effects, now)
        may_be_woken = wait.binding.push is not None and now < wait.wake_until and not wait.is_left_alone
        back_by = now + self._means.timing.answer if failure is Failure.TRANSPORT and branch.has_answered else now
        if not may_be_woken and back_by == now:
            return self._settle(self.context.failed(branch_id, failure), now)
        paused = self.context.pause(branch_id)
        if may_be_woken and failure is Failure.TRANSPORT:  # after a time-out its push is under way: it was silent long
            self._phones.expect(wait.binding, now)
        # Its app was awake a moment ago: between two networks it comes back by itself, whatever the hour.
        wait.silent_until = max(wait.silent_until, back_by) if may_be_woken else back_by
        return self._settle(paused, now)

    def pushed(self, device: str, outcome: Outcome, now: float) -> Effects:
        """The provider has answered, or not."""
        wait = self._waits.get(device)
        if wait is None or wait.delivery is None or wait.pushed_to is None:
            return NOTHING
        effects = [self._pushes.outcome(wait, outcome, now)]
        if wait.delivery.stage in (Stage.DEAD, Stage.REFUSED) and self.end is None:
            branch = self.context.branch(device)
            if branch is not None and branch.state is BranchState.PENDING:
                effects.append(self.context.give_up(device, NO_WAKE))
        if isinstance(outcome, Accepted) and not wait.has_come and self.context.is_open:
            effects.append(self.context.quiet(device))
        return self._settle(_join(effects), now)

    def cancel(self, reason: str, now: float) -> Effects:
        """The caller has hung up."""
        self._is_cancelled, self.ending.reason = True, reason
        return self._settle(self.context.cancel(reason), now)

    def decline(self, phone: str, status: int, now: float) -> Effects:
        """The person has declined on the notification of a phone: a 6xx for all of them, else for this one."""
        if self.end is not None or not self.context.is_open:
            return NOTHING
        self.ignore(phone)
        self._phones.reserve.drop(phone)
        kept = Persist(Decline(call=self.record.id, phone=phone, status=status))
        if status >= 600:
            return self._settle((*self.context.refuse(status), kept), now)
        given_up = self.context.give_up(phone, status)
        self.context.recall(phone, status)  # a word of the person's: it is not called when it comes
        return self._settle((*given_up, *self.context.settle(), kept), now)

    def ignore(self, phone: str) -> None:
        """The person wants this phone to be silent: it is woken no more, and need not be told how the call ends."""
        if (wait := self._waits.get(phone)) is not None:
            wait.stop_pushing()
            wait.has_come = wait.is_left_alone = True

    def handle_timer(self, now: float) -> Effects:
        """Do what is due: probes, pushes, and giving up."""
        effects: list[Effects] = []
        for wait in self._waits:
            if wait.probe_at is not None and wait.probe_at <= now:
                wait.probe_at = None
                wait.delivery = self._phones.delivery(wait, now)
            if wait.ring_until is not None and wait.ring_until <= now:
                wait.ring_until = None
                effects.append(self.context.give_up(wait.binding.phone, NO_WAKE))
        silent = [wait for wait in self._waits.silent() if wait.silent_until <= now]
        effects += [self._phones.elsewhere(w, now) or self.context.give_up(w.binding.phone, NO_WAKE) for w in silent]
        return self._settle(_join(effects), now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called, or None when the call is over."""
        return None if self.end is not None else self._phones.get_timer()

    @property
    def is_settled(self) -> bool:
        """Whether nothing of this call can come any more."""
        return self.end is not None and self.context.is_settled

    def calls(self, instance: str) -> bool:
        """Tell whether a phone is called or woken, or was, by its instance; False for one that has given none."""
        return bool(instance) and any(wait.binding.instance == instance for wait in self._waits)

    @property
    def is_waking(self) -> bool:
        """Whether a phone is being woken, and none has come or answered."""
        if any(wait.has_come for wait in self._waits) or not self.context.is_open:
            return False
        return any(wait.delivery is not None for wait in self._waits)

    def _has_rung(self, branch_id: str) -> bool:
        return any(branch.is_ringing for branch in self.context.branches if branch.id == branch_id)

    def _hang_up_if_late(self, wait: Wait, response: Response) -> Effects:
        """A phone has picked up, say, just when somebody declined for all: its caller has gone, so it is hung up on."""
        branch = self.context.branch(wait.binding.phone)
        is_late = self.context.final is not None and self.context.final >= 300 and response.status // 100 == 2
        if not is_late or branch is None or branch.flow is None:
            return NOTHING
        invite = self._compose(self.record, wait.binding, branch.flow)
        is_first = not (isinstance(branch.result, Response) and branch.result.status < 300)
        return hang_up(invite, response, branch.flow, is_first=is_first)

    # ---- the end

    def _settle(self, effects: Effects, now: float) -> Effects:
        """Do what is due; wake nobody when nobody can join the call any more; end it when its final word is said."""
        effects = (*effects, *self._phones.next_turns(now), *self._phones.push_due(now))
        if self.context.final is None and (lack := self.context.lack) is not None:
            effects = (*effects, *self.not_taken(lack, now))
        if not self.context.is_open:
            self._phones.stop()
        if self.end is not None or self.context.final is None:
            return effects
        self.end = how_it_ended(self.context, is_cancelled=self._is_cancelled)
        note = self._note(Happened.CALL_ENDED, now, end=self.end.value, status=self.context.final)
        ended = self.ending.end(self.end, self.context, self._waits, wall=self._means.wall(now))
        return (*effects, *ended, *note)

    def _note(self, what: Happened, now: float, **fields: Field) -> Effects:
        return (Note(Event(what, now, self.record.trace, fields)),)


def _join(effects: Iterable[Effects]) -> Effects:
    return tuple(effect for several in effects for effect in several)
