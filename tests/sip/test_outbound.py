"""Claims about flows and paths on the wire (RFC 5626, RFC 3327)."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import request

from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.outbound import MAX_PATH, has_flow, instance_id, path_of, reg_id

INSTANCE = ';+sip.instance="<urn:uuid:0c67446e-f1a1-11d9-94d3-000a95a0e128>"'
EDGE, MIDDLE = "<sip:token@edge.example.com;lr;ob>", "<sip:middle.example.com;lr>"


@pytest.mark.parametrize(
    ("params", "instance"),
    [
        ("", ""),
        (";+sip.instance", ""),
        (';+sip.instance=""', ""),
        (';+SIP.Instance="<urn:x>"', "<urn:x>"),
        (";+sip.instance=<urn:x>", "<urn:x>"),
        (';+sip.instance="<URN:UUID:0C67446E>"', "<urn:uuid:0c67446e>"),
        (';+sip.instance="<urn:gsma:IMEI:35-X>"', "<urn:gsma:IMEI:35-X>"),
    ],
)
def test_an_instance_is_known_again_however_its_uuid_is_spelt(params: str, instance: str) -> None:  # O1
    assert instance_id(parse_address(f"<sip:a@h>{params}")) == instance


@pytest.mark.parametrize(
    ("params", "number"),
    [
        (f"{INSTANCE};reg-id=1", 1),
        (f"{INSTANCE};REG-ID=0002", 2),
        (f"{INSTANCE};reg-id=2147483647", 2147483647),
        (f"{INSTANCE};reg-id=2147483648", 0),
        (f"{INSTANCE};reg-id=9999999999", 0),
        (f"{INSTANCE};reg-id={'9' * 5000}", 0),
        (f"{INSTANCE};reg-id=0", 0),
        (f"{INSTANCE};reg-id=-1", 0),
        (f"{INSTANCE};reg-id=\u0661", 0),
        (f"{INSTANCE};reg-id=", 0),
        (f"{INSTANCE};reg-id", 0),
        (INSTANCE, 0),
        (";reg-id=1", 0),  # O20: without an instance it says nothing
        (';+sip.instance="";reg-id=1', 0),
    ],
)
def test_a_reg_id_is_a_number_from_1_beside_an_instance(params: str, number: int) -> None:
    assert reg_id(parse_address(f"<sip:a@h>{params}")) == number


def test_a_path_is_read_in_its_order() -> None:  # PA6
    headers = request("REGISTER", f"Path: {MIDDLE}, {EDGE}", "Path: <sip:last@[2001:db8::1]:5070;lr>;x").headers
    assert path_of(headers) == (MIDDLE, EDGE, "<sip:last@[2001:db8::1]:5070;lr>;x")
    assert path_of(request("REGISTER").headers) == ()


@pytest.mark.parametrize("value", ["tel:+1", "<sip:edge", "<sip:a@.1>", "nonsense", '"x'])
def test_a_path_that_leads_nowhere_is_malformed(value: str) -> None:
    with pytest.raises(ParseError):
        path_of(request("REGISTER", f"Path: {value}").headers)


def test_a_path_has_an_end() -> None:
    values = [f"Path: {EDGE}"] * MAX_PATH
    assert len(path_of(request("REGISTER", *values).headers)) == MAX_PATH
    with pytest.raises(ParseError):
        path_of(request("REGISTER", *values, f"Path: {EDGE}").headers)


@pytest.mark.parametrize(
    ("vias", "path", "has"),
    [
        (1, (), True),
        (1, (MIDDLE,), True),
        (2, (), False),
        (2, (MIDDLE,), False),
        (2, (EDGE,), True),
        (3, (MIDDLE, EDGE), True),
        (3, (EDGE, MIDDLE), True),
        (3, (MIDDLE, MIDDLE), False),
        (2, ("<sip:edge.example.com;lr>;ob",), False),  # outside the brackets it is no parameter of the URI
    ],
)
def test_the_first_hop_keeps_flows_or_does_not(vias: int, path: tuple[str, ...], has: bool) -> None:  # O18
    more = ["Via: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKx"] * (vias - 1)
    assert has_flow(request("REGISTER", *more).headers, path) is has
