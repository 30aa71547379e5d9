"""The gate's verbs, one by one, between a wire and a server that write down what they are told."""

from __future__ import annotations

import pytest
from tests.edge.media.scripted_relay import SDP, SDP_TYPE
from tests.support.sip_messages import TCP, answer, request

from ringwake.edge.media.gate import MediaGate
from ringwake.edge.media.rules import MediaRules
from ringwake.model.events import Event as Happening
from ringwake.model.events import Happened
from ringwake.model.media import Described, Dialog, Manner, Outcome, Role
from ringwake.sip.errors import LocalProtocolError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import Event, Failure, RequestArrived, RequestFailed, ResponseArrived
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.transactions.servers import ServerTransaction

BRANCH = "z9hG4bK-1"


class Bench:
    """Implements `Sip`, `User` and `MediaRelay`; the relay answers when the test says so."""

    def __init__(self, *, relays: bool = True) -> None:
        self.said: list[str] = []
        self.told: list[Event] = []
        self.noted: list[Happening] = []
        self.waiting: list[tuple[bytes, object]] = []
        self.refuses = ""
        rules = MediaRules(relays=lambda *_: relays, is_pbx=lambda _: False, trace=lambda _: "t")
        self.gate = MediaGate(sip=self, relay=self, rules=rules, note=self.noted.append, clock=lambda: 7.0)
        self.gate.attach(self)

    # the wire

    def send(self, request: Request, flow: Flow, now: float) -> None:
        del flow, now
        self.say(f"send {request.method}")

    def relay(self, request: Request, flow: Flow) -> None:
        del flow
        self.say(f"relay {request.method}")

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> bool:
        del transaction, now
        self.say(f"respond {response.status}")
        return True

    def dismiss(self, transaction: ServerTransaction, response: Response) -> None:
        del transaction
        self.say(f"dismiss {response.status}")

    def cancel(self, branch: str, reason: str, now: float) -> bool:
        del now
        self.say(f"cancel {branch} {reason}")
        return False

    def quiet(self, branch: str, now: float) -> None:
        del now
        self.say(f"quiet {branch}")

    def abandon(self, branch: str, method: str) -> None:
        self.say(f"abandon {branch} {method}")

    def reset_flow(self, flow: Flow) -> None:
        self.say(f"reset {flow.serial}")

    def pump(self, now: float) -> None:
        self.say(f"pump {now:.0f}")

    def say(self, text: str) -> None:
        self.said.append(text)
        if self.refuses and text.startswith(self.refuses):
            raise LocalProtocolError("it is broken")

    # the server

    def receive(self, event: Event, now: float) -> None:
        del now
        self.told.append(event)

    def opened(self, flow: Flow, now: float) -> None:
        self.say(f"opened {flow.serial} {now:.0f}")

    def closed(self, flow: Flow, now: float) -> None:
        self.say(f"closed {flow.serial} {now:.0f}")

    def get_timer(self) -> float | None:
        return 3.0

    def handle_timer(self, now: float) -> None:
        self.say(f"timer {now:.0f}")

    # the relay

    def describe(self, role: Role, dialog: Dialog, sdp: bytes, *, to: Manner, done: object) -> None:
        del dialog, to
        self.said.append(role.value)
        self.waiting.append((sdp, done))

    def release(self, call_id: str, leg: Dialog | None = None) -> None:
        self.said.append(f"release {leg.offerer} {leg.answerer or leg.branch}" if leg else f"release {call_id}")

    def answer(self, outcome: Outcome | None = None) -> None:
        """Let the relay answer the oldest question."""
        sdp, done = self.waiting.pop(0)
        assert callable(done)
        done(outcome or Described(sdp))


def invite(*, body: bytes = SDP, branch: str = BRANCH) -> Request:
    return request("INVITE", *(["Content-Type: application/sdp"] if body else []), body=body, branch=branch)


def arrived(bench: Bench) -> ServerTransaction:
    """Let the INVITE of the call arrive; it waits for its final response."""
    asked = invite(branch="z9hG4bK-upstream")
    transaction = TransactionLayer().adopt(asked, TCP)
    bench.gate.receive(RequestArrived(transaction, asked, TCP), 1.0)
    return transaction


def test_what_is_not_relayed_passes_both_ways_at_once() -> None:
    bench, asked = Bench(relays=False), invite()
    arrived(bench)
    bench.gate.send(asked, TCP, 1.0)
    bench.gate.receive(ResponseArrived(BRANCH, "INVITE", answer(asked, 200)), 1.0)
    bench.gate.relay(request("ACK", to_tag="b1"), TCP)
    bench.gate.receive(RequestFailed(BRANCH, "INVITE", Failure.TIMEOUT), 1.0)
    assert not bench.gate.cancel(BRANCH, "why", 1.0)
    bench.gate.quiet(BRANCH, 1.0)
    bench.gate.abandon(BRANCH, "INVITE")
    assert bench.said == [
        "send INVITE",
        "relay ACK",
        f"cancel {BRANCH} why",
        f"quiet {BRANCH}",
        f"abandon {BRANCH} INVITE",
    ]
    assert len(bench.told) == 3
    assert bench.gate.calls == 0


def test_flows_timers_and_answers_pass_as_they_are() -> None:
    bench = Bench()
    transaction = arrived(bench)
    bench.gate.opened(TCP, 1.0)
    bench.gate.closed(TCP, 2.0)
    assert bench.gate.get_timer() == 3.0
    bench.gate.handle_timer(4.0)
    bench.gate.reset_flow(TCP)
    bench.gate.pump(5.0)
    assert bench.gate.respond(transaction, reply(invite(), 180), 6.0)
    bench.gate.dismiss(transaction, reply(invite(), 403))
    assert bench.said == [
        *("opened 1 1", "closed 1 2", "timer 4", "reset 1", "pump 5", "respond 180", "dismiss 403"),
    ]
    assert bench.gate.calls == 0


