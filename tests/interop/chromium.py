"""A headless Chromium with a profile of its own, driven by the DevTools protocol. It reaches loopback alone."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

PROGRAM = shutil.which("chromium")
SECONDS = 60.0
"""Its start on a busy machine, and its first subscription, take seconds."""
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="chromium is missing: apt-get install chromium")
# No --disable-background-networking: push is background networking. That it asks nobody, the resolver sees to.
_SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"),
    *("--no-first-run", "--no-default-browser-check", "--no-pings", "--no-proxy-server", "--password-store=basic"),
    *("--disable-component-update", "--disable-default-apps", "--disable-extensions", "--disable-sync"),
    *("--disable-client-side-phishing-detection", "--disable-domain-reliability", "--disable-breakpad"),
    *("--metrics-recording-only", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
    "--ignore-certificate-errors",  # of the connection for push messages, which no authority can be named for
)


class Page:
    """A page in it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._session: dict[str, str] = {}

    async def visit(self, origin: str) -> None:
        """Open a page that may show notifications."""
        granted = {"origin": origin, "permissions": ["notifications"]}
        await self._ask("Browser.grantPermissions", granted)
        target = await self._ask("Target.createTarget", {"url": "about:blank"})
        attached = await self._ask("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        self._session = {"sessionId": attached["sessionId"]}
        await self._ask("Page.enable", {})
        await self._ask("Page.navigate", {"url": origin})
        await self._until("Page.loadEventFired")

    async def run(self, script: str) -> Any:
        """Evaluate an expression in the page, and return what it, or its promise, comes to."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        done = await self._ask("Runtime.evaluate", asked)
        assert "exceptionDetails" not in done, done["exceptionDetails"]["exception"].get("description")
        return done["result"].get("value")

    async def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params, **self._session}))
        while (answer := await self._read()).get("id") != number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def _until(self, event: str) -> None:
        while (await self._read()).get("method") != event:
            pass

    async def _read(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self._connection.recv(), SECONDS))
        return message


@asynccontextmanager
async def chromium(folder: Path, *switches: str) -> AsyncIterator[Page]:
    """Run it while the context is open; `folder` is for its profile."""
    assert PROGRAM is not None
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *_SWITCHES,
        *switches,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    assert process.stderr is not None
    told: list[str] = []
    try:
        url = await asyncio.wait_for(_door(process.stderr, told), SECONDS)
        drain = asyncio.create_task(process.stderr.read())
        async with connect(url, max_size=None, compression=None, proxy=None) as connection:
            yield Page(connection)
            await connection.send(json.dumps({"id": 0, "method": "Browser.close"}))
            await asyncio.wait_for(process.wait(), SECONDS)
        await drain
    except TimeoutError:
        raise AssertionError("\n".join(told)) from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
            await process.wait()


async def _door(stderr: asyncio.StreamReader, told: list[str]) -> str:
    """Return where it listens for DevTools; it says so once it does."""
    while octets := await stderr.readline():
        line = octets.decode(errors="replace").strip()
        told.append(line)
        if line.startswith("DevTools listening on "):
            return line.rpartition(" ")[2]
    raise AssertionError("\n".join(told))
