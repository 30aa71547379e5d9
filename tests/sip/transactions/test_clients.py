"""Claims about client transactions: a request of ours is sent until it has its final response."""

import pytest
from tests.support.sip_messages import TCP, UDP, answer, request

from ringwake.sip.errors import LocalProtocolError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.parser import parse
from ringwake.sip.transactions.clients import Clients
from ringwake.sip.transactions.events import Event, Failure, RequestFailed, ResponseArrived
from ringwake.sip.transactions.key import client_key

BRANCH = "z9hG4bK-1"


class Phone:
    """Client transactions, and what came of them."""

    def __init__(self) -> None:
        self.clients = Clients()

    def send(self, method: str, flow: Flow = UDP, *, branch: str = BRANCH, now: float = 0.0) -> Request:
        sent = request(method, branch=branch)
        self.clients.send(sent, flow, now)
        return sent

    def hear(self, response: Response, now: float = 1.0) -> bool:
        return self.clients.receive(client_key(response), response, now)

    def sent(self) -> list[str]:
        """The methods that went out since the last call."""
        outputs = self.clients.outputs.copy()
        self.clients.outputs.clear()
        return [message.method for _, octets in outputs if isinstance(message := parse(octets), Request)]

    def events(self) -> list[Event]:
        events = self.clients.events.copy()
        self.clients.events.clear()
        return events

    def statuses(self) -> list[int]:
        return [event.response.status for event in self.events() if isinstance(event, ResponseArrived)]

    def run(self, until: float) -> None:
        """Call at each time that was asked for."""
        while (at := self.clients.get_timer()) is not None and at <= until:
            self.clients.handle_timer(at)


def test_a_request_goes_out_again_until_it_is_given_up() -> None:
    phone = Phone()
    phone.send("OPTIONS")
    assert phone.clients.outputs == [(UDP, request("OPTIONS").encode())]
    phone.run(31.5)
    assert phone.sent() == ["OPTIONS"] * 11
    assert phone.events() == []
    phone.run(32.0)
    assert phone.events() == [RequestFailed(BRANCH, "OPTIONS", Failure.TIMEOUT)]
    assert len(phone.clients) == 0
    assert phone.clients.get_timer() is None


def test_an_invite_that_is_quieted_goes_out_no_more_and_is_still_answered() -> None:
    phone = Phone()
    invite = phone.send("INVITE")
    phone.run(1.0)
    assert phone.sent() == ["INVITE", "INVITE"]
    phone.clients.quiet(BRANCH, 1.0)
    phone.clients.quiet("z9hG4bK-unknown", 1.0)
    phone.run(31.9)
    assert phone.sent() == []
    assert phone.hear(answer(invite, 180), now=31.9)
    phone.clients.quiet(BRANCH, 32.0)
    phone.run(100.0)
    assert phone.hear(answer(invite, 200), now=100.0)
    assert phone.statuses() == [180, 200]


def test_an_invite_that_was_quieted_is_given_up_like_any_other() -> None:
    phone = Phone()
    phone.send("INVITE")
    phone.clients.quiet(BRANCH, 0.1)
    phone.run(32.0)
    assert phone.events() == [RequestFailed(BRANCH, "INVITE", Failure.TIMEOUT)]


def test_each_branch_and_method_is_one_transaction() -> None:
    phone = Phone()
    phone.send("INVITE")
    phone.send("CANCEL")
    phone.send("INVITE", branch="z9hG4bK-2")
    with pytest.raises(LocalProtocolError):
        phone.send("INVITE")
    with pytest.raises(LocalProtocolError):
        phone.send("ACK", branch="z9hG4bK-3")
    assert len(phone.clients) == 3


def test_responses_are_passed_up_with_their_branch_and_method() -> None:
    phone = Phone()
    invite = phone.send("INVITE")
    ringing = answer(invite, 180)
    assert phone.hear(ringing)
    assert phone.events() == [ResponseArrived(BRANCH, "INVITE", ringing)]


def test_the_answer_to_a_cancel_is_none_to_its_invite() -> None:
    phone = Phone()
    phone.send("INVITE")
    assert not phone.hear(answer(request("CANCEL"), 200))
    assert phone.events() == []


def test_a_final_response_comes_up_once_and_the_transaction_ends() -> None:
    phone = Phone()
    options = phone.send("OPTIONS")
    assert phone.hear(answer(options, 200))
    assert phone.hear(answer(options, 200))
    assert phone.statuses() == [200]
    phone.run(6.0)
    assert not phone.hear(answer(options, 200), now=6.0)


def test_two_phones_that_answer_are_both_heard() -> None:
    phone = Phone()
    invite = phone.send("INVITE")
    for to_tag in ("b1", "b2", "b1"):
        assert phone.hear(answer(invite, 200, to_tag=to_tag))
    assert phone.statuses() == [200, 200, 200]
    assert phone.sent() == ["INVITE"], "the ACK to a 2xx is not ours to send"
    phone.run(33.0)
    assert len(phone.clients) == 0


