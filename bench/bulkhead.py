"""What a slow FCM does to pushes through APNs: their p99 with FCM well and with FCM slow, turn by turn (P11, F2).

Part of `make bench`; alone it takes `--rounds`. Both services are emulated in another process, whose tokens nobody
has: an answer is an answer. What is measured is `Senders`, by which both go.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from program import Program
from push_client import notice
from websockets.asyncio.client import connect

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Push, PushTarget, Refused, Service, Unregistered
from ringwake.push.access import ApnsAccess, FcmAccess
from ringwake.push.senders import Senders
from ringwake.secret import Secret, Token

RINGWAKE = str(Path(sys.executable).with_name("ringwake"))
APNS_A_SECOND, FCM_A_SECOND, SECONDS, ROUNDS = 100, 50, 5, 3
SLOW_SECONDS, WITHIN = 8.0, 5.0
BUNDLE = "com.example.ringwake"


class Bulkhead:
    """Pushes through both services at a steady rate."""

    def __init__(self, lab: dict[str, Any]) -> None:
        self._lab = lab
        self._senders = Senders(wall=time.time, report=lambda line: print(line, file=sys.stderr))
        self._number = 0
        apns, fcm, ca = lab["apns"], lab["fcm"], Path(lab["ca_file"])
        self._apns = AppKey(Provider.APNS, f"{apns['team']}.{BUNDLE}")
        self._fcm = AppKey(Provider.FCM, fcm["project"])
        key = Secret(Path(apns["key_file"]).read_bytes())
        self._senders.add(self._apns, ApnsAccess(key_id=apns["key_id"], key=key, endpoint=apns["url"], ca_file=ca))
        account = json.loads(Path(fcm["service_account"]).read_text())
        self._senders.add(self._fcm, FcmAccess(service_account=account, endpoint=fcm["url"], ca_file=ca))

    async def close(self) -> None:
        """Close the connections."""
        await self._senders.close()

    async def p99(self, *, slow: float) -> float:
        """Return the p99 of APNs in milliseconds while FCM takes so many seconds for an answer."""
        await self._switch("fcm", {"slow": slow})
        async with asyncio.TaskGroup() as group:
            group.create_task(self._steadily(self._fcm, FCM_A_SECOND))
            took = await self._steadily(self._apns, APNS_A_SECOND)
        return sorted(took)[int(len(took) * 0.99)] * 1000

    async def _steadily(self, app: AppKey, a_second: int) -> list[float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        sent: list[asyncio.Task[float]] = []
        for number in range(a_second * SECONDS):
            await asyncio.sleep(max(0.0, began + number / a_second - loop.time()))
            sent.append(asyncio.create_task(self._send(app)))
        return await asyncio.gather(*sent)

    async def _send(self, app: AppKey) -> float:
        self._number += 1
        service = Service.VOIP if app is self._apns else Service.ONLY
        value = f"{self._number:064x}" if app is self._apns else f"nobody:{self._number:030x}"
        token = Token(provider=app.provider.value, app=app.param, value=value)
        target = PushTarget(app=app, tokens=((service, token),))
        push = Push(
            notice=notice(self._number),
            target=target,
            service=service,
            token=token,
            expires_at=time.time() + 18.75,
            timeout=WITHIN,
        )
        began = time.perf_counter()
        outcome = await self._senders.send(push)
        if app is self._apns and not isinstance(outcome, Refused | Unregistered):
            raise SystemExit(f"APNs did not answer: {outcome}")
        return time.perf_counter() - began

    async def _switch(self, service: str, changes: dict[str, object]) -> None:
        tls = ssl.create_default_context(cafile=self._lab["ca_file"])
        async with connect(self._lab["inbox"]["url"], ssl=tls) as door:
            secret = Path(self._lab["inbox"]["control_secret_file"]).read_text().strip()  # noqa: ASYNC240  short
            for message in ({"op": "control", "secret": secret}, {"op": "switch", "service": service, "set": changes}):
                await door.send(json.dumps(message))
                await door.recv()


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return p99 in milliseconds with FCM well and slow, medians of the rounds, and the ratio."""
    with TemporaryDirectory(prefix="ringwake-bulkhead-") as folder:
        emulate = (RINGWAKE, "emulate", "--json", "--quiet", "--state", folder)
        with Program(*emulate, log=Path(folder) / "emulators.log") as emulators:
            return asyncio.run(_measure(emulators.line(), rounds))


def line(figures: dict[str, Any]) -> str:
    """Return the line that a person reads."""
    well, slow = figures["apns_p99_ms"], figures["apns_p99_fcm_slow_ms"]
    return f"Pushes through APNs, p99: {well:.1f} ms, with a slow FCM beside {slow:.1f} ms ({slow / well:.2f} times)"


async def _measure(lab: dict[str, Any], rounds: int) -> dict[str, float]:
    bulkhead = Bulkhead(lab)
    try:
        await bulkhead.p99(slow=0.0)  # connections, tokens
        well, slow = [], []
        for _ in range(rounds):
            well.append(await bulkhead.p99(slow=0.0))
            slow.append(await bulkhead.p99(slow=SLOW_SECONDS))
    finally:
        await bulkhead.close()
    return {
        "apns_p99_ms": median(well),
        "apns_p99_fcm_slow_ms": median(slow),
        "apns_p99_ratio": median(slow) / median(well),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what a slow FCM does to pushes through APNs.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    print(json.dumps(measure(parser.parse_args().rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
