"""libcurl's multi interface in the asyncio loop: sockets, one timer, and a watchdog (push-services 7.2).

libcurl 8.23 can lose a wake-up: an answer lies in its buffers and the transfer is not run again until its time-out.
Saying "readable" for every socket frees it, so that is done every 30 ms in which transfers are pending and none ended.
"""

from __future__ import annotations

import asyncio
from threading import Thread

import pycurl

WATCHDOG_SECONDS = 0.03
CLOSER = "curl-close"
"""Name of the threads in which connections are closed."""
CONNECTIONS_PER_HOST = 4
CONNECTIONS = 200
STREAMS = 100
"""On one connection. RFC 9113 section 6.5.2 asks servers to allow as many, so a burst need not wait for SETTINGS."""


class CurlDriver:
    """Runs transfers. Each ends as a future: with curl's result code, 0 for success."""

    def __init__(self, *, streams: int = STREAMS, per_host: int = CONNECTIONS_PER_HOST) -> None:
        """Begin, in the running loop.

        Args:
            streams: transfers that share a connection, at most.
            per_host: connections to one host, at most.
        """
        self._loop = asyncio.get_running_loop()
        self._pending: dict[pycurl.Curl, asyncio.Future[int]] = {}
        self._sockets: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_due = False
        self._is_retired = False
        self._is_closed = False
        self._watchdog: asyncio.TimerHandle | None = None
        self._has_ended = False
        self._multi = multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, per_host)
        multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, CONNECTIONS)
        multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, streams)

    async def run(self, curl: pycurl.Curl) -> int:
        """Run one transfer to its end; cancelling it resets its stream."""
        future: asyncio.Future[int] = self._loop.create_future()
        self._pending[curl] = future
        self._multi.add_handle(curl)
        self._arm_watchdog()
        try:
            return await future
        finally:
            if self._pending.pop(curl, None) is not None:
                self._multi.remove_handle(curl)
                self._go_if_retired()

    @property
    def is_closed(self) -> bool:
        """Whether it runs nothing any more."""
        return self._is_closed

    def retire(self) -> None:
        """Begin no further transfer: what is under way comes to its end, and then the connections are closed."""
        self._is_retired = True
        self._go_if_retired()

    def close(self, code: int) -> None:
        """End all transfers with a code of curl's and close the connections."""
        if self._is_closed:
            return
        self._is_closed = True
        for curl in tuple(self._pending):
            self._finish(curl, code)
        for fd in tuple(self._sockets):
            self._forget(fd)
        for timer in (self._timer, self._watchdog):
            if timer is not None:
                timer.cancel()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, None)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, None)
        # curl waits for names that are still looked up, long after their requests have ended; the loop must not.
        Thread(target=self._multi.close, name=CLOSER, daemon=True).start()

    def _watch(self, what: int, fd: int, _multi: object, _data: object) -> None:
        """M_SOCKETFUNCTION: curl says which sockets it waits for."""
        self._forget(fd)
        if what != pycurl.POLL_REMOVE:
            self._sockets.add(fd)
        if what in (pycurl.POLL_IN, pycurl.POLL_INOUT):
            self._loop.add_reader(fd, self._act, fd, pycurl.CSELECT_IN)
        if what in (pycurl.POLL_OUT, pycurl.POLL_INOUT):
            self._loop.add_writer(fd, self._act, fd, pycurl.CSELECT_OUT)

    def _forget(self, fd: int) -> None:
        if fd in self._sockets:
            self._sockets.discard(fd)
            self._loop.remove_reader(fd)
            self._loop.remove_writer(fd)

    def _set_timer(self, milliseconds: int) -> None:
        """M_TIMERFUNCTION: curl has one timer; -1 stops it. It must not be called back from within."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if milliseconds > 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0)
        elif milliseconds == 0 and not self._is_due:
            self._is_due = True  # once for all transfers that begin in this turn of the loop
            self._loop.call_soon(self._run_due)

    def _run_due(self) -> None:
        self._is_due = False
        if not self._is_closed:
            self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, fd: int, mask: int) -> None:
        self._multi.socket_action(fd, mask)
        self._drain()

    def _drain(self) -> None:
        queued = 1
        while queued:
            queued, succeeded, failed = self._multi.info_read()
            for curl in succeeded:
                self._finish(curl, 0)
            for curl, code, _text in failed:
                self._finish(curl, code)

    def _finish(self, curl: pycurl.Curl, code: int) -> None:
        self._has_ended = True
        self._multi.remove_handle(curl)
        future = self._pending.pop(curl, None)
        if future is not None and not future.done():
            future.set_result(code)
        self._go_if_retired()

    def _go_if_retired(self) -> None:
        if self._is_retired and not self._pending and not self._is_closed:
            self._loop.call_soon(self.close, pycurl.E_ABORTED_BY_CALLBACK)  # not in the midst of what curl tells us

    def _arm_watchdog(self) -> None:
        if self._watchdog is None:
            self._watchdog = self._loop.call_later(WATCHDOG_SECONDS, self._look)

    def _look(self) -> None:
        """Free what a lost wake-up holds; rest when nothing is pending."""
        self._watchdog = None
        if not self._pending:
            return
        if not self._has_ended:
            for fd in tuple(self._sockets):
                self._multi.socket_action(fd, pycurl.CSELECT_IN)
            self._drain()
        self._has_ended = False
        self._arm_watchdog()
