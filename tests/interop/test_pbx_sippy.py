"""A back-to-back PBX: Kamailio has the registrations, and sippy calls us, in a call of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.interop.handset import Handset, answer, hang_up
from tests.interop.pbx import Front, needs_kamailio
from tests.interop.phones import PJSUA2, needs_pjsua2
from tests.support.leg import CallerLeg
from tests.support.loopback import leased_address
from tests.support.sippy import PROGRAM, sippy
from tests.support.wire import Wire

pytestmark = [
    needs_kamailio,
    needs_pjsua2,
    pytest.mark.skipif(PROGRAM is None, reason="sippy has no wheels for this Python and machine"),
]


@pytest.mark.parametrize("name", ["vault-udp"])
@pytest.mark.parametrize("hangs_up", ["caller", "phone"])
def test_the_push_has_the_call_id_of_the_invite_that_the_phone_will_get(
    front: Front, tmp_path: Path, hangs_up: str
) -> None:
    with Handset(front, PJSUA2.program, tmp_path) as handset:
        handset.install(provider="apns", transport="tcp", services=PJSUA2.services)
        with handset.start() as app:
            app.happens("registered")
            front.until_registered(handset.account)
            app.kill()
        front.until_asleep(handset.account)
        host = front.pbx.partition(":")[0]
        with (
            sippy(tmp_path, host=host, leads_to=front.listen["udp"]) as b2bua,
            leased_address() as address,
            Wire(address, b2bua, domain=front.domain) as outside,
        ):
            caller = CallerLeg(outside, "boss", front.contact_user(handset.account))
            caller.invite()
            caller.until(100)
            call_id = handset.push()["payload"]["ringwake"]["call_id"]
            assert call_id
            assert call_id != caller.call_id
            with handset.start() as app:
                answer(app, caller)
                hang_up(app, caller, by=hangs_up)
                app.leave()
            (invite,) = re.findall(r"^INVITE .*?\r?\n\r?\n", app.heard(), re.MULTILINE | re.DOTALL)
            assert f"Call-ID: {call_id}\r\n" in invite
