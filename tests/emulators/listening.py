"""A listener for the tests of the HTTP side, with handlers that echo, hang or fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.emulators.bench import ManualClock
from tests.emulators.conftest import Tls

from ringwake.emulators.exchange import Handler, Reply, Request, Reset, Response
from ringwake.emulators.manner import Terms
from ringwake.emulators.server import Listener


def echo(request: Request) -> Response:
    """Answer with what came, so that a test sees what the handler was given."""
    seen = [(f"x-seen-{name}", value) for name, value in request.headers if name.startswith("x-")]
    status = 413 if request.too_long else 200
    trusts = request.header("authorization") == "trusted"
    headers = (("x-method", request.method), ("x-target", request.target), *seen)
    return Response(status=status, headers=headers, body=request.body, trusts_peer=trusts)


class Held:
    """A handler that answers only when the test says so; on `/now` at once, on `/reset` not at all."""

    def __init__(self) -> None:
        self.waiting = 0
        self.cancelled = 0
        self.release = asyncio.Event()

    def __call__(self, request: Request) -> Reply | asyncio.Future[Reply]:
        if request.path == "/now":
            return echo(request)
        if request.path == "/reset":
            return Reset()
        return asyncio.ensure_future(self._later(request))

    async def _later(self, request: Request) -> Reply:
        self.waiting += 1
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return echo(request)


@asynccontextmanager
async def listening(
    tls: Tls, handler: Handler = echo, *, terms: Terms | None = None, clock: ManualClock | None = None
) -> AsyncIterator[Listener]:
    listener = Listener(handler, tls=tls.server(), clock=clock or ManualClock(), terms=terms)
    await listener.open("127.0.0.1")
    try:
        yield listener
        assert listener.counters.failures == 0
    finally:
        await listener.close()
