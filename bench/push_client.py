"""Our client of `bench/pushes.py`: the whole dispatcher, a VoIP push built anew each time. Says JSON when it is done.

Takes one argument, the work in JSON: `endpoint`, `ca`, `key`, `count`, `at_once`, `warm_up`, `tokens`.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Accepted, Alert, Kind, Notice, Push, PushTarget, Service
from ringwake.push.access import ApnsAccess
from ringwake.push.apns.payload import payload
from ringwake.push.senders import Senders
from ringwake.secret import Secret, Token

TEAM, BUNDLE, KEY_ID = "TEAM123456", "com.example.phone", "KEY1234567"
APP = AppKey(Provider.APNS, f"{TEAM}.{BUNDLE}")
ALERT = Alert(title="alice@example.com", body="Boss calling", sound="default", badge=1, category="INCOMING_CALL")
WITHIN = 20.0


class Work:
    """Pushes to a number of devices, some at once."""

    def __init__(self, senders: Senders, tokens: list[str]) -> None:
        self._senders = senders
        self._targets = [_target(token) for token in tokens]
        self._number = 0
        self.delivered = 0
        self.reasons: set[str] = set()

    async def run(self, count: int, at_once: int) -> None:
        """Send `count` pushes, `at_once` of them under way."""
        end = self._number + count

        async def worker() -> None:
            while self._number < end:
                self._number += 1
                await self._send(self._number)

        await asyncio.gather(*(worker() for _ in range(at_once)))

    async def _send(self, number: int) -> None:
        target = self._targets[number % len(self._targets)]
        service, token = target.tokens[0]
        expires_at = time.time() + 18.75
        push = Push(
            notice=notice(number), target=target, service=service, token=token, expires_at=expires_at, timeout=WITHIN
        )
        outcome = await self._senders.send(push)
        if isinstance(outcome, Accepted) and outcome.id:
            self.delivered += 1
        else:
            self.reasons.add(str(outcome))


def example() -> dict[str, Any]:
    """Return a payload as we build it, so that others send the same."""
    target = _target("ab" * 32)
    service, token = target.tokens[0]
    push = Push(notice=notice(1), target=target, service=service, token=token, expires_at=time.time() + 18.75)
    built: dict[str, Any] = json.loads(payload(push).body)
    return built


def notice(number: int) -> Notice:
    """Return what a push says: all fields filled."""
    return Notice(
        kind=Kind.CALL,
        id=f"{number:032x}",
        account="5f2c1d9ab3e07c44",
        call_id=f"{number}@atlanta.example.com",
        from_uri="sip:boss@example.com",
        from_name="Boss",
        seq=1,
        uuid="c0c5b1f5-5bb4-5c0f-8a53-6c2a4b1f6a55",
        deadline_ms=18750,
        alert=ALERT,
    )


def _target(value: str) -> PushTarget:
    token = Token(provider=APP.provider.value, app=APP.param, value=value)
    return PushTarget(app=APP, tokens=((Service.VOIP, token),))


async def main(work: dict[str, Any]) -> None:
    """Do the work."""
    senders = Senders(wall=time.time, report=lambda line: print(line, file=sys.stderr))
    key = Secret(Path(work["key"]).read_bytes())  # noqa: ASYNC240 - before the clock starts
    senders.add(APP, ApnsAccess(key_id=KEY_ID, key=key, endpoint=work["endpoint"], ca_file=Path(work["ca"])))
    try:
        pushes = Work(senders, work["tokens"])
        await pushes.run(work["warm_up"], 1)
        pushes.delivered = 0
        began, used = time.perf_counter(), _cpu()
        await pushes.run(work["count"], work["at_once"])
        seconds, cpu = time.perf_counter() - began, _cpu() - used
    finally:
        await senders.close()
    said = {"seconds": seconds, "cpu": cpu, "delivered": pushes.delivered, "reasons": sorted(pushes.reasons)[:5]}
    print(json.dumps(said))


def _cpu() -> float:
    """Seconds of all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
