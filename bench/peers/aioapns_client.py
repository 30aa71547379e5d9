"""aioapns as a client of `bench/pushes.py`, as its own page shows. Runs in the peers' environment, without ringwake.

Takes one argument, the work in JSON, and says JSON when it is done; see `push_client.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol

WITHIN = 20.0


async def main(work: dict[str, Any]) -> None:
    """Do the work."""
    logging.disable(logging.CRITICAL)
    endpoint = urlsplit(work["endpoint"])
    APNsProductionClientProtocol.APNS_SERVER = endpoint.hostname
    APNsProductionClientProtocol.APNS_PORT = endpoint.port
    key = Path(work["key"]).read_text()  # noqa: ASYNC240 - before the clock starts
    context = ssl.create_default_context(cafile=work["ca"])
    context.set_alpn_protocols(["h2"])  # by itself it offers nothing, and nginx then speaks HTTP/1.1
    client = APNs(
        key=key,
        key_id=work["key_id"],
        team_id=work["team"],
        topic=work["topic"],
        ssl_context=context,
    )
    state = {"number": 0, "delivered": 0}
    reasons: set[str] = set()

    async def send(number: int) -> None:
        message = {**work["message"], "ringwake": {**work["message"]["ringwake"], "id": f"{number:032x}"}}
        request = NotificationRequest(
            device_token=work["tokens"][number % len(work["tokens"])],
            message=message,
            time_to_live=19,
            priority=10,
            push_type=PushType.VOIP,
        )
        try:
            answer = await asyncio.wait_for(client.send_notification(request), WITHIN)
        except Exception as error:  # noqa: BLE001 - whatever it raises is a push that did not arrive
            reasons.add(type(error).__name__)
            return
        if answer.is_successful:
            state["delivered"] += 1
        else:
            reasons.add(str(answer.description))

    async def run(count: int, at_once: int) -> None:
        end = state["number"] + count

        async def worker() -> None:
            while state["number"] < end:
                state["number"] += 1
                await send(state["number"])

        await asyncio.gather(*(worker() for _ in range(at_once)))

    await run(work["warm_up"], 1)
    state["delivered"] = 0
    began, used = time.perf_counter(), cpu()
    await run(work["count"], work["at_once"])
    said = {"seconds": time.perf_counter() - began, "cpu": cpu() - used, "delivered": state["delivered"]}
    print(json.dumps({**said, "reasons": sorted(reasons)[:5]}))


def cpu() -> float:
    """Seconds of all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
