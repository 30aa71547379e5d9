"""Claims about the transaction layer: what comes in becomes an event once, and answers go where they came from."""

import pytest
from tests.sip.transactions.listening import Server
from tests.support.sip_messages import (
    TCP,
    UDP,
    answer,
    octets,
    received_request,
    received_response,
    request,
    request_fields,
)

from ringwake.sip.flow import Address
from ringwake.sip.message import Message
from ringwake.sip.replies import has_tag
from ringwake.sip.transactions.events import (
    AckArrived,
    Dropped,
    Failure,
    RequestFailed,
    ResponseArrived,
)
from ringwake.sip.transactions.layer import TransactionLayer

BRANCH = "z9hG4bK-1"


# ---- requests


def test_a_new_request_is_told_with_where_it_came_from() -> None:
    arrived = Server().arrive(request("MESSAGE"))
    assert arrived.flow == arrived.transaction.flow == UDP
    assert arrived.request.method == "MESSAGE"
    via = "SIP/2.0/UDP 198.51.100.7:40112;branch=z9hG4bK-1;rport=40112;received=198.51.100.7"
    assert arrived.request.headers.get("via") == via  # RFC 3581 section 4


def test_a_via_that_needs_nothing_stays_as_it_came() -> None:
    message = received_request(octets("OPTIONS sip:h SIP/2.0", "v:SIP / 2.0/UDP 198.51.100.7;branch=z9hG4bK-1"))
    Server().arrive(message)
    assert message.headers.text() == "v:SIP / 2.0/UDP 198.51.100.7;branch=z9hG4bK-1\r\n"


@pytest.mark.parametrize("first", ["Via:", "Via: ,"])
def test_the_via_that_is_amended_is_the_one_that_was_read(first: str) -> None:
    message = received_request(octets("OPTIONS sip:h SIP/2.0", first, "Via: SIP/2.0/UDP a;branch=z9hG4bK-1", "Via: b"))
    Server().arrive(message)
    assert message.headers.values("via") == ["SIP/2.0/UDP a;branch=z9hG4bK-1;received=198.51.100.7", "b"]


def test_a_request_that_comes_again_is_absorbed_then_answered_again() -> None:
    server = Server()
    transaction = server.arrive(request("MESSAGE")).transaction
    assert server.take(request("MESSAGE"), now=0.5) == []
    assert server.answers() == []
    server.respond(transaction, 202, 1.0, "MESSAGE")
    assert server.take(request("MESSAGE"), now=1.5) == []
    assert server.answers() == [(UDP, 202), (UDP, 202)]


def test_an_answered_request_is_new_again_after_32_seconds() -> None:
    server = Server()
    server.respond(server.arrive(request("MESSAGE")).transaction, 202, 1.0, "MESSAGE")
    server.run(33.0)
    server.arrive(request("MESSAGE"), now=33.0)


def test_an_invite_that_comes_again_after_its_200_rings_nobody() -> None:
    server = Server()
    server.respond(server.arrive(request("INVITE")).transaction, 200)
    assert server.take(request("INVITE"), now=0.5) == []  # RFC 6026 section 7.1
    assert server.answers() == [(UDP, 200)]


# ---- ACK and CANCEL


def test_the_ack_to_a_failure_is_absorbed_and_stops_it() -> None:
    server = Server()
    server.respond(server.arrive(request("INVITE")).transaction, 486)
    assert server.take(request("ACK", to_tag="b1"), now=0.2) == []
    server.run(99.0)
    assert server.answers() == [(UDP, 486)]
    assert len(server.layer) == 0


@pytest.mark.parametrize("branch", [BRANCH, "z9hG4bK-another"])
def test_the_ack_to_a_success_is_passed_up_whatever_its_branch(branch: str) -> None:
    server = Server()
    server.respond(server.arrive(request("INVITE")).transaction, 200)
    ack = request("ACK", branch=branch, to_tag="b1")
    assert server.take(ack, now=0.2) == [AckArrived(ack, UDP)]


def test_a_cancel_is_told_with_what_it_cancels_and_has_its_own_answer() -> None:
    server = Server()
    invite = server.arrive(request("INVITE")).transaction
    cancelled = server.arrive(request("CANCEL"))
    assert cancelled.target is invite
    assert cancelled.transaction is not invite
    server.respond(cancelled.transaction, 200, method="CANCEL")
    server.respond(invite, 487)
    assert server.take(request("CANCEL"), now=0.1) == []
    assert server.answers() == [(UDP, 200), (UDP, 487), (UDP, 200)]


