"""The scenarios where a push service is off: each fails, ends early, and says why. Where all is well: test_demo.py."""

from __future__ import annotations

import pytest
from tests.cli.demonstration.conftest import OpenStage
from tests.support.real_loop import run_real

from ringwake.cli.demo import _act
from ringwake.cli.demonstration import scenarios
from ringwake.cli.demonstration import stage as stage_module
from ringwake.cli.demonstration.record import Result
from ringwake.cli.demonstration.scenarios import Scenario
from ringwake.cli.demonstration.stage import Stage
from ringwake.sip.flow import Transport
from ringwake.softphone.device import Device
from ringwake.softphone.pushbox import PushboxError


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "WAKE_SECONDS", 0.5)
    monkeypatch.setattr(stage_module, "SETTLE_SECONDS", 0.1)
    monkeypatch.setattr(scenarios, "SECONDS", 2.0)


def acted(open_stage: OpenStage, scenario: Scenario, **switches: object) -> Result:
    """Play a scenario while its push service has these switches."""

    async def story() -> Result:
        async with open_stage() as stage:
            boss = stage.phone("boss", Transport.UDP)
            await boss.start()
            await stage.lab.switches.set(scenario.provider, **switches)
            return await _act(stage, scenario, boss)

    return run_real(story())


def named(name: str, user: str = "alice") -> Scenario:
    found = next(scenario for scenario in scenarios.SCENARIOS if scenario.name == name)
    return Scenario(found.name, found.provider, user, found.play)


@pytest.mark.parametrize("name", ["call-apns", "call-fcm", "call-declined", "call-cancelled"])
def test_a_call_by_a_service_that_is_off_fails_and_says_why(name: str, open_stage: OpenStage) -> None:
    result = acted(open_stage, named(name), off=True)
    assert (result.ok, result.invites_seen, result.pushes_seen) == (False, 0, 0)
    assert "push service did not take the push" in result.reason
    assert result.rang is False
    assert result.answered is False


def test_a_lost_call_ends_its_scenario_and_nobody_waits_longer(
    open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenarios, "SECONDS", 60.0)  # longer than a test may take
    assert not acted(open_stage, named("call-fcm"), off=True).ok


def test_a_call_whose_push_is_lost_fails_with_the_phone_that_did_not_wake(open_stage: OpenStage) -> None:
    result = acted(open_stage, named("call-fcm"), drop=True)
    assert (result.ok, result.rang) == (False, False)
    assert "the phone did not register" in result.reason


def test_a_text_by_a_service_that_is_off_is_kept_and_not_delivered(open_stage: OpenStage) -> None:
    result = acted(open_stage, named("message-fcm"), off=True)
    assert (result.ok, result.rang) == (False, None)
    assert result.reason.startswith("the push service did not take the push")
    assert "message on disk, 202 Accepted" in [step["what"] for step in result.timeline]


def test_a_registration_that_is_not_renewed_fails(open_stage: OpenStage) -> None:
    result = acted(open_stage, named("refresh-apns"), off=True)  # this stage sends silent pushes only after days
    assert (result.ok, result.reason) == (False, "what should have happened did not happen in time")


def test_a_phone_that_cannot_start_fails_its_scenario_only(open_stage: OpenStage) -> None:
    async def play(stage: Stage, result: Result, caller: Device) -> None:
        del stage, result, caller
        raise PushboxError("the push inbox cannot be reached")

    result = acted(open_stage, Scenario("x", "fcm", "alice", play))
    assert (result.ok, result.reason) == (False, "the push inbox cannot be reached")
