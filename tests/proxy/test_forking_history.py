"""Whatever happens to a fork, in whatever order: one final response, always, and nobody rings after it."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.proxy.fork import Fork, branch, flow

from ringwake.model.effects import AbandonBranch, CancelBranch, Effects, Forward, Respond
from ringwake.proxy.branch import BranchState
from ringwake.sip.flow import Flow
from ringwake.sip.transactions.events import Failure

DEVICES = st.sampled_from(["a", "b", "c"])


@dataclass
class Transaction:
    """What the transaction layer knows of one forwarded request."""

    has_answered: bool = False
    has_2xx: bool = False
    is_cancelled: bool = False


class History(RuleBasedStateMachine):
    """Plays the phones, the transaction layer, the owner of the call and the caller."""

    method = "INVITE"

    def __init__(self) -> None:
        super().__init__()
        self.fork = Fork(self.method)
        self.open: dict[str, Transaction] = {}
        self.said: list[int] = []
        self.invited: set[tuple[str, Flow]] = set()
        self.is_over = False
        """Whether the caller has hung up, or a phone has refused for all."""
        self.flows = 0

    # ---- the owner

    @rule(device=DEVICES)
    def expect(self, device: str) -> None:
        self.fork.context.expect(device)

    @rule(device=DEVICES)
    def begin(self, device: str) -> None:
        self.flows += 1
        self.perform(self.fork.begin(device, flow(self.flows)))

    @rule(device=DEVICES)
    def give_up(self, device: str) -> None:
        self.perform(self.fork.context.give_up(device, 480))

    @rule()
    def cancel(self) -> None:
        self.is_over = True
        self.perform(self.fork.context.cancel())

    @precondition(lambda self: len(self.fork.context.branches) == 3)
    @rule()
    def refuse(self) -> None:
        self.perform(self.fork.context.refuse(480))

    # ---- the phones and their flows

    @rule(device=DEVICES, status=st.sampled_from([100, 180, 183]))
    def provisional(self, device: str, status: int) -> None:
        transaction = self.open.get(device)
        if transaction is not None and not transaction.has_2xx:
            transaction.has_answered = True
            self.perform(self.fork.answer(device, status))

    @rule(device=DEVICES, status=st.sampled_from([200, 200, 302, 401, 407, 408, 482, 486, 487, 500, 503, 600, 603]))
    def final(self, device: str, status: int) -> None:
        transaction = self.open.get(device)
        if transaction is None or (transaction.has_2xx and status >= 300):
            return
        transaction.has_2xx = status < 300
        if status >= 300 or self.method != "INVITE":
            del self.open[device]
        self.is_over = self.is_over or (status >= 600 and self.method == "INVITE")
        self.perform(self.fork.answer(device, status))

    @rule(device=DEVICES)
    def time_out(self, device: str) -> None:
        transaction = self.open.get(device)
        if transaction and not transaction.has_2xx and (transaction.is_cancelled or not transaction.has_answered):
            del self.open[device]
            self.perform(self.fork.context.failed(branch(device), Failure.TIMEOUT))

    @rule(device=DEVICES, is_woken=st.booleans())
    def break_flow(self, device: str, is_woken: bool) -> None:
        transaction = self.open.get(device)
        if transaction is None or transaction.has_2xx:
            return
        del self.open[device]
        context = self.fork.context
        if is_woken:
            self.perform(context.pause(branch(device)))
        else:
            self.perform(context.failed(branch(device), Failure.TRANSPORT))

    # ---- what comes of it

    def perform(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case Forward():
                    self.forwarded(effect)
                case AbandonBranch():
                    self.open.pop(device_of(effect.branch), None)
                case CancelBranch():
                    if (transaction := self.open.get(device_of(effect.branch))) is not None:
                        transaction.is_cancelled = True
                case Respond():
                    self.responded(effect.response.status)
                case _:
                    raise AssertionError(effect)

    def forwarded(self, effect: Forward) -> None:
        device = device_of(effect.request.via.branch)
        assert not self.is_over, "nobody rings after the end"
        assert self.finals == []
        assert device not in self.open, "a branch has one client transaction"
        assert (device, effect.flow) not in self.invited, "a phone gets the INVITE once down each flow"
        self.invited.add((device, effect.flow))
        self.open[device] = Transaction()

    def responded(self, status: int) -> None:
        if status < 200:
            assert self.finals == []
        self.said.append(status)

    @property
    def finals(self) -> list[int]:
        return [status for status in self.said if status >= 200]

    @invariant()
    def one_final_response(self) -> None:
        finals = self.finals
        assert len(finals) <= 1 or (self.method == "INVITE" and all(status < 300 for status in finals))
        assert self.fork.context.final == (finals[-1] if finals else None)

    @invariant()
    def after_it_everybody_is_cancelled(self) -> None:
        if self.finals and self.method == "INVITE":
            assert all(each.is_cancelled or each.has_2xx for each in self.open.values())
        if self.finals and not self.open:
            assert self.fork.context.is_settled

    def teardown(self) -> None:
        """Time runs out: nobody waits any longer, and what is under way ends."""
        context = self.fork.context
        if not context.branches:
            self.perform(context.refuse(480))
        for known in context.branches:
            if known.state is BranchState.PENDING:
                self.give_up(known.device)
        for device, transaction in tuple(self.open.items()):
            if not transaction.has_2xx:
                del self.open[device]
                self.perform(context.failed(branch(device), Failure.TIMEOUT))
        self.one_final_response()
        assert self.finals != []
        assert context.is_settled


class HistoryOfMessage(History):
    """The same for a request that is no INVITE: nobody cancels it, and a 6xx is one phone's word."""

    method = "MESSAGE"
    cancel = None  # type: ignore[assignment]  # hides the rule
    refuse = None  # type: ignore[assignment]


def device_of(via_branch: str) -> str:
    return via_branch.rpartition("-")[2]


_SETTINGS = settings(derandomize=True, deadline=None, max_examples=150, stateful_step_count=25)
TestInvite = History.TestCase
TestInvite.settings = _SETTINGS
TestMessage = HistoryOfMessage.TestCase
TestMessage.settings = settings(_SETTINGS, max_examples=50)