@pytest.mark.parametrize(("host", "is_moved"), [("198.51.100.7", True), ("203.0.113.9", False)])
def test_a_cancel_down_another_connection_takes_the_answer_of_its_invite_along(host: str, is_moved: bool) -> None:
    # The connection of the INVITE is gone, and who cancels still waits for the 487 (section 18.2.2).
    server = Server()
    invite = server.arrive(request("INVITE"), TCP).transaction
    again = TCP._replace(remote=Address(host, 40999), serial=2)
    cancelled = server.arrive(request("CANCEL"), again)
    server.respond(cancelled.transaction, 200, method="CANCEL")
    server.respond(invite, 487)
    assert server.answers() == [(again, 200), (again if is_moved else TCP, 487)]


def test_a_cancel_of_nothing_has_no_target() -> None:
    assert Server().arrive(request("CANCEL")).target is None
    assert Server().arrive(request("OPTIONS")).target is None


# ---- too many, and too broken


def test_beyond_the_limit_new_work_gets_503_and_the_old_goes_on() -> None:
    server = Server(most=2)
    first, second = (server.arrive(request("INVITE", branch=f"z9hG4bK-{name}")).transaction for name in "ab")
    for _ in range(2):
        assert server.take(request("INVITE", branch="z9hG4bK-c")) == []
    (flow, sent), again = server.layer.outputs()
    assert sent.startswith(b"SIP/2.0 503 ")
    assert (flow, sent) == again, "a retransmission gets the same answer without being remembered"
    assert flow == UDP
    assert has_tag(received_response(sent).headers.get("to") or "")

    server.respond(first, 200)
    server.respond(second, 486)
    assert server.take(request("INVITE", branch="z9hG4bK-b"), now=0.1) == []
    assert server.take(request("ACK", branch="z9hG4bK-b"), now=0.2) == []
    assert server.answers() == [(UDP, 200), (UDP, 486), (UDP, 486)]
    server.run(6.0)
    server.arrive(request("INVITE", branch="z9hG4bK-c"), now=6.0)


def test_under_overload_a_phone_is_told_when_to_come_again_and_a_trunk_is_not() -> None:
    server = Server(most=0)
    for method in ("REGISTER", "INVITE", "OPTIONS"):
        assert server.take(request(method)) == []
    register, *others = (received_response(sent).headers for _, sent in server.layer.outputs())
    assert 5 <= int(register.get("retry-after") or "0") <= 30
    assert not any("retry-after" in headers for headers in others)


def test_requests_of_our_own_do_not_count() -> None:
    server = Server(most=1)
    server.layer.send(request("OPTIONS"), UDP, 0.0)
    server.arrive(request("OPTIONS"))
    assert len(server.layer) == 2


@pytest.mark.parametrize("via", ["SIP/2.0/UDP h;;;,,;", "SIP/2.0/UDP a:b:c", "::1", ", ;"])
def test_a_request_with_a_broken_via_is_answered_to_where_it_came_from(via: str) -> None:
    server = Server()
    message = received_request(octets("OPTIONS sip:h SIP/2.0", f"Via: {via}", *request_fields()[1:]))
    (event,) = server.take(message)
    assert isinstance(event, Dropped)
    assert server.answers() == [(UDP, 400)]
    assert len(server.layer) == 0


@pytest.mark.parametrize(
    "received",
    [
        octets("OPTIONS sip:h SIP/2.0", *request_fields()[1:]),
        octets("ACK sip:h SIP/2.0", "Via: SIP/2.0/UDP a:b:c", *request_fields("ACK")[1:]),
    ],
)
def test_what_has_no_way_back_and_a_broken_ack_are_dropped(received: bytes) -> None:
    server = Server()
    (event,) = server.take(received_request(received))
    assert isinstance(event, Dropped)
    assert server.answers() == []


def test_a_request_with_a_defect_gets_a_transaction_for_its_answer() -> None:
    server = Server()
    message = received_request(octets("INVITE sip:h SIP/7.0", *request_fields("INVITE")))
    arrived = server.arrive(message)
    assert arrived.request.defect is not None
    server.respond(arrived.transaction, arrived.request.defect.status)
    assert server.answers() == [(UDP, 505)]


# ---- responses


def test_a_response_reaches_whoever_asked() -> None:
    server = Server()
    sent = request("OPTIONS")
    server.layer.send(sent, UDP, 0.0)
    ok = answer(sent, 200)
    assert server.take(ok) == [ResponseArrived(BRANCH, "OPTIONS", ok)]


@pytest.mark.parametrize(
    "received",
    [
        octets("SIP/2.0 200 OK", *request_fields(branch="z9hG4bK-other")),
        octets("SIP/2.0 200 OK", *request_fields("BYE")),
        octets("SIP/2.0 200 OK", "Via: SIP/2.0/UDP 255.255.255.255;branch=x", *request_fields()),
        octets("SIP/2.0 200 OK", *request_fields()[1:]),
        octets("SIP/2.0 200 OK", *request_fields()[:-1]),
        octets("SIP/2.0 503 no", *request_fields(seq=2**32)),
        octets("SIP/2.0 200 OK", *request_fields(), "no colon"),
        octets("SIP/2.0 200 OK", *request_fields(), "Content-Length: 9"),
    ],
)
def test_a_response_that_nobody_waits_for_is_dropped(received: bytes) -> None:
    server = Server()
    server.layer.send(request("OPTIONS"), UDP, 0.0)
    server.layer.outputs()
    (event,) = server.take(received_response(received))
    assert isinstance(event, Dropped)
    assert server.answers() == []


