"""Claims about server transactions: an answer is repeated until it has safely arrived."""

import pytest
from tests.support.sip_messages import LOCAL, PEER, TCP, UDP, request

from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.replies import reply
from ringwake.sip.transactions.machine import State, Trigger
from ringwake.sip.transactions.servers import Servers, ServerTransaction, answer_flow
from ringwake.sip.via import parse_via

KEY = ("z9hG4bK-1", "198.51.100.7:40112", "INVITE")


def opened(method: str = "INVITE", flow: Flow = UDP) -> tuple[Servers, ServerTransaction]:
    servers = Servers()
    return servers, servers.open(KEY, request(method), flow)


def run(servers: Servers, until: float) -> None:
    while (at := servers.get_timer()) is not None and at <= until:
        servers.handle_timer(at)


def test_a_transaction_is_found_by_its_key() -> None:
    servers, transaction = opened()
    assert servers.get(KEY) is transaction
    assert servers.get(("other",)) is None
    assert len(servers) == 1


def test_the_last_answer_goes_out_again_to_whoever_asks_again() -> None:
    servers, transaction = opened()
    assert not servers.receive(transaction, Trigger.REQUEST, 0.1)
    assert servers.outputs == [], "nothing was answered yet"
    for status in (100, 180):
        assert servers.respond(transaction, reply(request("INVITE"), status), 0.2)
    assert not servers.receive(transaction, Trigger.REQUEST, 0.5)
    trying, ringing, again = servers.outputs
    assert trying[1].startswith(b"SIP/2.0 100 ")
    assert ringing == again == (UDP, reply(request("INVITE"), 180).encode())


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_who_is_dismissed_gets_one_answer_and_nothing_is_kept(method: str) -> None:
    servers, transaction = opened(method)
    answer = reply(request(method), 407)
    servers.dismiss(transaction, answer)
    assert servers.outputs == [(UDP, answer.encode())]
    assert (len(servers), servers.get(KEY), servers.get_timer()) == (0, None, None)
    assert transaction.is_answered
    assert not servers.respond(transaction, answer, 1.0), "it had its answer"
    assert not servers.receive(transaction, Trigger.REQUEST, 1.0)
    assert len(servers.outputs) == 1


def test_a_request_that_is_not_answered_hears_that_it_has_come() -> None:
    servers, transaction = opened("OPTIONS")
    servers.receive(transaction, Trigger.START, 0.0)
    run(servers, 99.0)
    assert servers.outputs == [(UDP, reply(request("OPTIONS"), 100).encode())]
    servers.receive(transaction, Trigger.REQUEST, 4.0)
    assert len(servers.outputs) == 2, "and again, when it asks again"
    assert servers.respond(transaction, reply(request("OPTIONS"), 200), 5.0)
    assert transaction.request is None, "an answered one keeps nothing but its answer"


def test_an_invite_hears_100_from_nobody_but_the_user() -> None:
    servers, transaction = opened()
    servers.receive(transaction, Trigger.START, 0.0)
    run(servers, 99.0)
    assert servers.outputs == []


def test_a_failure_is_repeated_until_its_ack() -> None:
    servers, transaction = opened()
    assert servers.respond(transaction, reply(request("INVITE"), 486), 0.0)
    run(servers, 4.0)
    assert len(servers.outputs) == 4
    assert not servers.receive(transaction, Trigger.ACK, 4.0)
    run(servers, 99.0)
    assert len(servers.outputs) == 4
    assert len(servers) == 0


def test_a_failure_whose_ack_never_comes_is_given_up() -> None:
    servers, transaction = opened()
    servers.respond(transaction, reply(request("INVITE"), 486), 0.0)
    run(servers, 99.0)
    assert len(servers.outputs) == 11
    assert (len(servers), servers.get_timer()) == (0, None)


def test_a_second_success_goes_out_and_a_second_failure_does_not() -> None:
    servers, transaction = opened()
    assert [servers.respond(transaction, reply(request("INVITE"), status), 0.0) for status in (200, 200, 486)] == [
        True,
        True,
        False,
    ]
    assert len(servers.outputs) == 2


@pytest.mark.parametrize(("status", "is_answered"), [(100, False), (180, False), (200, True), (603, True)])
def test_a_final_response_answers_it(status: int, is_answered: bool) -> None:
    servers, transaction = opened()
    assert transaction.is_answered is False
    servers.respond(transaction, reply(request("INVITE"), status), 0.0)
    assert transaction.is_answered is is_answered


def test_after_a_success_acks_are_passed_up_for_32_seconds() -> None:
    servers, transaction = opened()
    servers.respond(transaction, reply(request("INVITE"), 200), 0.0)
    assert servers.receive(transaction, Trigger.ACK, 1.0)
    assert transaction.is_answered
    run(servers, 31.9)
    assert servers.get(KEY) is transaction
    run(servers, 32.0)
    assert servers.get(KEY) is None


def test_an_answered_request_is_kept_for_its_repeats_over_udp() -> None:
    servers, transaction = opened("REGISTER")
    servers.respond(transaction, reply(request("REGISTER"), 200), 0.0)
    servers.receive(transaction, Trigger.REQUEST, 31.0)
    assert len(servers.outputs) == 2
    assert servers.get_timer() == 32.0
    run(servers, 32.0)
    assert len(servers) == 0


def test_an_answered_request_is_forgotten_over_tcp() -> None:
    servers, transaction = opened("REGISTER", TCP)
    servers.respond(transaction, reply(request("REGISTER"), 200), 0.0)
    assert (len(servers), servers.get_timer()) == (0, None)
    assert transaction.machine.state is State.TERMINATED
    assert not servers.respond(transaction, reply(request("REGISTER"), 500), 1.0)


UDP6 = Flow(Transport.UDP, Address("2001:db8::1", 5060), Address("2001:db8::9", 40112))


@pytest.mark.parametrize(
    ("flow", "via", "expected"),
    [
        (UDP, "SIP/2.0/UDP 10.0.0.2:5070;received=198.51.100.7;rport=40112", PEER),
        (UDP, "SIP/2.0/UDP 10.0.0.2:5070;received=198.51.100.7", Address("198.51.100.7", 5070)),
        (UDP, "SIP/2.0/UDP 198.51.100.7", Address("198.51.100.7", 5060)),
        (UDP6, "SIP/2.0/UDP [2001:db8::9]:5062", Address("2001:db8::9", 5062)),
        (TCP, "SIP/2.0/TCP 203.0.113.66:9;rport=7", PEER),
    ],
)
def test_answers_go_where_via_says_from_the_port_that_was_asked(flow: Flow, via: str, expected: Address) -> None:
    towards = answer_flow(flow, parse_via(via))
    assert towards.remote == expected
    assert towards.local == flow.local  # RFC 3581 section 4
    assert towards.local in (LOCAL, UDP6.local)


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ParseError):
        answer_flow(UDP, parse_via("SIP/2.0/UDP h;rport=99999"))
