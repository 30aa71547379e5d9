"""HTTP/1.1 with a limit on how long a request may take to come: uvicorn itself waits for a slow sender for ever."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 20.0
"""From the connection, or the first octet, to the last octet of a request (reliability S17)."""


class TimedHttp(H11Protocol):
    """uvicorn's protocol, and the timer of the request that is coming in."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's narrowing
        """Wait for a request."""
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        """Take octets; a request that has come whole may be answered as slowly as it must be."""
        self._begin()
        super().data_received(data)
        if not self._is_waiting():
            self._end()

    def on_response_complete(self) -> None:
        """Go on with what the client has sent meanwhile, or with the rest of a body that nobody wanted."""
        self._end()
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._end()
        super().connection_lost(exc)

    def _is_waiting(self) -> bool:
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _begin(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
