"""Claims about Via: how it is read, what a server writes into it, and where it sends answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Address
from ringwake.sip.params import Params
from ringwake.sip.via import Via, parse_via

SOURCE = Address("198.51.100.7", 40112)


@pytest.mark.parametrize(
    ("value", "transport", "host", "port", "params"),
    [
        ("SIP/2.0/UDP h", "UDP", "h", None, ""),
        ("SIP/2.0/TCP h:5070;branch=z9hG4bKx", "TCP", "h", 5070, ";branch=z9hG4bKx"),
        ("SIP / 2.0 /\tUDP  h : 5070 ; branch = z9hG4bKx", "UDP", "h", 5070, ";branch=z9hG4bKx"),
        ("SIP/2.0/UNKNOWN h;x", "UNKNOWN", "h", None, ";x"),
        ("SIP/7.0/UDP h", "UDP", "h", None, ""),
        ("SIP/2.0/UDP [2001:db8::9]:5070;received=2001:db8:7::9", "UDP", "[2001:db8::9]", 5070,
         ";received=2001:db8:7::9"),
        ("SIP/2.0/UDP [2001:db8::9];received=[2001:db8::1]", "UDP", "[2001:db8::9]", None, ";received=[2001:db8::1]"),
        ("SIP/2.0/WSS x7.invalid;keep", "WSS", "x7.invalid", None, ";keep"),
    ],
)  # fmt: skip
def test_a_via_comes_apart(value: str, transport: str, host: str, port: int | None, params: str) -> None:
    assert parse_via(value) == Via(transport, host, port, Params.parse(params))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "h",
        "SIP/2.0",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0/ h",
        "SIP//UDP h",
        "SIP/2.0/U(P h",
        "SIP/2.0/UDP a:b:c",
        "SIP/2.0/UDP ::1",
        "SIP/2.0/UDP h:",
        "SIP/2.0/UDP h:99999",
        "SIP/2.0/UDP .1",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP h;branch=1;branch=2",
        'SIP/2.0/UDP h;x="',
        "SIP/2.0/UDP h;;",
    ],
)
def test_a_broken_via_is_refused(value: str) -> None:
    with pytest.raises(ParseError):
        parse_via(value)


@pytest.mark.parametrize(
    ("value", "sent_by"), [("SIP/2.0/UDP H.Test", "h.test"), ("SIP/2.0/UDP H.Test:5060", "h.test:5060")]
)
def test_sent_by_is_a_key_without_case(value: str, sent_by: str) -> None:
    assert parse_via(value).sent_by == sent_by


@pytest.mark.parametrize(
    ("value", "branch"),
    [("SIP/2.0/UDP h;branch=b", "b"), ("SIP/2.0/UDP h", ""), ("SIP/2.0/UDP h;branch", "")],
)
def test_a_via_knows_its_branch(value: str, branch: str) -> None:
    assert parse_via(value).branch == branch


@pytest.mark.parametrize(
    ("params", "host", "expected"),
    [
        # RFC 3261 section 18.2.1: the source is noted when the host is a name or another address
        ("", "198.51.100.7", ""),
        ("", "10.0.0.2", ";received=198.51.100.7"),
        ("", "phone.test", ";received=198.51.100.7"),
        # RFC 3581 section 4: whoever asks for the port gets both, also when the host is right
        (";rport;branch=b", "198.51.100.7", ";rport=40112;branch=b;received=198.51.100.7"),
        (";RPORT", "10.0.0.2", ";RPORT=40112;received=198.51.100.7"),
        # what the peer wrote there itself counts for nothing
        (";rport=9", "198.51.100.7", ";rport=40112;received=198.51.100.7"),
        (";rport=nonsense", "198.51.100.7", ";rport=40112;received=198.51.100.7"),
        (";received=203.0.113.66", "198.51.100.7", ""),
        (";received=[2001:db8::1];rport", "10.0.0.2", ";rport=40112;received=198.51.100.7"),
    ],
)
def test_a_server_notes_where_a_request_came_from(params: str, host: str, expected: str) -> None:
    via = Via("UDP", host, 5060, Params.parse(params))
    assert str(via.amended(SOURCE)) == f"SIP/2.0/UDP {host}:5060{expected}"


@pytest.mark.parametrize("host", ["[2001:db8::9]", "[2001:DB8::9]"])
def test_an_ipv6_source_is_known_again(host: str) -> None:
    via = Via("UDP", host, None, Params())
    assert via.amended(Address("2001:db8::9", 5060)) == via


def test_an_ipv6_source_is_noted_without_brackets() -> None:
    via = parse_via("SIP/2.0/UDP phone.test;rport").amended(Address("2001:db8::9", 5060))
    assert via.params.get("received") == "2001:db8::9"  # RFC 5118 section 4.5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("SIP/2.0/UDP 192.0.2.9", Address("192.0.2.9", 5060)),
        ("SIP/2.0/UDP 192.0.2.9:5070", Address("192.0.2.9", 5070)),
        ("SIP/2.0/UDP h:5070;received=192.0.2.1", Address("192.0.2.1", 5070)),
        ("SIP/2.0/UDP h:5070;received=192.0.2.1;rport=40112", Address("192.0.2.1", 40112)),
        ("SIP/2.0/UDP [2001:db8::9]:5070", Address("2001:db8::9", 5070)),
        ("SIP/2.0/UDP h;received=[2001:db8::9]", Address("2001:db8::9", 5060)),
        ("SIP/2.0/UDP 192.0.2.9;maddr=255.255.255.255", Address("192.0.2.9", 5060)),
    ],
)
def test_an_answer_goes_where_via_says(value: str, expected: Address) -> None:
    assert parse_via(value).answer_to(5060) == expected


@pytest.mark.parametrize("rport", ["x", "65536", "+1"])
def test_an_answer_needs_a_port_that_is_one(rport: str) -> None:
    with pytest.raises(ParseError):
        parse_via(f"SIP/2.0/UDP h;rport={rport}").answer_to(5060)


_HOSTS = st.sampled_from(["198.51.100.7", "10.0.0.2", "phone.test", "[2001:db8::9]"])
_PARAMS = st.lists(
    st.sampled_from([("branch", "z9hG4bKx"), ("rport", None), ("rport", "9"), ("received", "203.0.113.66"),
                     ("maddr", "203.0.113.66"), ("ttl", "1")]),
    unique_by=lambda item: item[0],
).map(lambda items: Params(tuple(items)))  # fmt: skip
_VIAS = st.builds(Via, st.sampled_from(["UDP", "TLS"]), _HOSTS, st.none() | st.integers(0, 65535), _PARAMS)


@given(_VIAS)
def test_a_written_via_is_read_again(via: Via) -> None:
    assert parse_via(str(via)) == via


@given(_VIAS)
def test_whatever_a_request_says_its_answer_goes_to_the_host_it_came_from(via: Via) -> None:
    amended = via.amended(SOURCE)
    assert amended.answer_to(5060).host == SOURCE.host  # reliability S3 and S4
    assert amended.amended(SOURCE) == amended
    assert amended.branch == via.branch
    assert amended.sent_by == via.sent_by