# ---- requests of our own


def test_a_request_is_sent_cancelled_and_reported() -> None:
    server = Server()
    invite = request("INVITE")
    server.layer.send(invite, TCP, 0.0)
    assert server.layer.cancel(BRANCH, "", 0.1)
    server.take(answer(invite, 180), TCP, 0.2)
    assert [(flow, sent.split()[0]) for flow, sent in server.layer.outputs()] == [(TCP, b"INVITE"), (TCP, b"CANCEL")]
    server.run(99.0)
    assert server.layer.events() == [
        RequestFailed(BRANCH, "CANCEL", Failure.TIMEOUT),
        RequestFailed(BRANCH, "INVITE", Failure.TIMEOUT),
    ]
    assert not server.layer.cancel(BRANCH, "", 99.0)


def test_an_ack_to_a_success_is_relayed_without_a_transaction() -> None:
    server = Server()
    server.layer.relay(request("ACK"), UDP)
    assert server.layer.outputs() == [(UDP, request("ACK").encode())]
    assert len(server.layer) == 0


def test_an_invite_can_be_quieted() -> None:
    server = Server()
    server.layer.send(request("INVITE"), UDP, 0.0)
    server.layer.outputs()
    server.layer.quiet(BRANCH, 0.1)
    server.layer.handle_timer(1.0)
    assert server.layer.outputs() == []
    assert len(server.layer) == 1


def test_a_request_can_be_abandoned() -> None:
    server = Server()
    server.layer.send(request("INVITE"), UDP, 0.0)
    server.layer.abandon(BRANCH)
    assert len(server.layer) == 0


def test_a_broken_flow_fails_what_waits_for_an_answer_down_it() -> None:
    server = Server()
    server.layer.send(request("OPTIONS"), TCP, 0.0)
    server.layer.send(request("OPTIONS", branch="z9hG4bK-2"), UDP, 0.0)
    transaction = server.arrive(request("INVITE"), TCP).transaction
    server.layer.flow_broken(TCP, 1.0)
    assert server.layer.events() == [RequestFailed(BRANCH, "OPTIONS", Failure.TRANSPORT)]
    server.layer.outputs()
    server.respond(transaction, 200, 2.0)
    assert server.answers() == [(TCP, 200)], "whether the flow still takes bytes is the transport's affair"


def test_a_request_that_is_dismissed_begins_anew_when_it_comes_again() -> None:
    server = Server()
    for _ in range(2):
        arrived = server.arrive(request("INVITE"))
        server.layer.dismiss(arrived.transaction, answer(arrived.request, 407))
        assert server.answers() == [(UDP, 407)]
        assert len(server.layer) == 0


def test_a_call_of_an_earlier_life_is_adopted() -> None:
    server = Server()
    invite = request("INVITE")
    transaction = server.layer.adopt(invite, UDP)
    assert server.take(request("INVITE")) == []
    assert server.arrive(request("CANCEL")).target is transaction
    server.respond(transaction, 487)
    assert server.answers() == [(UDP, 487)]


def test_the_answer_to_an_adopted_call_goes_where_its_via_says() -> None:
    # Section 18.2.2: to the port of sent-by, when nobody asked for rport.
    server = Server()
    invite = received_request(
        octets(
            "INVITE sip:bob@example.com SIP/2.0",
            "Via: SIP/2.0/UDP pbx.example.com:5070;branch=z9hG4bK-1;received=198.51.100.7",
            *request_fields("INVITE")[1:],
        )
    )
    server.respond(server.layer.adopt(invite, UDP), 480)
    assert server.answers() == [(UDP._replace(remote=Address("198.51.100.7", 5070)), 480)]


def test_the_earliest_timer_of_both_sides_is_asked_for() -> None:
    layer = TransactionLayer()
    assert layer.get_timer() is None
    server = Server()
    server.respond(server.arrive(request("OPTIONS")).transaction, 200, method="OPTIONS")
    assert server.layer.get_timer() == 32.0
    server.layer.send(request("OPTIONS"), UDP, 1.0)
    assert server.layer.get_timer() == 1.5


def test_what_was_drained_is_gone() -> None:
    server = Server()
    server.layer.receive(request("OPTIONS"), UDP, 0.0)
    server.layer.relay(request("ACK"), UDP)
    assert len(server.layer.events()) == len(server.layer.outputs()) == 1
    assert server.layer.events() == []
    assert server.layer.outputs() == []


def test_what_is_neither_request_nor_response_is_nothing() -> None:
    assert Server().take(Message(request().headers)) == []
