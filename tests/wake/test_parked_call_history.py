"""Whatever phones, provider, caller and clock do: the caller hears one final response, and no phone rings after it."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.wake.calling import TIMING, Call
from tests.wake.phones import android, binding, flow

from ringwake.model.binding import Binding
from ringwake.model.effects import AbandonBranch, CancelBranch, Effects, Forward, Persist, QuietBranch, SendPush
from ringwake.model.push import Accepted, Kind, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.model.store_ops import Finish
from ringwake.proxy.branch import BranchState
from ringwake.proxy.lack import Lack
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.timers import TIMEOUT
from ringwake.sip.transactions.events import Failure
from ringwake.wake.plan import Action, Target

DEVICES = ("a", "b", "c")
DEVICE = st.sampled_from(DEVICES)
OUTCOMES = (
    Accepted("1"),
    Accepted("1"),
    Unreachable("down"),
    Throttled("slow", 3.0),
    Refused("credentials", 403),
    Refused("this push", 400),
    Unregistered("410"),
)
TURNS = (0.0, 0.0, 0.0, 5.0, 15.0, 40.0)
"""When a phone's turn comes."""
LONGEST = max(TURNS) + TIMING.wake + TIMING.answer + TIMING.ring + TIMEOUT
"""When a call that nobody joins after the wake is over at the latest."""


WIRES = st.sampled_from([Transport.TLS, Transport.UDP])


@dataclass
class Transaction:
    """What the transaction layer knows of one INVITE: it ends by itself when nothing is heard for too long."""

    flow: Flow
    ends_at: float | None
    has_answered: bool = False
    has_2xx: bool = False
    is_cancelled: bool = False
    is_quiet: bool = False
    is_dropped: bool = False
    """Whether it was given up before it had said anything: what it says later counts for nothing, but for a 2xx."""


