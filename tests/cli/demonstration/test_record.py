"""Who did what at which millisecond."""

from __future__ import annotations

import asyncio
import json

from tests.support.virtual_loop import pause, run_virtual

from ringwake.cli.demonstration.record import Record, Result


def test_steps_stand_in_order_in_milliseconds_since_the_scenario_began() -> None:
    async def story() -> None:
        record = Record()
        record.step("boss", "of the scenario before")
        await pause(5)
        record.begin()
        await pause(0.25)
        record.step("server", "later")
        record.step("boss", "earlier", at=asyncio.get_running_loop().time() - 0.125)
        assert record.timeline() == [
            {"at_ms": 125.0, "who": "boss", "what": "earlier"},
            {"at_ms": 250.0, "who": "server", "what": "later"},
        ]

    run_virtual(story())


def test_one_waits_for_what_a_step_brings() -> None:
    async def story() -> None:
        record = Record()
        loop = asyncio.get_running_loop()
        for seconds in (1, 2, 3):
            loop.call_later(seconds, record.step, "server", str(seconds))
        assert await record.until(lambda: len(record.timeline()) == 2, 10)
        assert record.timeline()[-1]["at_ms"] == 2000

    run_virtual(story())


def test_what_does_not_come_is_not_waited_for_longer_than_that() -> None:
    async def story() -> None:
        record, loop = Record(), asyncio.get_running_loop()
        before = loop.time()
        assert not await record.until(lambda: False, 3)
        assert loop.time() - before == 3

    run_virtual(story())


def test_a_result_is_json() -> None:
    result = Result(name="call-fcm", provider="fcm", user="bob")
    shown = json.loads(json.dumps(result.as_json()))
    wanted = ["name", "provider", "ok", "rang", "answered", "invites_seen", "pushes_seen", "timeline"]
    times = [f"{name}_ms" for name in ("invite_to_push", "register_to_invite", "ring_delay")]
    assert {*wanted, *times} <= shown.keys()
    assert (shown["ok"], shown["rang"], shown["answered"]) == (False, None, None)
