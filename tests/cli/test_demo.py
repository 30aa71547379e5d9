"""`ringwake demo`: the main job in one go, for people and for programs."""

from __future__ import annotations

import json
import signal

import pytest
from tests.cli.terminal import Terminal

from ringwake.cli import demo
from ringwake.cli.demo import told
from ringwake.cli.demonstration import stage
from ringwake.cli.demonstration.record import Result
from ringwake.cli.demonstration.scenarios import SCENARIOS

TIMES = {"invite_to_push_ms", "register_to_invite_ms", "ring_delay_ms"}
KEYS = {"name", "provider", "ok", "rang", "answered", "invites_seen", "pushes_seen", "timeline", *TIMES}
WAKING = {"push sent (call)", "push sent (message)", "push sent (refresh)"}


def test_all_scenarios_are_as_they_should_be(terminal: Terminal) -> None:
    done = terminal.run("demo", "--json")
    shown = json.loads(done.out)
    assert (done.code, shown["ok"], done.err) == (0, True, ""), done.out
    assert [one["name"] for one in shown["scenarios"]] == [scenario.name for scenario in SCENARIOS]
    for one in shown["scenarios"]:
        assert one.keys() >= KEYS
        told = [step["what"] for step in one["timeline"]]
        sent = [at for at, what in enumerate(told) if what in WAKING]
        answered = [at for at, what in enumerate(told) if what == "push accepted by the service"]
        assert len(sent) == 1
        assert answered, one  # it is not told in the next scenario
        assert answered[0] > sent[0]


def test_people_get_a_timeline_in_80_columns_and_a_closing_line(terminal: Terminal) -> None:
    done = terminal.run("demo", "--only", "call-declined")
    assert done.code == 0
    assert done.lines[0] == "ok    call-declined"
    assert done.lines[-1] == "1 of 1 scenarios as they should be; 1 of 1 phones that were to ring rang."
    assert all(len(line) <= 80 for line in done.lines)


@pytest.mark.parametrize("service", ["apns", "fcm", "webpush"])
def test_a_service_that_is_off_fails_its_scenario_in_a_few_seconds(
    service: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stage.WAKE_SECONDS <= 5
    monkeypatch.setattr(stage, "WAKE_SECONDS", 0.5)
    monkeypatch.setattr(stage, "SETTLE_SECONDS", 0.1)
    done = terminal.run("demo", "--break", service, "--only", f"call-{service}")
    assert done.code == 1
    assert done.lines[0] == f"FAIL  call-{service}"
    assert done.lines[-3].startswith("  Why: The push service did not take the push: ")
    assert done.lines[-1] == "0 of 1 scenarios as they should be; 0 of 1 phones that were to ring rang."


def test_a_signal_ends_it_without_a_traceback(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "WAKE_SECONDS", 0.5)

    def person() -> None:
        terminal.until("call-apns")
        terminal.stop(signal.SIGINT)

    done = terminal.run("demo", "--break", "apns", person=person)
    assert (done.code, done.err) == (130, "")
    assert "call-fcm" not in done.out


def test_what_was_not_measured_is_not_told() -> None:
    result = Result(name="x", provider="fcm", user="bob", reason="it was lost", ring_delay_ms=1.5)
    assert told(result) == "FAIL  x\n  ring delay 1.5 ms\n  Why: it was lost\n"
    assert told(Result(name="x", provider="fcm", user="bob", ok=True)) == "ok    x\n"


def test_the_closing_line_counts_phones_that_were_to_ring_only() -> None:
    results = [
        Result(name="call-fcm", provider="fcm", user="bob", ok=True, rang=True),
        Result(name="call-cancelled", provider="fcm", user="dave", ok=True, rang=False),
        Result(name="message-fcm", provider="fcm", user="frank", ok=False),
    ]
    assert demo._closing(results) == "2 of 3 scenarios as they should be; 1 of 1 phones that were to ring rang."
