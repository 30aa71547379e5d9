"""`ringwake demo`: sleeping phones ring, on three push services, and each step is shown with its millisecond."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from ringwake.app.system import wall_now
from ringwake.cli.demonstration.record import Result
from ringwake.cli.demonstration.scenarios import CALLER, SCENARIOS, TRANSPORTS, Scenario
from ringwake.cli.demonstration.stage import Stage
from ringwake.cli.options import add_json
from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab
from ringwake.observe.log import set_up
from ringwake.sip.flow import Transport
from ringwake.softphone.account_api import AccountApiError
from ringwake.softphone.device import Device
from ringwake.softphone.line import RegisterError
from ringwake.softphone.pushbox import PushboxError

REFRESH_GRANT = 20.0
REFRESH = (3.0, 1.5)
"""Grant, and (every, lead), of the scenario that waits for a silent push: it comes after a second and a half."""
PROVIDERS = tuple(TRANSPORTS)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--break", dest="broken", choices=PROVIDERS, help="switch one push service off")
    parser.add_argument(
        "--only", metavar="NAME", choices=[scenario.name for scenario in SCENARIOS], help="play one scenario"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    set_up(level="error", as_json=False)
    with tempfile.TemporaryDirectory(prefix="ringwake-demo-") as folder:
        for name in ("usual", "hasty"):
            (Path(folder) / name).mkdir(mode=0o700)
        results = asyncio.run(_play(Path(folder), options))
    ok = all(result.ok for result in results)
    if options.json:
        print(json.dumps({"ok": ok, "scenarios": [result.as_json() for result in results]}))
    else:
        print(_closing(results))
    return 0 if ok else 1


async def _play(folder: Path, options: argparse.Namespace) -> list[Result]:
    results = []
    async with Lab.open(folder / "lab", clock=Clock(wall_now)) as lab:
        # Two servers share the team's key, and each shows a token of its own: more than Apple lets a team do.
        await lab.switches.set("apns", token_interval=0)
        if options.broken:
            await lab.switches.set(options.broken, off=True)
        users = [CALLER, *(scenario.user for scenario in SCENARIOS)]
        usual = await Stage.open(lab, folder / "usual", users)
        hasty = await Stage.open(lab, folder / "hasty", users, grant=REFRESH_GRANT, refresh=REFRESH)
        try:
            caller = usual.phone(CALLER, Transport.UDP)
            await caller.start()
            for scenario in SCENARIOS:
                if options.only in (None, scenario.name):
                    stage = hasty if scenario.name.startswith("refresh") else usual
                    results.append(await _act(stage, scenario, caller))
                    if not options.json:
                        print(told(results[-1]), flush=True)
        finally:
            await hasty.close()
            await usual.close()
    return results


async def _act(stage: Stage, scenario: Scenario, caller: Device) -> Result:
    result = Result(name=scenario.name, provider=scenario.provider, user=scenario.user)
    try:
        await scenario.play(stage, result, caller)
    except (PushboxError, RegisterError, AccountApiError, OSError) as error:
        result.reason = str(error)
    await stage.settle()
    result.timeline = stage.record.timeline()
    if not result.ok and not result.reason:
        result.reason = stage.why()
    return result


def told(result: Result) -> str:
    """Tell a scenario as a person would want to read it."""
    head = f"{'ok  ' if result.ok else 'FAIL'}  {result.name}"
    steps = [f"  {step['at_ms']:>9,.1f} ms  {step['who']:<15}  {step['what']}" for step in result.timeline]
    times = ", ".join(
        f"{name} {value:.1f} ms"
        for name, value in (
            ("INVITE to push", result.invite_to_push_ms),
            ("REGISTER to INVITE", result.register_to_invite_ms),
            ("ring delay", result.ring_delay_ms),
        )
        if value is not None
    )
    lines = [head, *steps, f"  {times}" if times else "", f"  Why: {result.reason}" if result.reason else ""]
    return "\n".join([*(line for line in lines if line), ""])


def _closing(results: list[Result]) -> str:
    calls = [result for result in results if result.rang is not None]
    rang = sum(bool(result.rang) for result in calls)
    expected = sum(result.name != "call-cancelled" for result in calls)
    good = sum(result.ok for result in results)
    return f"{good} of {len(results)} scenarios as they should be; {rang} of {expected} phones that were to ring rang."
