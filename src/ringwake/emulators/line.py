"""One TLS connection as a byte pipe: who speaks on it, when it is idle, frozen or congested."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol

from ringwake.emulators.clock import Alarm, Clock
from ringwake.emulators.exchange import Handler, Reply, Request, Response
from ringwake.emulators.manner import Counters, Manner, Terms

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Site:
    """What the connections of one listener share."""

    handler: Handler
    clock: Clock
    terms: Terms
    manner: Manner = field(default_factory=Manner)
    counters: Counters = field(default_factory=Counters)
    tasks: set[asyncio.Future[Reply] | asyncio.Future[None]] = field(default_factory=set)

    def ask(self, request: Request, answer: Callable[[Reply], None]) -> asyncio.Future[Reply] | None:
        """Have the handler reply, now or in a task that the caller may cancel."""
        self.counters.requests += 1
        try:
            reply = self.handler(request)
        except Exception as error:  # noqa: BLE001  # outermost: whatever a stranger sent, he gets an answer
            reply = self.failed(error)
        if isinstance(reply, Reply):
            answer(reply)
            return None
        late = asyncio.ensure_future(reply)
        self.tasks.add(late)
        late.add_done_callback(lambda done: self._answer_late(done, answer))
        return late

    def _answer_late(self, done: asyncio.Future[Reply], answer: Callable[[Reply], None]) -> None:
        self.tasks.discard(done)
        if done.cancelled():
            return
        error = done.exception()
        answer(done.result() if error is None else self.failed(error))

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run a task that the listener's end cancels."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def failed(self, error: BaseException) -> Response:
        """Count a bug of ours, and name it without its text: there may be a token in it."""
        self.counters.failures += 1
        log.error("event=emulator_failed error=%s", type(error).__name__)
        return Response(status=500)


class Engine(Protocol):
    """A protocol spoken on a line."""

    @property
    def open_requests(self) -> int:
        """How many requests are under way."""
        ...

    def receive(self, data: bytes) -> None:
        """Take what came."""
        ...

    def settle(self) -> None:
        """Take note that the site's manner has changed."""
        ...

    def goodbye(self, debug: bytes = b"") -> None:
        """Finish what is open, begin nothing new, then close the line."""
        ...

    def lost(self) -> None:
        """Drop all: the line is gone."""
        ...


Choose = Callable[["Line", bytes], Engine | None]
"""Picks the engine by ALPN or by the first octets; None: more of them are needed."""


class Line(asyncio.Protocol):
    """One connection of a listener, from the end of its TLS handshake on."""

    def __init__(self, site: Site, choose: Choose, gone: Callable[[], None]) -> None:
        self._site = site
        self._choose = choose
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._engine: Engine | None = None
        self._unread = bytearray()
        self._unsent = bytearray()
        self._closing = False
        self._congested = False
        self._idle: Alarm | None = None
        self._lingering: Alarm | None = None
        self.alpn: str | None = None
        self.certificate: bytes | None = None
        """The client's, DER."""

    @property
    def is_up(self) -> bool:
        """The handshake is done and the connection not lost."""
        return self._transport is not None

    @property
    def open_requests(self) -> int:
        """How many requests are under way."""
        return self._engine.open_requests if self._engine is not None else 0

    @property
    def is_closing(self) -> bool:
        """Nothing is sent any more."""
        return self._closing

    def begin(self, transport: asyncio.Transport) -> None:
        """Speak over this transport from now on."""
        self._transport = transport
        tls = transport.get_extra_info("ssl_object")
        self.alpn, self.certificate = tls.selected_alpn_protocol(), tls.getpeercert(binary_form=True)
        self.settle()
        self.data_received(b"")

    def data_received(self, data: bytes) -> None:
        """Feed the engine, or find out which it is."""
        self._touch()
        if self._engine is None or self._transport is None:
            self._unread += data
        try:
            self._feed(data)
        except Exception as error:  # noqa: BLE001  # outermost: hostile input ends its own connection only
            self._site.failed(error)
            self.abort()

    def _feed(self, data: bytes) -> None:
        if self._transport is None:
            return
        if self._engine is None:
            self._engine = self._choose(self, bytes(self._unread))
            if self._engine is None:
                return
            data = bytes(self._unread)
            self._unread.clear()
        self._engine.receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        del exc
        self._cancel_idle()
        if self._lingering is not None:
            self._lingering.cancel()
        self._transport, self._closing = None, True
        if self._engine is not None:
            self._engine.lost()
        self._gone()

    def write(self, data: bytes) -> None:
        """Send, or keep until the line thaws."""
        if self._transport is None or self._closing:
            return
        self._touch()
        if self._site.manner.freeze:
            self._unsent += data
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Close after what was written."""
        self._closing = True
        if self._transport is not None and not self._site.manner.freeze:
            self._transport.close()

    def linger(self, seconds: float) -> None:
        """Close when the peer does, or after so many seconds: an earlier close could cost it what is on its way."""
        if self._lingering is None:
            self._lingering = self._site.clock.later(seconds, self.close)

    def abort(self) -> None:
        """Close now."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    def goodbye(self) -> None:
        """Let the engine finish and close."""
        if self._engine is not None:
            self._engine.goodbye()
        else:
            self.close()

    def settle(self) -> None:
        """Take note that the site's manner has changed."""
        self._regulate()
        self._touch()
        if not self._site.manner.freeze and self._transport is not None:
            self._transport.write(bytes(self._unsent))
            self._unsent.clear()
            if self._closing:
                self._transport.close()
        if self._engine is not None:
            self._engine.settle()

    def pause_writing(self) -> None:
        """Read no more requests while the peer does not read its answers."""
        self._congested = True
        self._regulate()

    def resume_writing(self) -> None:
        """Read again."""
        self._congested = False
        self._regulate()

    def _regulate(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._congested or self._site.manner.freeze:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _touch(self) -> None:
        self._cancel_idle()
        if (seconds := self._site.manner.idle_seconds) and not self._closing:
            self._idle = self._site.clock.later(seconds, self._rest)

    def _rest(self) -> None:
        if self.open_requests:
            self._touch()
        elif self._engine is not None:
            self._engine.goodbye(self._site.terms.idle_debug)
        else:
            self.close()

    def _cancel_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
