"""In front of Kamailio with the accounts' passwords in our hands: `upstream = "vault"`."""

from __future__ import annotations

import re

import pytest
from tests.interop.lab_server import PASSWORD
from tests.interop.pbx import Front, needs_kamailio
from tests.support.leg import CalleeLeg, CallerLeg

pytestmark = [
    needs_kamailio,
    pytest.mark.parametrize(("name", "by"), [("vault-udp", "tcp"), ("vault-tcp", "udp")], ids=str),
]
_RESPONSE = re.compile(r'\bresponse="([^"]+)"')
_OF_THE_PHONE = "0123456789abcdef0123456789abcdef"
"""What a phone that sends credentials unasked has reckoned."""


@pytest.mark.parametrize("hangs_up", ["phone", "desk"])
def test_a_call_out_is_answered_for_by_us_and_counted_right_inside_the_dialog(
    front: Front, by: str, hangs_up: str
) -> None:
    place, there = front.phone(transport=by), front.desk()
    phone, desk = place.phone(), there.phone()
    front.until_registered(place.account)
    caller = CallerLeg(phone, place.account, there.account, password=PASSWORD)
    caller.invite("Supported: 100rel")
    caller.until(100)
    callee = CalleeLeg(desk, there.account)
    count = caller.seq
    assert callee.invite.cseq.number == count + 1
    callee.reply(callee.invite, 183, ("require", "100rel"), ("rseq", "7"), body=callee.offer)
    assert caller.until(183).cseq.number == count
    assert callee.answers(caller, "PRACK", f"RAck: 7 {count} INVITE").headers.get("rack") == f"7 {count + 1} INVITE"
    assert callee.answers(caller, "UPDATE").cseq.number == caller.seq + 1
    callee.reply(callee.invite, 200)
    assert caller.until(200).cseq.number == count
    caller.ack()
    assert callee.request("ACK").cseq.number == count + 1
    assert callee.reinvited(caller).cseq.number == caller.seq + 1
    assert caller.reinvited(callee).cseq.number == callee.seq
    if hangs_up == "phone":
        assert callee.answers(caller, "BYE").cseq.number == caller.seq + 1
    else:
        assert caller.answers(callee, "BYE").cseq.number == callee.seq


def test_no_side_gets_to_see_the_credentials_of_the_other(front: Front, by: str) -> None:
    begun = len(front.ear.heard())
    place, there = front.phone(transport=by), front.desk()
    phone, desk = place.phone(), there.phone()
    front.until_registered(place.account)
    caller = CallerLeg(phone, place.account, there.account, password=PASSWORD)
    caller.invite(f'Proxy-Authorization: Digest username="x", realm="elsewhere", response="{_OF_THE_PHONE}"')
    caller.until(100)
    callee = CalleeLeg(desk, there.account)
    callee.reply(callee.invite, 486)
    caller.until(486)
    # A datagram may say to come from anywhere, so that a phone on UDP is asked for its password here. By us alone.
    assert caller.statuses == ([100, 486] if by == "tcp" else [407, 100, 486])
    at_the_pbx = front.heard_after(begun)
    by_us = set(_RESPONSE.findall(at_the_pbx)) - set(_RESPONSE.findall(desk.said.decode()))
    by_the_phone = set(_RESPONSE.findall(phone.said.decode()))
    # No count: a refresh, of this account or of another test's, may have come between on a slow machine.
    assert {"REGISTER", "INVITE"} <= front.answered_for(place.account, by_us, since=begun)
    assert len(by_the_phone) >= 2
    assert not any(response in at_the_pbx for response in by_the_phone)
    assert not any(response in phone.heard.decode() for response in by_us)
    nonces_of_the_pbx = set(re.findall('nonce="([^"]+)"', at_the_pbx))
    assert not any(nonce in phone.heard.decode() for nonce in nonces_of_the_pbx)


def test_a_wrong_password_of_a_phone_is_refused_here_and_the_pbx_hears_nothing(front: Front, by: str) -> None:
    begun = len(front.ear.heard())
    place = front.phone(password="wrong", transport=by)
    refused = place.register(place.wire())
    assert refused is not None
    assert refused.status == 401
    assert place.account not in front.heard_after(begun)


def test_a_stranger_cannot_call_out_in_the_name_of_an_account(front: Front, by: str) -> None:
    place, there = front.phone(transport=by), front.desk()
    place.phone()
    front.until_registered(place.account)
    begun = len(front.ear.heard())
    stranger = CallerLeg(place.wire(), place.account, there.account)
    stranger.invite()
    stranger.until(407)
    assert "INVITE " not in front.heard_after(begun)
