"""libcurl closes its connections in threads of its own: tests wait for them, or a server is left in mid-sentence."""

from __future__ import annotations

import asyncio
import threading

from ringwake.push.transport.curl_driver import CLOSER


async def curl_has_closed() -> None:
    """Wait until libcurl has closed its connections, which it does in threads of its own, and servers have heard it."""
    for thread in threading.enumerate():
        if thread.name == CLOSER:
            await asyncio.to_thread(thread.join, 5.0)
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251  no time passes
