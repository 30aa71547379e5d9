"""uvicorn inside our loop, under our signals."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from ringwake.api.http_protocol import TimedHttp

CLOSE_SECONDS = 2
BACKLOG = 512


class HttpServer:
    """One HTTP listener."""

    def __init__(self, server: uvicorn.Server, sock: socket.socket, url: str) -> None:
        self.url = url
        self._server = server
        self._sock = sock
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def bind(
        cls, app: Starlette, host: str, port: int, *, certificate: Path | None = None, key: Path | None = None
    ) -> HttpServer:
        """Bind, so that connections wait for `start`; port 0 takes any.

        Raises:
            OSError: the address cannot be bound, or a TLS file not read.
        """
        config = uvicorn.Config(
            app,
            http=TimedHttp,
            ws="none",
            log_config=None,
            log_level="error",  # a warning for each malformed request would let strangers fill the disk
            access_log=False,
            server_header=False,
            lifespan="off",
            ssl_certfile=certificate,
            ssl_keyfile=key,
            backlog=BACKLOG,
            timeout_graceful_shutdown=CLOSE_SECONDS,
        )
        config.load()
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
            sock.listen(BACKLOG)
        except OSError:
            sock.close()
            raise
        shown = f"[{host}]" if ":" in host else host
        url = f"{'https' if certificate else 'http'}://{shown}:{sock.getsockname()[1]}"
        return cls(_Quiet(config), sock, url)

    def start(self) -> None:
        """Accept requests."""
        self._task = asyncio.get_running_loop().create_task(self._server.serve([self._sock]))

    async def close(self) -> None:
        """Finish what is under way, and close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._sock.close()


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process, which has more to close than HTTP."""
        yield
