"""A parked call whose phones, provider and clock are played by the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.proxy.fork import branch, cancelled, forwarded, said
from tests.support.sip_messages import UDP, received_response, request
from tests.wake.phones import AOR, SEAL, WALL, account, app, binding, wall

from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.effects import (
    AbandonBranch,
    CancelBranch,
    Effects,
    Forward,
    Note,
    Persist,
    QuietBranch,
    Relay,
    Respond,
    SendPush,
)
from ringwake.model.events import Happened
from ringwake.model.history import Entry
from ringwake.model.push import Kind, Outcome, Push
from ringwake.model.store_ops import Finish, Finished, Op
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.routing import Hop, forward
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import Failure
from ringwake.sip.transactions.key import server_key
from ringwake.sip.transactions.servers import Servers
from ringwake.wake.announcement import announcement
from ringwake.wake.budget import Budget
from ringwake.wake.callers import Callers
from ringwake.wake.means import Means, Timing
from ringwake.wake.parked_call import ParkedCall
from ringwake.wake.plan import Action, Target

TIMING = Timing()


class Call:
    """One INVITE to alice, and all that came of it."""

    def __init__(
        self,
        *,
        budget: Budget | None = None,
        name: str = "c1",
        timing: Timing = TIMING,
        refusals: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self.budget = Budget(window=timing.wake) if budget is None else budget
        self.callers = Callers()
        self.request = request("INVITE", "Contact: <sip:boss@198.51.100.7>")
        transaction = Servers().open(server_key(self.request, self.request.via, "INVITE"), self.request, UDP)
        record = CallRecord(
            id=name,
            trace="t",
            aor=AOR,
            invite=self.request.encode(),
            flow=UDP,
            received_at=WALL,
            wake_until=WALL + timing.wake,
            refusals=refusals,
        )
        self.call = ParkedCall(
            record,
            ResponseContext(transaction, self.request, to_tag="us"),
            announcement(self.request, account(), seal=SEAL, find_app=lambda _: app()),
            compose=self.compose,
            means=Means(timing=timing, budget=self.budget, callers=self.callers, wall=wall, jitter=lambda: 0.5),
        )
        self.now = 0.0
        self.unread = 0
        """What the store says at the end."""
        self.said: list[int] = []
        self.sent: list[tuple[str, Flow]] = []
        self.relayed: list[Request] = []
        self.cancelled: list[str] = []
        self.quieted: list[str] = []
        self.pushes: list[tuple[float, str, Push]] = []
        self.ops: list[Op[Any]] = []
        self.noted: list[Happened] = []
        self.requests: dict[str, Request] = {}

    def compose(self, record: CallRecord, to: Binding, down: Flow) -> Request:
        """Build the INVITE for a phone: the same branch each time."""
        assert record.id == self.call.record.id
        return forward(self.request, Hop(flow=down, branch=branch(to.id), uri=to.uri))

    # ---- events

    def start(self, **actions: Action | Target) -> Effects:
        """Begin, with phones by name, each with what is to be done about it."""
        targets = [
            action if isinstance(action, Target) else Target(binding(device), action)
            for device, action in actions.items()
        ]
        return self.start_with(targets)

    def start_with(self, targets: Sequence[Target]) -> Effects:
        return self.perform(self.call.start(targets, self.now))

    def woken(self, device: str, flow: Flow, **changes: Any) -> Effects:
        """Let a phone register down a flow."""
        changes = {"registered_at": WALL + self.now, **changes}
        return self.perform(self.call.woken(binding(device, flow=flow, **changes), self.now))

    def answer(self, device: str, status: int, *fields: tuple[str, str]) -> Effects:
        answered = reply(self.requests[device], status, to_tag=device, headers=fields)
        response = received_response(answered.encode())
        return self.perform(self.call.response(branch(device), response, self.now))

    def failed(self, device: str, failure: Failure) -> Effects:
        return self.perform(self.call.failed(branch(device), failure, self.now))

    def pushed(self, device: str, outcome: Outcome) -> Effects:
        return self.perform(self.call.pushed(device, outcome, self.now))

    def cancel(self) -> Effects:
        return self.perform(self.call.cancel("", self.now))

    def run(self, until: float) -> None:
        """Let time pass until then."""
        while (at := self.call.get_timer()) is not None and at <= until:
            self.now = max(self.now, at)
            self.perform(self.call.handle_timer(self.now))
            due = self.call.get_timer()
            assert due is None or due > self.now, "what was due is done, or the server would never do anything else"
        self.now = until

    # ---- what comes of it

    def perform(self, effects: Effects) -> Effects:
        """Take note of effects; returns them with those that the store's answer to `Finish` has brought."""
        brought: list[Effects] = []
        self.said += said(effects)
        self.cancelled += [known for known, _ in cancelled(effects)]
        for effect in effects:
            match effect:
                case Forward():
                    device = effect.request.via.branch.rpartition("-")[2]
                    self.requests[device] = effect.request
                    self.sent.append((device, effect.flow))
                case SendPush():
                    is_call, name = effect.push.notice.kind is Kind.CALL, self.call.record.id
                    assert effect.owner == (name if is_call else f"end {name}")
                    self.pushes.append((self.now, effect.binding, effect.push))
                case Persist():
                    self.ops.append(effect.op)
                    if isinstance(effect.op, Finish) and effect.applied is not None:
                        finished = Finished(was_open=True, unread=self.unread)
                        brought.append(self.perform(effect.applied(finished, self.now)))
                case Note():
                    self.noted.append(effect.event.what)
                    assert effect.event.at == self.now
                case QuietBranch():
                    self.quieted.append(effect.branch)
                case Relay():
                    self.relayed.append(effect.request)
                case Respond() | CancelBranch() | AbandonBranch():
                    pass
                case _:
                    raise AssertionError(effect)
        return (*effects, *(effect for several in brought for effect in several))

    def pushed_to(self, kind: Kind = Kind.CALL) -> list[str]:
        """Return the phones that were sent a push of this kind, in order."""
        return [device for _, device, push in self.pushes if push.notice.kind is kind]

    @property
    def entry(self) -> Entry:
        """What is kept of the call: it was ended once."""
        (finish,) = [op for op in self.ops if isinstance(op, Finish)]
        assert finish.entry is not None
        return finish.entry

    @property
    def finals(self) -> list[int]:
        return [status for status in self.said if status >= 200]


def on(flow: Flow, action: Action = Action.RING, device: str = "a", **changes: Any) -> Target:
    """Return a target whose phone has this flow."""
    return Target(replace(binding(device), flow=flow, **changes), action)


__all__ = ["TIMING", "Call", "forwarded", "on"]
