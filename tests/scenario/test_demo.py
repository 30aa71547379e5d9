"""`ringwake demo`: the main job, as `make demo` runs it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.support.processes import run_ringwake

NAMES = ["call-apns", "call-fcm", "call-webpush", "call-cancelled", "call-declined", "message-fcm", "refresh-apns"]
# Its accounts, tokens and database live for as long as it runs: what they look like is all that can be looked for.
TOKEN = re.compile(r"[0-9a-fA-F]{64}|APA91|wpush/|pn-prid|BEGIN ")
INVITES = {"call-cancelled": 0, "message-fcm": 0, "refresh-apns": 0}


def demo(arguments: list[str], state: Path) -> subprocess.CompletedProcess[str]:
    """Run the demonstration, and make sure that it shows no token."""
    done = run_ringwake(["demo", *arguments], state=state)
    assert TOKEN.search(done.stdout + done.stderr) is None
    return done


def test_all_seven_scenarios_are_as_they_should_be(tmp_path: Path) -> None:
    done = demo(["--json"], tmp_path)
    result = json.loads(done.stdout)
    assert (done.returncode, result["ok"]) == (0, True), done.stdout
    assert [scenario["name"] for scenario in result["scenarios"]] == NAMES
    for scenario in result["scenarios"]:
        assert scenario["invites_seen"] == INVITES.get(scenario["name"], 1)
        assert scenario["pushes_seen"] >= 1
        assert (scenario["rang"] is None) == (scenario["name"] in ("message-fcm", "refresh-apns"))
        moments = [step["at_ms"] for step in scenario["timeline"]]
        assert moments == sorted(moments)
        assert {"server"} < {step["who"] for step in scenario["timeline"]}
    for scenario in result["scenarios"][:3]:
        assert scenario["rang"] is scenario["answered"] is True
        assert 0 < scenario["invite_to_push_ms"] < scenario["ring_delay_ms"]
        assert scenario["register_to_invite_ms"] > 0


@pytest.mark.parametrize("broken", ["apns", "fcm", "webpush"])
def test_a_push_service_that_is_off_fails_its_scenarios_and_says_why(tmp_path: Path, broken: str) -> None:
    done = demo(["--json", "--break", broken, "--only", f"call-{broken}"], tmp_path)
    (scenario,) = json.loads(done.stdout)["scenarios"]
    assert done.returncode == 1
    assert (scenario["ok"], scenario["invites_seen"]) == (False, 0)
    assert "push service did not take the push" in scenario["reason"]


def test_people_get_a_timeline_and_a_closing_line(tmp_path: Path) -> None:
    done = demo(["--only", "call-fcm"], tmp_path)
    assert done.returncode == 0
    assert "INVITE sent to the phone over tcp" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 of 1 scenarios as they should be; 1 of 1 phones that were to ring rang."