def test_each_failure_gets_its_ack_down_the_same_flow() -> None:
    phone = Phone()
    invite = phone.send("INVITE")
    phone.sent()
    busy = answer(invite, 486)
    phone.hear(busy)
    phone.hear(busy)
    (flow, octets), again = phone.clients.outputs
    assert (flow, octets) == again
    assert flow == UDP
    ack = parse(octets)
    assert isinstance(ack, Request)
    assert (ack.method, ack.headers.get("to")) == ("ACK", busy.headers.get("to"))
    assert phone.statuses() == [486]


def test_a_cancel_is_held_back_until_the_first_provisional_response() -> None:
    phone = Phone()
    invite = phone.send("INVITE")
    assert phone.clients.cancel(BRANCH, "SIP;cause=200", 0.1)
    assert phone.sent() == ["INVITE"]
    phone.hear(answer(invite, 100))
    (_, octets) = phone.clients.outputs[0]
    assert phone.sent() == ["CANCEL"]
    assert b"\r\nReason: SIP;cause=200\r\n" in octets


@pytest.mark.parametrize("status", [200, 487])
def test_an_invite_that_has_its_final_response_needs_no_cancel(status: int) -> None:
    phone = Phone()
    invite = phone.send("INVITE")
    assert phone.clients.cancel(BRANCH, "", 0.1)
    phone.hear(answer(invite, status))
    assert "CANCEL" not in phone.sent()
    assert not phone.clients.cancel(BRANCH, "", 1.1)
    assert not phone.clients.cancel("z9hG4bK-unknown", "", 1.1)


@pytest.mark.parametrize("flow", [UDP, TCP])
def test_an_invite_is_cancelled_once_however_often_it_rings(flow: Flow) -> None:
    phone = Phone()
    invite = phone.send("INVITE", flow)
    phone.hear(answer(invite, 180))
    for _ in range(2):
        assert phone.clients.cancel(BRANCH, "", 2.0)
    phone.hear(answer(request("CANCEL"), 200), now=2.5)
    phone.run(20.0)  # the CANCEL's own transaction is over
    phone.hear(answer(invite, 180), now=20.0)
    assert phone.sent() == ["INVITE", "CANCEL"]


def test_a_cancelled_invite_that_only_rings_on_ends_after_32_seconds() -> None:
    phone = Phone()
    invite = phone.send("INVITE")
    phone.clients.cancel(BRANCH, "", 0.1)
    for now in (1.0, 10.0, 20.0, 32.0):
        phone.hear(answer(invite, 180), now=now)
    phone.run(33.0)
    assert RequestFailed(BRANCH, "INVITE", Failure.TIMEOUT) in phone.events()  # section 9.1
    assert len(phone.clients) == 0


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE"])
def test_an_abandoned_request_is_forgotten_without_a_word(method: str) -> None:
    phone = Phone()
    sent = phone.send(method)
    phone.clients.abandon(BRANCH, "BYE")
    assert len(phone.clients) == 1
    for _ in range(2):
        phone.clients.abandon(BRANCH, method)
    assert not phone.hear(answer(sent, 486))
    phone.run(99.0)
    assert phone.sent() == [method]
    assert phone.events() == []
    assert len(phone.clients) == 0


def test_a_branch_that_is_used_again_is_not_cancelled_while_its_last_cancel_runs() -> None:
    phone = Phone()
    phone.hear(answer(phone.send("INVITE"), 180))
    phone.clients.cancel(BRANCH, "", 1.0)
    phone.clients.abandon(BRANCH, "INVITE")
    phone.hear(answer(phone.send("INVITE", now=2.0), 180), now=2.0)
    assert phone.clients.cancel(BRANCH, "", 2.0)
    assert phone.sent() == ["INVITE", "CANCEL", "INVITE"]


def test_a_broken_flow_fails_its_requests_in_the_order_they_were_sent() -> None:
    phone = Phone()
    branches = [f"z9hG4bK-{serial}" for serial in range(20)]
    for branch in branches:
        phone.send("OPTIONS", TCP, branch=branch)
    phone.send("OPTIONS", UDP, branch="z9hG4bK-elsewhere")
    phone.clients.flow_broken(TCP, 1.0)
    assert phone.events() == [RequestFailed(branch, "OPTIONS", Failure.TRANSPORT) for branch in branches]
    assert len(phone.clients) == 1
    phone.clients.flow_broken(TCP, 1.0)
    assert phone.events() == []


def test_what_has_ended_leaves_nothing_behind() -> None:
    phone = Phone()
    for serial in range(3):
        flow = TCP._replace(serial=serial)
        phone.hear(answer(phone.send("OPTIONS", flow, branch=f"z9hG4bK-{serial}"), 200))
        phone.hear(answer(phone.send("INVITE", flow, branch=f"z9hG4bK-{serial}"), 486))
    assert len(phone.clients) == len(phone.clients._by_flow) == len(phone.clients._deadlines) == 0


def test_an_answered_request_does_not_fail_when_its_flow_breaks() -> None:
    phone = Phone()
    phone.hear(answer(phone.send("INVITE", TCP), 200))
    phone.hear(answer(phone.send("OPTIONS", UDP), 200))
    phone.events()
    phone.clients.flow_broken(TCP, 2.0)
    phone.clients.flow_broken(UDP, 2.0)
    assert phone.events() == []
    assert len(phone.clients) == 2
