"""The stage: a real server and phones, and the story that the record tells of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from tests.support.real_loop import run_real

from ringwake.cli.demonstration import stage as stage_module
from ringwake.cli.demonstration.stage import Stage
from ringwake.model.events import Event, Happened
from ringwake.sip.flow import Transport
from ringwake.softphone.app_state import AppState, PhoneNote

OpenStage = Callable[[], AbstractAsyncContextManager[Stage]]


def events(*kinds: Happened, at: float = 0.0) -> list[Event]:
    return [Event(kind, at + number) for number, kind in enumerate(kinds)]


def kinds(stage: Stage) -> list[str]:
    return [step["what"] for step in stage.record.timeline()]


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP, Transport.TLS, Transport.WSS])
def test_phones_reach_the_server_by_each_transport(transport: Transport, open_stage: OpenStage) -> None:
    async def story() -> None:
        async with open_stage() as stage:
            phone = stage.phone("alice", transport)
            assert not (await phone.start()).has_push
            assert phone.state is AppState.AWAKE
        assert phone.state.value == "off"  # closed with the stage

    run_real(story())


def test_it_tells_a_call_from_both_sides(open_stage: OpenStage) -> None:
    async def story() -> None:
        async with open_stage() as stage:
            boss, phone = stage.phone("boss", Transport.UDP), stage.phone("bob", Transport.TCP, provider="fcm")
            await boss.start()
            await phone.start()
            stage.begin()
            assert kinds(stage) == []
            outgoing = boss.call(phone.settings.identity.aor)
            await stage.record.until(lambda: "call ringing" in kinds(stage), 10)
            boss.hang_up(outgoing)
            await stage.record.until(lambda: "call ended (cancelled)" in kinds(stage), 10)
            told = [(step["who"], step["what"]) for step in stage.record.timeline()]
            assert ("server", "INVITE received") in told
            assert ("bob's phone", "INVITE received: ringing") in told
            assert ("bob's phone", "call ended (cancelled)") in told
            assert any(who == "boss" for who, _ in told)

    run_real(story())


def test_it_measures_between_the_first_events_of_two_kinds(open_stage: OpenStage) -> None:
    async def story() -> None:
        async with open_stage() as stage:
            stage.events[:] = events(Happened.INVITE_RECEIVED, Happened.PUSH_SENT, Happened.PUSH_SENT)
            assert stage.measure(Happened.INVITE_RECEIVED, Happened.PUSH_SENT) == 1000
            assert stage.measure(Happened.INVITE_RECEIVED, Happened.RINGING) is None
            assert stage.measure(Happened.RINGING, Happened.INVITE_RECEIVED) is None

    run_real(story())


def test_it_says_why_a_scenario_was_lost(open_stage: OpenStage) -> None:
    async def story() -> None:
        async with open_stage() as stage:
            assert stage.why() == "what should have happened did not happen in time"
            stage._noted(Event(Happened.PUSH_FAILED, 1.0, "", {"reason": "Connection refused"}))
            assert stage.why() == "the push service did not take the push: Connection refused"
            call = Event(Happened.INVITE_RECEIVED, 2.0, "t1", {"aor": "alice@x"})
            stage.app._note(call)
            assert stage.why() == "It is still under way."

    run_real(story())


def test_what_nobody_wants_to_read_is_not_told(open_stage: OpenStage) -> None:
    async def story() -> None:
        async with open_stage() as stage:
            stage.begin()
            stage._noted(Event(Happened.FLOW_OPENED, 1.0))
            assert kinds(stage) == []
            stage._phone_noted("alice's phone", PhoneNote(1.0, "line lost"))
            assert kinds(stage) == ["line lost"]

    run_real(story())


def test_it_waits_for_the_answers_of_the_push_services(open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with open_stage() as stage:
            sent = [Event(Happened.PUSH_SENT, 1.0, "", {"kind": kind}) for kind in ("call", "message", "missed")]
            stage.events[:] = [*sent, *events(Happened.PUSH_ACCEPTED)]
            stage.record._loop.call_soon(stage._noted, Event(Happened.PUSH_FAILED, 9.0))
            await stage.settle()
            assert stage.events[-1].what is Happened.PUSH_FAILED
            monkeypatch.setattr(stage_module, "SETTLE_SECONDS", 0.01)
            stage.events[:] = sent[:1]
            await stage.settle()  # not for ever

    run_real(story())
