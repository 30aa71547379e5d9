"""In front of Kamailio with `upstream = "path"`: it challenges, grants and routes; we wake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.interop.handset import Handset, answer, hang_up
from tests.interop.pbx import DAY, Front, needs_kamailio, outsider
from tests.interop.phones import PJSUA2, needs_pjsua2
from tests.interop.station import Station
from tests.support.leg import CalleeLeg, CallerLeg
from tests.support.wire import Wire

from ringwake.sip.message import Response

pytestmark = needs_kamailio
both_ways = pytest.mark.parametrize("name", ["path-udp", "path-tcp"])
_TOKEN = "0123abcd" * 8


def _register_for_push(front: Front, place: Station, wire: Wire) -> Response:
    push = f"pn-provider=apns;pn-prid={_TOKEN};pn-param={front.app}.voip"
    contact = f"<sip:{place.account}@{wire.host}:{wire.port};{push}>"
    registered = place.register(wire, f"Contact: {contact}", f"Expires: {DAY}")
    assert registered is not None
    assert registered.status == 200
    return registered


@both_ways
def test_the_pbx_challenges_a_phone_and_its_answer_comes_back_whole(front: Front) -> None:
    place = front.phone()
    wire = place.wire()
    registered = _register_for_push(front, place, wire)
    (contact,) = registered.headers.values("contact")
    assert f"<sip:{place.account}@{wire.host}:{wire.port};" in contact
    assert f"pn-prid={_TOKEN}" in contact
    assert f"expires={DAY}" in contact
    said = front.until_registered(place.account)
    (path,) = re.findall(r"^Path: <(sip:[^>]+;lr[^>]*)>", said, re.MULTILINE)
    assert path not in wire.heard.decode(), "it is between the PBX and us"
    assert "+sip.pns" in (registered.headers.get("feature-caps") or "")
    assert _TOKEN not in front.heard_after(0)


@pytest.mark.parametrize("name", ["path-short"])
def test_a_phone_that_is_granted_less_than_an_hour_is_promised_no_push(front: Front) -> None:
    place = front.phone()
    registered = _register_for_push(front, place, place.wire())
    assert "expires=600" in (registered.headers.get("contact") or "")
    assert "feature-caps" not in registered.headers
    assert front.standing(place.account) == "the PBX grants less than an hour, so the phone may not sleep"
    (check,) = (one for one in front.checks() if one["name"] == f"accounts {front.domain}")
    assert check["verdict"] == "warn"
    assert "the PBX grants less than an hour" in check["cause"]
    assert "raise the PBX's longest registration" in check["mend"]


@both_ways
def test_a_wrong_password_is_the_pbx_s_to_refuse(front: Front) -> None:
    place = front.phone(password="wrong")
    refused = place.register(place.wire())
    assert refused is not None
    assert refused.status == 401
    assert front.devices(place.account) == []


@both_ways
@pytest.mark.parametrize("hangs_up", ["phone", "desk"])
def test_a_phone_answers_the_pbx_s_challenge_to_its_call_by_itself(front: Front, hangs_up: str) -> None:
    place, there = front.phone(), front.desk()
    phone, desk = place.phone(), there.phone()
    caller = CallerLeg(phone, place.account, there.account, password=front.tenant.password)
    caller.invite("Supported: 100rel")
    caller.until_challenged()
    callee = CalleeLeg(desk, there.account)
    assert callee.invite.cseq.number == caller.seq
    callee.reply(callee.invite, 183, ("require", "100rel"), ("rseq", "7"), body=callee.offer)
    caller.until(183)
    assert callee.answers(caller, "PRACK", f"RAck: 7 {caller.seq} INVITE").cseq.number == caller.seq
    callee.reply(callee.invite, 200)
    caller.until(200)
    caller.ack()
    callee.request("ACK")
    assert callee.reinvited(caller).cseq.number == caller.seq
    caller.reinvited(callee)
    if hangs_up == "phone":
        callee.answers(caller, "BYE")
    else:
        caller.answers(callee, "BYE")
    assert [status for status in caller.statuses if status > 100] == [407, 183, 200]


@needs_pjsua2
@both_ways
@pytest.mark.parametrize("hangs_up", ["caller", "phone"])
def test_a_killed_phone_is_woken_by_a_call_from_the_pbx(front: Front, tmp_path: Path, hangs_up: str) -> None:
    with Handset(front, PJSUA2.program, tmp_path) as handset:
        handset.install(provider="apns", transport="tcp", services=PJSUA2.services)
        with handset.start() as app:
            app.happens("registered")
            app.kill()
        front.until_asleep(handset.account)
        with outsider(front) as outside:
            caller = CallerLeg(outside, "boss", handset.account, sender="sip:boss@trunk.test")
            caller.invite()
            handset.push()
            with handset.start() as app:
                answer(app, caller)
                hang_up(app, caller, by=hangs_up)
                assert app.received("INVITE") == 1
                app.leave()
            heard = outside.heard.decode() + front.heard_after(0)
            assert not any(token in heard for token in handset.secrets())
            assert not re.search("pn-(prid|provider|param)", heard)
