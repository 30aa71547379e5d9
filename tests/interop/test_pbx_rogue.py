"""A phone that challenges us with the realm of its PBX: it gets no credentials, whoever holds them."""

from __future__ import annotations

import pytest
from tests.interop.lab_server import PASSWORD
from tests.interop.pbx import Front, needs_kamailio
from tests.support.leg import CalleeLeg, CallerLeg, Leg

pytestmark = needs_kamailio
where_we_hold_credentials = pytest.mark.parametrize("name", ["vault-udp", "trusted-tcp"])
each_challenge = pytest.mark.parametrize(
    ("status", "field"), [(401, "www-authenticate"), (407, "proxy-authenticate")], ids=["401", "407"]
)
_CREDENTIALS = ("authorization", "proxy-authorization")


def _challenge(rogue: Leg, front: Front, status: int, field: str) -> None:
    invite = rogue.request("INVITE") if not isinstance(rogue, CalleeLeg) else rogue.invite
    rogue.reply(invite, status, (field, f'Digest realm="{front.domain}", nonce="of-the-rogue", algorithm=MD5'))
    rogue.request("ACK")


@each_challenge
@where_we_hold_credentials
def test_a_rogue_phone_that_the_pbx_calls_gets_no_credentials(front: Front, status: int, field: str) -> None:
    place = front.phone()
    phone = place.phone()
    front.until_registered(place.account)
    caller = front.caller(place.account)
    caller.invite()
    caller.until(100)
    rogue = CalleeLeg(phone, place.account)
    _challenge(rogue, front, status, field)
    # It is for the caller to know whom it trusts: a proxy passes challenges on (RFC 3261 section 16.7 step 6).
    assert 'nonce="of-the-rogue"' in (caller.until(status).headers.get(field) or "")
    assert not any(field in rogue.invite.headers for field in _CREDENTIALS)
    assert phone.heard.decode().count("INVITE sip:") == 1


@each_challenge
@where_we_hold_credentials
def test_a_rogue_phone_that_another_phone_calls_gets_no_credentials(front: Front, status: int, field: str) -> None:
    calling, called = front.phone(), front.phone()
    wire, phone = calling.phone(), called.phone()
    for place in (calling, called):
        front.until_registered(place.account)
    caller = CallerLeg(wire, calling.account, called.account, password=PASSWORD)
    caller.invite()
    caller.until(100)
    rogue = CalleeLeg(phone, called.account)
    _challenge(rogue, front, status, field)
    # It is for the caller to know whom it trusts: a proxy passes challenges on (RFC 3261 section 16.7 step 6).
    assert 'nonce="of-the-rogue"' in (caller.until(status).headers.get(field) or "")
    assert not any(field in rogue.invite.headers for field in _CREDENTIALS)
    assert phone.heard.decode().count("INVITE sip:") == 1


@each_challenge
@pytest.mark.parametrize("name", ["vault-free"])
def test_somebody_behind_a_pbx_that_asks_no_caller_gets_no_credentials_where_we_are_told_not_to_answer(
    front: Front, status: int, field: str
) -> None:
    calling, there = front.phone(transport="tcp"), front.desk()
    wire, desk = calling.phone(), there.phone()
    front.until_registered(calling.account)
    caller = CallerLeg(wire, calling.account, there.account)
    caller.invite()
    caller.until(100)
    _challenge(CalleeLeg(desk, there.account), front, status, field)
    assert 'nonce="of-the-rogue"' in (caller.until(status).headers.get(field) or "")
    assert desk.heard.decode().count("INVITE sip:") == 1
