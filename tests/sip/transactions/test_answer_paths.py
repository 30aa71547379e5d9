"""Claims about where the layer sends its answers (RFC 3261 section 18.2.2, RFC 3581)."""

import pytest
from tests.sip.transactions.listening import Server
from tests.support.sip_messages import LOCAL, PEER, TCP, UDP, octets, received_request, request, request_fields

from ringwake.sip.flow import Address, Flow, Transport


@pytest.mark.parametrize(
    ("via", "flow", "expected"),
    [
        ("SIP/2.0/UDP 198.51.100.7:5070", UDP, Address("198.51.100.7", 5070)),
        ("SIP/2.0/UDP 198.51.100.7", UDP, Address("198.51.100.7", 5060)),
        ("SIP/2.0/UDP 10.0.0.2:5070", UDP, Address("198.51.100.7", 5070)),
        ("SIP/2.0/UDP 10.0.0.2:5070;rport", UDP, PEER),
        ("SIP/2.0/UDP 10.0.0.2;received=203.0.113.66;rport=9", UDP, PEER),
        ("SIP/2.0/TCP 203.0.113.66:9", TCP, PEER),
    ],
)
def test_an_answer_goes_back_to_the_host_it_came_from_by_the_port_that_was_asked(
    via: str, flow: Flow, expected: Address
) -> None:
    server = Server()
    message = received_request(octets("OPTIONS sip:h SIP/2.0", f"Via: {via};branch=z9hG4bK-1", *request_fields()[1:]))
    server.respond(server.arrive(message, flow).transaction, 200, method="OPTIONS")
    assert server.answers() == [(flow._replace(remote=expected), 200)]


def test_response_goes_back_from_the_port_it_came_to() -> None:
    server = Server()
    second_port = UDP._replace(local=LOCAL._replace(port=5080))
    server.respond(server.arrive(request("OPTIONS"), second_port).transaction, 200, method="OPTIONS")
    assert server.answers() == [(second_port, 200)]


def test_secure_transports_keep_their_flow_too() -> None:
    server = Server()
    wss = Flow(Transport.WSS, LOCAL, PEER, serial=9)
    message = received_request(octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/WSS x.invalid;branch=z9hG4bK-1"))
    server.respond(server.arrive(message, wss).transaction, 200, method="OPTIONS")
    assert server.answers() == [(wss, 200)]


def test_a_request_that_comes_again_down_another_connection_is_answered_there() -> None:
    server = Server()
    transaction = server.arrive(request("INVITE"), TCP).transaction
    server.respond(transaction, 180)
    newer = TCP._replace(serial=2)
    server.take(request("INVITE"), newer, now=1.0)
    assert server.answers() == [(TCP, 180), (newer, 180)]
    server.respond(transaction, 486, 2.0)
    assert server.answers() == [(newer, 486)]
