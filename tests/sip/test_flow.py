"""Claims about flows and transports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.flow import Address, Flow, Transport


@pytest.mark.parametrize(
    ("transport", "is_reliable", "is_secure", "via", "uri_parameter", "default_port"),
    [
        (Transport.UDP, False, False, "UDP", "udp", 5060),
        (Transport.TCP, True, False, "TCP", "tcp", 5060),
        (Transport.TLS, True, True, "TLS", "tcp", 5061),
        (Transport.WS, True, False, "WS", "ws", 80),
        (Transport.WSS, True, True, "WSS", "ws", 443),
    ],
)
def test_a_transport_knows_its_names_and_port(
    transport: Transport, is_reliable: bool, is_secure: bool, via: str, uri_parameter: str, default_port: int
) -> None:
    assert (transport.is_reliable, transport.is_secure) == (is_reliable, is_secure)
    assert (transport.via, transport.uri_parameter, transport.default_port) == (via, uri_parameter, default_port)


@pytest.mark.parametrize(
    ("address", "text"),
    [(Address("192.0.2.1", 5060), "192.0.2.1:5060"), (Address("2001:db8::1", 5061), "[2001:db8::1]:5061")],
)
def test_an_address_is_written_as_in_a_via(address: Address, text: str) -> None:
    assert str(address) == text


_ADDRESSES = st.builds(Address, st.sampled_from(["192.0.2.1", "2001:db8::1"]), st.integers(0, 65535))


@given(st.builds(Flow, st.sampled_from(Transport), _ADDRESSES, _ADDRESSES, st.integers(0), st.from_regex(r"\w*\Z")))
def test_a_stored_flow_comes_back(flow: Flow) -> None:
    assert Flow.decode(flow.encode()) == flow


def test_a_datagram_flow_is_its_addresses_and_no_connection() -> None:
    address = Address("192.0.2.1", 5060)
    assert Flow(Transport.UDP, address, address) == Flow(Transport.UDP, address, address, serial=0, node="")


@pytest.mark.parametrize("text", ["", "udp", "udp|h|5060|h|5060|0", "sctp|h|1|h|1|0|", "udp|h|x|h|1|0|"])
def test_what_is_no_flow_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Flow.decode(text)


def test_the_addresses_of_a_connectors_flow_are_those_of_a_private_network() -> None:
    here, there = Address("10.0.0.1", 5060), Address("10.0.0.5", 5060)
    assert Flow(Transport.UDP, here, there, node="connector:example.com").is_private
    assert not Flow(Transport.UDP, here, there).is_private