def test_an_invite_that_waits_is_sent_once_and_quietly_when_that_was_wanted() -> None:
    bench = Bench()
    arrived(bench)
    bench.gate.send(invite(), TCP, 1.0)
    bench.gate.quiet(BRANCH, 1.0)
    assert bench.said == ["offer"]
    bench.answer()
    assert bench.said == ["offer", "send INVITE", f"quiet {BRANCH}", "pump 7"]
    bench.gate.quiet(BRANCH, 1.0)
    assert bench.said[-1] == f"quiet {BRANCH}"


def test_an_invite_that_waits_is_abandoned_without_a_word_and_its_branch_may_be_taken_at_once() -> None:
    bench = Bench()
    transaction = arrived(bench)
    bench.gate.send(invite(), TCP, 1.0)
    bench.gate.abandon(BRANCH, "INVITE")
    bench.gate.send(invite(), TCP, 1.0)
    bench.answer()
    assert "send INVITE" not in bench.said
    bench.answer()
    assert bench.said.count("send INVITE") == 1
    assert not any(said.startswith("release") for said in bench.said)  # it would take the second one's ports
    assert bench.told[1:] == []
    bench.gate.receive(ResponseArrived(BRANCH, "INVITE", answer(invite(), 486)), 2.0)
    bench.gate.respond(transaction, reply(invite(), 486), 2.0)
    assert bench.said[-3:] == [f"release a1 {BRANCH}", "respond 486", f"release {invite().call_id}"]


def test_an_invite_that_was_sent_and_abandoned_is_let_go_of_when_the_call_is_over() -> None:
    bench = Bench()
    transaction = arrived(bench)
    bench.gate.send(invite(), TCP, 1.0)
    bench.answer()
    bench.gate.abandon(BRANCH, "INVITE")
    bench.gate.respond(transaction, reply(invite(), 480), 2.0)
    assert bench.said[-3:] == [f"abandon {BRANCH} INVITE", "respond 480", f"release {invite().call_id}"]
    assert bench.gate.calls == 0


def test_a_cancel_of_an_invite_that_waits_is_answered_here_with_487() -> None:
    bench = Bench()
    arrived(bench)
    bench.gate.send(invite(), TCP, 1.0)
    assert bench.gate.cancel(BRANCH, "", 1.0)
    bench.answer()
    event = bench.told[-1]
    assert isinstance(event, ResponseArrived)
    assert (event.branch, event.response.status) == (BRANCH, 487)
    assert bench.said == ["offer", f"release a1 {BRANCH}", "pump 7"]


def test_a_failure_has_its_turn() -> None:
    bench, asked = Bench(), invite()
    arrived(bench)
    bench.gate.send(asked, TCP, 1.0)
    bench.answer()
    ringing = answer(asked, 183)
    ringing.headers.set(*SDP_TYPE)
    ringing.body = SDP
    bench.gate.receive(ResponseArrived(BRANCH, "INVITE", ringing), 2.0)
    failed = RequestFailed(BRANCH, "INVITE", Failure.TRANSPORT)
    bench.gate.receive(failed, 2.0)
    assert len(bench.told) == 1
    bench.answer()
    assert bench.told[-1] == failed
    assert len(bench.told) == 3
    assert bench.said[-2:] == [f"release a1 {BRANCH}", "pump 7"]


def test_a_message_that_cannot_be_sent_does_not_hold_up_the_others() -> None:
    bench = Bench()
    arrived(bench)
    bench.refuses = "send INVITE"
    bench.gate.send(invite(), TCP, 1.0)
    bench.gate.relay(request("ACK", to_tag="b1"), TCP)
    bench.answer()
    assert bench.said == ["offer", "send INVITE", "relay ACK", "pump 7"]
    (event,) = bench.noted
    assert event.what is Happened.FAULT
    assert event.fields == {"effect": "media", "rule": "it is broken"}


def test_a_2xx_to_a_bye_ends_a_call_whose_bye_went_out_as_another() -> None:
    bench, asked = Bench(), invite()
    arrived(bench)
    bench.gate.send(asked, TCP, 1.0)
    bench.answer()
    bench.gate.receive(ResponseArrived(BRANCH, "INVITE", answer(asked, 200)), 2.0)
    bye = request("BYE", to_tag="b1", seq=2)
    transaction = TransactionLayer().adopt(bye, TCP)
    bench.gate.respond(arrived(bench), reply(invite(), 200, to_tag="b1"), 3.0)
    bench.gate.respond(transaction, reply(bye, 481), 3.0)
    assert bench.gate.calls == 1
    bench.gate.respond(transaction, reply(bye, 200), 3.0)
    assert bench.said[-1] == "release a1 b1"


def test_nothing_is_received_before_a_server_stands_behind_it() -> None:
    bench = Bench()
    gate = MediaGate(sip=bench, relay=bench, rules=bench.gate._rules, note=bench.noted.append, clock=lambda: 7.0)
    with pytest.raises(AssertionError, match="attach it first"):
        gate.get_timer()


def test_a_branch_that_made_no_offer_is_let_go_of_with_its_call() -> None:
    bench = Bench()
    transaction, asked = arrived(bench), invite(body=b"")
    bench.gate.send(asked, TCP, 1.0)
    bench.gate.receive(ResponseArrived(BRANCH, "INVITE", answer(asked, 486)), 2.0)
    bench.gate.respond(transaction, reply(asked, 486), 2.0)
    assert bench.said == ["send INVITE", "respond 486", f"release {asked.call_id}"]
