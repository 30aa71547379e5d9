"""Calls that go on to somebody else, for real: the owner says so on the command line, and the right phone is woken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conformance.peers import Heard
from tests.scenario.bare_phone import DOMAIN, BarePhone, Wire
from tests.scenario.stage import Stage, open_stage
from tests.support.caller import Caller


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("forwarded")) as opened:
        yield opened


def awake(phone: BarePhone) -> Wire:
    wire = phone.open()
    assert phone.register(wire) == 200
    return wire


def answered(phone: BarePhone, caller: Caller) -> Heard:
    """Let a phone that was pushed to come and answer; return the INVITE that it gets."""
    wire = awake(phone)
    invite = wire.next("INVITE")
    phone.answer(wire, invite, "200 OK")
    caller.until(200)
    caller.ack()
    assert caller.finals == [200]
    return invite


def test_all_calls_go_on_and_only_the_other_phone_is_woken(stage: Stage) -> None:
    with stage.phone() as first, stage.phone() as second:
        first.sleep()
        second.sleep()
        stage.choose(first.user, "--forward-always", f"sip:{second.user}@{DOMAIN}")
        with stage.call(first.user) as caller:
            assert second.announced()["kind"] == "call"
            invite = answered(second, caller)
        assert invite.one("Diversion") == f"<sip:{first.user}@{DOMAIN}>;reason=unconditional;counter=1"
        assert stage.pushes_to(first) == 0


def test_a_busy_phone_lets_the_call_go_on(stage: Stage) -> None:
    with stage.phone() as first, stage.phone() as second:
        wire = awake(first)
        second.sleep()
        stage.choose(first.user, "--forward-busy", f"sip:{second.user}@{DOMAIN}")
        with stage.call(first.user) as caller:
            first.answer(wire, wire.next("INVITE"), "486 Busy Here")
            assert second.announced()["kind"] == "call"
            invite = answered(second, caller)
        assert invite.one("Diversion") == f"<sip:{first.user}@{DOMAIN}>;reason=user-busy;counter=1"


def test_a_call_that_nobody_came_for_goes_on_and_is_missed(stage: Stage) -> None:
    with stage.phone() as first, stage.phone() as second:
        first.sleep()
        second.sleep()
        stage.choose(first.user, "--forward-unreachable", f"sip:{second.user}@{DOMAIN}")
        with stage.call(first.user) as caller:
            assert first.announced()["kind"] == "call"
            assert second.announced()["kind"] == "call"
            answered(second, caller)
        assert first.announced()["kind"] == "missed"


def test_where_there_is_no_pbx_the_caller_is_told_where_to_call(stage: Stage) -> None:
    with stage.phone() as phone:
        phone.sleep()
        stage.choose(phone.user, "--forward-always", "sip:me@elsewhere.example")
        with Caller("{}:{}".format(*stage.servers["udp"]), phone.user, host=stage.host) as caller:
            caller.invite()
            caller.until(302)
            caller.ack_failure()
            assert caller.statuses == [302]
        assert stage.pushes_to(phone) == 0
