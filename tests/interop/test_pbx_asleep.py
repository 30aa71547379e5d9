"""Phones that sleep for longer than their PBX's grant: real apps, killed, behind Kamailios that grant a few seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.interop.handset import Handset, answer, hang_up
from tests.interop.pbx import Front, in_front, needs_kamailio, until_grants_run_out
from tests.interop.phones import PJSUA2, needs_pjsua2

KEPT = ("vault-udp", "vault-tcp", "trusted-udp", "trusted-tcp")
LOST = "contact-udp"
pytestmark = [needs_kamailio, needs_pjsua2]


@pytest.fixture(scope="module")
def asleep(pbxs: dict[str, Front], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Handset]]:
    """Killed apps, one behind each PBX, whose first grant has run out."""
    with ExitStack() as stack:
        handsets: dict[str, Handset] = {}
        apps = {}
        for name in (*KEPT, LOST):
            handset = stack.enter_context(Handset(pbxs[name], PJSUA2.program, tmp_path_factory.mktemp(name)))
            handset.install(provider="apns", transport="tcp", services=PJSUA2.services)
            apps[name] = stack.enter_context(handset.start())
            handsets[name] = handset
        for name, app in apps.items():
            app.happens("registered")
            pbxs[name].until_registered(handsets[name].account)
            app.kill()
        for name, handset in handsets.items():
            pbxs[name].until_asleep(handset.account)
        until_grants_run_out(pbxs[name] for name in handsets)
        yield handsets


@pytest.mark.parametrize("hangs_up", ["caller", "phone"])
@pytest.mark.parametrize("name", KEPT)
def test_a_phone_that_sleeps_past_the_grant_of_its_pbx_rings(
    front: Front, asleep: dict[str, Handset], hangs_up: str
) -> None:
    handset = asleep[front.tenant.name]
    front.until_asleep(handset.account)
    caller = front.caller(handset.account)
    caller.invite()
    caller.until(100)
    handset.push()
    with handset.start() as app:
        answer(app, caller)
        hang_up(app, caller, by=hangs_up)
        assert app.received("INVITE") == 1
        app.leave()
    heard = caller.wire.heard.decode()
    assert "pn-prid" not in heard
    assert not any(token in heard for token in handset.secrets())


def test_a_binding_that_only_the_phone_can_renew_expires_and_we_say_so(
    pbxs: dict[str, Front], asleep: dict[str, Handset]
) -> None:
    handset = asleep[LOST]
    with in_front(pbxs[LOST]) as front:
        caller = front.caller(handset.account)
        caller.invite()
        caller.until(480)
        said = front.standing(handset.account)
        assert re.fullmatch(
            "the binding expired at the PBX at [0-9: -]+ UTC: it asks for a password that only the phone knows", said
        )
        what, verdict = front.told(handset.account)
        assert what[-1] == "pbx_refused"
        assert verdict == f"{said[:1].upper()}{said[1:]}."