class History(RuleBasedStateMachine):
    """Plays everybody around a parked call."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Call()
        self.flows = 0
        self.open: dict[str, Transaction] = {}
        self.invited: set[tuple[str, Flow]] = set()
        self.under_way: list[str] = []
        """Phones whose push the provider has not answered yet."""
        self.heard: set[str] = set()
        """Phones that a push may have reached."""
        self.told: list[str] = []
        self.has_come: set[str] = set()
        self.bound: dict[str, Binding] = {}
        """What each phone registered last; not there when its flow has broken since."""
        self.can_be_pushed: dict[str, bool] = {}
        self.is_over = False
        self.registering = ""
        """The phone whose REGISTER is being dealt with."""
        self.last_begin = 0.0
        self.turns: dict[str, float] = {}
        self.begun: set[str] = set()
        self.earlier = 0.0
        """Seconds by which turns come earlier, since nobody was left whom they would wait for."""
        self.gone: list[Lack] = []
        """Why the call has gone on, once it has."""

    @initialize(
        actions=st.lists(st.sampled_from(list(Action)), min_size=3, max_size=3),
        has_push=st.lists(st.booleans(), min_size=3, max_size=3),
        wires=st.lists(WIRES, min_size=3, max_size=3),
        turns=st.lists(st.sampled_from(TURNS), min_size=3, max_size=3),
        goes_on=st.booleans(),
    )
    def start(
        self, actions: list[Action], has_push: list[bool], wires: list[Transport], turns: list[float], goes_on: bool
    ) -> None:
        targets = []
        for device, action, push, wire, at in zip(DEVICES, actions, has_push, wires, turns, strict=True):
            self.flows += 1
            phone = binding(device, flow=flow(self.flows, wire), push=android(device) if push else None)
            self.bound[device], self.can_be_pushed[device] = phone, push
            planned = Action.SKIP if action is Action.WAKE and not push else action
            after = 0.0 if planned is Action.AWAIT else at  # it had the INVITE before the restart
            if planned is not Action.SKIP:
                self.turns[device] = after
            targets.append(Target(phone, planned, ring_after=after))
        self.earlier = min(self.turns.values(), default=0.0)
        if goes_on:
            self.bench.call.not_taken = self.go_on
        self.perform(self.bench.start_with(targets))

    def go_on(self, lack: Lack, now: float) -> Effects:
        assert now == self.bench.now
        self.gone.append(lack)
        self.bench.call.context.hand_on()
        return ()

    # ---- the phones

    @rule(device=DEVICE, has_push=st.booleans(), token=st.sampled_from(["", "new"]), wire=WIRES)
    def register(self, device: str, has_push: bool, token: str, wire: Transport) -> None:
        self.flows += 1
        push = android(device + token) if has_push else None
        self.bound[device] = binding(device, flow=flow(self.flows, wire), push=push)
        self.register_again(device)

    @rule(device=DEVICE)
    def register_five_times(self, device: str) -> None:
        for _ in range(5):
            self.register_again(device)

    @rule(device=DEVICE)
    def register_again(self, device: str) -> None:
        known = self.bound.get(device)
        if known is None:
            return
        if not self.waits_for_its_turn(device):
            self.has_come.add(device)
        if not self.is_over:
            self.can_be_pushed[device] = known.push is not None
        self.registering = device
        self.perform(self.bench.woken(device, known.flow, push=known.push))
        self.registering = ""

    @rule(device=DEVICE, status=st.sampled_from([100, 180, 183]))
    def provisional(self, device: str, status: int) -> None:
        transaction = self.open.get(device)
        if transaction is not None and not transaction.has_2xx:
            transaction.has_answered = True
            transaction.ends_at = self.bench.now + TIMEOUT if transaction.is_cancelled else None
            self.has_come.add(device)
            self.perform(self.bench.answer(device, status))

    @rule(device=DEVICE, status=st.sampled_from([200, 200, 404, 480, 482, 486, 487, 503, 603]))
    def final(self, device: str, status: int) -> None:
        transaction = self.open.get(device)
        if transaction is None or (transaction.has_2xx and status >= 300):
            return
        transaction.has_2xx, transaction.ends_at = status < 300, None
        self.has_come.add(device)
        if status >= 300:
            del self.open[device]
        self.is_over = self.is_over or (status >= 600 and not transaction.is_dropped)
        self.perform(self.bench.answer(device, status))

    @rule(device=DEVICE)
    def break_flow(self, device: str) -> None:
        transaction = self.open.get(device)
        if transaction is None or transaction.has_2xx:
            return
        del self.open[device]
        known = self.bound.get(device)
        if known is None or known.flow == transaction.flow:
            self.bound.pop(device, None)
            if self.can_be_pushed[device] and self.bench.now < self.wakes_until(device) and not self.is_over:
                self.has_come.discard(device)
        self.perform(self.bench.failed(device, Failure.TRANSPORT))

    @rule(device=DEVICE, status=st.sampled_from([486, 603]))
    def decline(self, device: str, status: int) -> None:
        """The person does, on the notification."""
        self.has_come.add(device)
        self.is_over = self.is_over or status >= 600
        self.perform(self.bench.perform(self.bench.call.decline(device, status, self.bench.now)))

    def waits_for_its_turn(self, device: str) -> bool:
        return device in self.bench.call._phones.reserve

    def wakes_until(self, device: str) -> float:
        wait = self.bench.call._waits.get(device)
        assert wait is not None
        return wait.wake_until

    # ---- the provider, the caller, the clock

    @rule(number=st.integers(0, 2), outcome=st.sampled_from(OUTCOMES))
    def push_outcome(self, number: int, outcome: Outcome) -> None:
        if number < len(self.under_way):
            device = self.under_way.pop(number)
            self.heard |= {device} if isinstance(outcome, Accepted | Unreachable) else set()
            self.perform(self.bench.pushed(device, outcome))

    @rule()
    def a_second_passes_and_the_provider_takes_everything(self) -> None:
        self.pass_time(TIMING.probe)
        while self.under_way:
            device = self.under_way.pop(0)
            self.perform(self.bench.pushed(device, Accepted("1")))

    @rule()
    def hang_up(self) -> None:
        self.is_over = True
        self.perform(self.bench.cancel())

    @rule(seconds=st.sampled_from([0.1, 0.6, 1.0, 4.0, 10.0, 30.0]))
    def pass_time(self, seconds: float) -> None:
        until = self.bench.now + seconds
        while (at := self.next_event()) is not None and at <= until:
            self.bench.now = max(self.bench.now, at)
            if self.bench.call.get_timer() == at:
                self.perform(self.bench.perform(self.bench.call.handle_timer(self.bench.now)))
                due = self.bench.call.get_timer()
                assert due is None or due > self.bench.now, "a timer that is never done would stop the server"
            else:
                self.end_transaction(at)
        self.bench.now = until

    def next_event(self) -> float | None:
        ends = [each.ends_at for each in self.open.values()]
        return min((at for at in (self.bench.call.get_timer(), *ends) if at is not None), default=None)

    def end_transaction(self, at: float) -> None:
        device = next(known for known, each in self.open.items() if each.ends_at == at)
        self.invited.discard((device, self.open.pop(device).flow))
        self.perform(self.bench.failed(device, Failure.TIMEOUT))

    # ---- what comes of it

    def perform(self, effects: Effects) -> None:
        """Take note of effects; the bench has counted them already."""
        for effect in effects:
            match effect:
                case Forward():
                    self.forwarded(effect)
                case AbandonBranch():
                    self.abandoned(effect.branch.rpartition("-")[2])
                case QuietBranch():
                    self.quieted(effect.branch.rpartition("-")[2])
                case CancelBranch():
                    self.cancelled(effect.branch.rpartition("-")[2])
                case SendPush():
                    self.pushed(effect)
                case Persist(op=Finish()):
                    assert self.has_ended
                case _:
                    pass

    def forwarded(self, effect: Forward) -> None:
        device = effect.request.via.branch.rpartition("-")[2]
        assert not self.is_over, "nobody rings after the end"
        assert device not in self.open, "a branch has one client transaction"
        assert (device, effect.flow) not in self.invited, "a phone gets the INVITE once down each flow"
        assert self.registering in ("", device), "a REGISTER releases to nobody else"
        assert self.bound[device].flow == effect.flow, "it goes down the flow of its own REGISTER"
        self.has_its_turn(device)
        self.invited.add((device, effect.flow))
        self.open[device] = Transaction(effect.flow, ends_at=self.bench.now + TIMEOUT)
        self.last_begin = self.bench.now

    def has_its_turn(self, device: str) -> None:
        """It has come, or all those before have failed: then the turns after it are as much earlier."""
        early = self.turns.get(device, 0.0) - self.earlier - self.bench.now
        if early > 1e-6 and device not in self.begun:
            before = [known for known, at in self.turns.items() if at < self.turns[device]]
            branches = [self.bench.call.context.branch(known) for known in before]
            assert all(branch is not None and branch.state is BranchState.DONE for branch in branches)
            self.earlier += early
        self.begun.add(device)

    def abandoned(self, device: str) -> None:
        transaction = self.open.pop(device, None)
        if transaction is not None and (transaction.is_dropped or transaction.is_quiet):
            self.invited.discard((device, transaction.flow))  # in silence: it may not even have got it

    def quieted(self, device: str) -> None:
        transaction = self.open[device]
        assert transaction.flow.transport is Transport.UDP, "nothing else is sent again"
        assert not transaction.has_answered, "who has answered is sent nothing again anyway"
        assert device not in self.has_come, "what a phone that has come did not get is sent again"
        transaction.is_quiet = True

    def cancelled(self, device: str) -> None:
        transaction = self.open.get(device)
        if transaction is not None and not transaction.is_cancelled:
            transaction.is_cancelled, transaction.is_dropped = True, not transaction.has_answered
            if transaction.has_answered:
                transaction.ends_at = self.bench.now + TIMEOUT

    def pushed(self, effect: SendPush) -> None:
        if effect.push.notice.kind is not Kind.CALL:
            assert effect.binding not in self.told, "the end is told once"
            assert self.has_ended
            self.told.append(effect.binding)
            return
        assert not self.is_over, "no phone is woken for a call that is over"
        assert effect.binding not in self.has_come, "no phone is woken that has come"
        self.has_its_turn(effect.binding)
        assert self.bench.now <= TIMING.wake + max(TURNS)
        self.under_way.append(effect.binding)

    # ---- what always holds

    @invariant()
    def one_final_response(self) -> None:
        finals = self.bench.finals
        self.is_over = self.is_over or self.has_ended
        assert len(finals) <= 1 or all(status < 300 for status in finals)
        assert len(self.gone) + bool(finals) <= 1, "who has the call now says the final response"
        ends = [op for op in self.bench.ops if isinstance(op, Finish)]
        assert len(ends) == (1 if self.has_ended else 0)
        assert all(op.entry is not None for op in ends)
        assert (self.bench.call.end is not None) == self.has_ended

    @property
    def has_ended(self) -> bool:
        return self.bench.finals != [] or self.gone != []

    @invariant()
    def after_it_everybody_is_cancelled_and_nothing_is_due(self) -> None:
        if self.has_ended:
            assert all(each.is_cancelled or each.has_2xx for each in self.open.values())
            assert self.bench.call.get_timer() is None

    @invariant()
    def a_phone_that_was_woken_in_vain_is_told(self) -> None:
        if self.bench.call.end is not None:
            woken = set(self.bench.pushed_to())
            reached = self.heard.union(self.under_way) - self.has_come
            in_vain = {device for device in reached if self.can_be_pushed[device]}
            assert in_vain <= set(self.told) <= woken

    def teardown(self) -> None:
        """Time runs out: the phones and the provider say no more."""
        if not self.flows:
            return  # not even begun
        self.pass_time(max(LONGEST, self.last_begin + LONGEST - self.bench.now))
        self.one_final_response()
        assert self.has_ended, "the caller always hears how it ended"
        assert self.bench.call.is_settled
        assert [
            at for at, _, push in self.bench.pushes if push.notice.kind is Kind.CALL and at > TIMING.wake + max(TURNS)
        ] == []


TestParkedCall = History.TestCase
TestParkedCall.settings = settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    stateful_step_count=30,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
