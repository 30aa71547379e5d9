"""In front of Kamailio with one Contact of ours for each account: `upstream = "contact"`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.interop.app_door import Key
from tests.interop.handset import Handset
from tests.interop.lab_server import PASSWORD
from tests.interop.pbx import Front, needs_kamailio
from tests.interop.phones import PJSUA2, needs_pjsua2
from tests.support.leg import CalleeLeg, CallerLeg

pytestmark = needs_kamailio
asked = pytest.mark.parametrize("name", ["contact-udp", "contact-tcp"])
trusted = pytest.mark.parametrize("name", ["trusted-udp", "trusted-tcp"])


@asked
def test_one_contact_stands_at_the_pbx_for_all_phones_of_an_account(front: Front) -> None:
    place = front.phone()
    phones = [place.phone(), place.phone()]
    begun = len(front.ear.heard())
    caller = front.caller(place.account)
    caller.invite()
    caller.until(100)
    legs = [CalleeLeg(phone, place.account) for phone in phones]
    legs[1].reply(legs[1].invite, 180)
    caller.until(180)
    legs[0].reply(legs[0].invite, 200, body=legs[0].offer)
    caller.until(200)
    caller.ack()
    legs[0].request("ACK")
    cancel = legs[1].request("CANCEL")
    legs[1].reply(cancel, 200)
    legs[1].reply(legs[1].invite, 487)
    legs[0].answers(caller, "BYE")
    to_us = [one.text for one in front.ear.heard()[begun:] if one.target.startswith("127.0.0.1:")]
    assert sum(text.startswith("INVITE ") for text in to_us) == 1


@asked
@pytest.mark.parametrize("hangs_up", ["phone", "desk"])
def test_a_phone_answers_the_pbx_s_challenge_to_its_call_by_itself(front: Front, hangs_up: str) -> None:
    place, there = front.phone(), front.desk()
    phone, desk = place.phone(), there.phone()
    caller = CallerLeg(phone, place.account, there.account, password=front.tenant.password)
    caller.invite()
    caller.until_challenged()
    callee = CalleeLeg(desk, there.account)
    callee.reply(callee.invite, 200, body=callee.offer)
    caller.until(200)
    caller.ack()
    callee.request("ACK")
    assert callee.reinvited(caller).cseq.number == caller.seq
    if hangs_up == "phone":
        callee.answers(caller, "BYE")
    else:
        caller.answers(callee, "BYE")
    assert [status for status in caller.statuses if status > 100] == [407, 200]


@needs_pjsua2
@asked
def test_a_killed_phone_rings_inside_the_grant_of_its_pbx(front: Front, tmp_path: Path) -> None:
    with Handset(front, PJSUA2.program, tmp_path) as handset:
        handset.install(provider="apns", transport="tcp", services=PJSUA2.services)
        with handset.start() as app:
            app.happens("registered")
            assert front.standing(handset.account) == "registered at the PBX"
            app.kill()
        front.until_asleep(handset.account)
        caller = front.caller(handset.account)
        caller.invite()
        caller.until(100)
        handset.push()
        with handset.start() as app:
            app.happens("ringing")
            app.press(Key.ANSWER)
            caller.until(200)
            caller.ack()
            app.happens("up")
            caller.send("BYE")
            caller.final("BYE")
            app.happens("ended")
            assert app.received("INVITE") == 1
            app.leave()


@trusted
def test_nobody_registers_by_the_trust_of_the_pbx_in_our_address(front: Front) -> None:
    place = front.phone_of("guest")  # an account of the PBX that has no password here
    refused = place.register(place.wire())
    assert refused is not None
    assert refused.status == 403
    assert front.devices("guest") == []


@trusted
def test_a_phone_calls_by_the_trust_of_the_pbx_only_as_the_account_that_it_is(front: Front) -> None:
    place, there = front.phone(), front.desk()
    phone, desk = place.phone(), there.phone()
    front.until_registered(place.account)
    caller = CallerLeg(phone, place.account, there.account, password=PASSWORD)
    caller.invite()
    caller.until(100)
    callee = CalleeLeg(desk, there.account)
    callee.reply(callee.invite, 200, body=callee.offer)
    caller.until(200)
    caller.ack()
    callee.request("ACK")
    callee.answers(caller, "BYE")
    liar = CallerLeg(place.wire(), "boss", there.account)
    liar.invite()
    liar.until(407)
