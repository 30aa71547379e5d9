"""The phone's SIP side while it is awake: one flow to the server, and what is said over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringwake.model.ports import Ids
from ringwake.model.push import TICKET_FIELD
from ringwake.net.stack import Stack
from ringwake.net.transport import Carrier
from ringwake.sip import methods
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS
from ringwake.sip.flow import Flow
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.events import AckArrived, Event, RequestArrived, RequestFailed, ResponseArrived
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.sip.via import COOKIE
from ringwake.softphone.conversations import Conversations
from ringwake.softphone.dial import Dial, dial
from ringwake.softphone.line_events import LineEvent, LineLost
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.digest_retry import retry
from ringwake.ua.keep_alive import PONG_SECONDS, ping_pause
from ringwake.ua.registration import Granted, Registration


class RegisterError(Exception):
    """The server refuses our REGISTER, or does not answer it (status 0)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"REGISTER was answered {status}" if status else "REGISTER was not answered")
        self.status = status


class Line:
    """One connection of one account."""

    def __init__(
        self, settings: PhoneSettings, ids: Ids, on_event: Callable[[LineEvent], None], *, dial: Dial = dial
    ) -> None:
        self._dial = dial
        self._settings = settings
        self._ids = ids
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._stack = self._make_stack()
        self._carrier: Carrier | None = None
        self._flow: Flow | None = None
        self._waiting: dict[str, asyncio.Future[Response | None]] = {}
        self._is_closing = False
        self._is_lost = False
        self._granted: Granted | None = None
        self._ping_at: float | None = None
        self.conversations = Conversations(self, settings.identity, ids, on_event)

    @property
    def flow(self) -> Flow:
        """The flow to the server."""
        assert self._flow is not None, "open() comes first"
        return self._flow

    async def open(self) -> None:
        """Connect to the server; again, after the connection was lost, with all calls as they were.

        Raises:
            OSError: it cannot be reached.
        """
        if self._is_closing:
            self._stack, self._is_closing = self._make_stack(), False
        carrier, self._flow = await self._dial(self._settings, self._stack, self._ids.hex(8))
        self._stack.add(carrier, self._flow.local)
        self._carrier, self._is_lost = carrier, False

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone without our doing."""
        return self._is_lost

    async def close(self) -> None:
        """Close the connection."""
        self._is_closing = True
        await self._stack.close()
        self._drop_waiting()

    async def suspend(self) -> None:
        """Close the connection as a phone does that falls asleep: calls that are up go on once it is opened again."""
        await self.close()
        self._ping_at = None
        self.conversations.suspend()

    async def register(self, registration: Registration, *, expires: int, ticket: str = "") -> Granted:
        """Register, by the one-time ticket of a push if there is one, and answering a challenge.

        Raises:
            RegisterError: refused, or not answered.
        """
        response = await self._ask(registration, expires, ticket)
        if response is not None and response.status == 439 and registration.uses_flows:
            registration.uses_flows = False  # RFC 5626 section 4.2.1: then as everybody does
            response = await self._ask(registration, expires)
        if response is None or response.status >= 300:
            raise RegisterError(response.status if response else 0)
        self._granted = registration.granted(response)
        self.conversations.purr = self._granted.purr
        self._plan_ping()
        self._stack.pump(self._loop.time())  # which sets its timer by ours
        return self._granted

    async def message(self, target: str, text: str) -> int:
        """Send a text to a SIP URI; returns the final status, 0 when there was none."""
        headers = Headers()
        branch = COOKIE + self._ids.hex(24)
        headers.append("via", f"SIP/2.0/{self.flow.transport.via} {self.flow.local};rport;branch={branch}")
        headers.append("max-forwards", str(DEFAULT_MAX_FORWARDS))
        headers.append("from", self._settings.identity.address(self._ids.hex(12)))
        headers.append("to", f"<{target}>")
        headers.append("call-id", self._ids.hex(24))
        headers.append("cseq", f"1 {methods.MESSAGE}")
        headers.append("content-type", "text/plain")
        request = Request(headers, text.encode(), method=methods.MESSAGE, uri=target)
        response = await self.request(request)
        again = retry(request, response, self._settings.identity, self._ids) if response else None
        if again is not None:
            response = await self.request(again)
        return response.status if response else 0

    async def request(self, request: Request) -> Response | None:
        """Send a request that is no INVITE and wait for its final response; None when none comes."""
        branch = request.via.branch
        answer: asyncio.Future[Response | None] = self._loop.create_future()
        self._waiting[branch] = answer
        self.send(request)
        try:
            return await answer
        finally:
            self._waiting.pop(branch, None)

    # ---- the wire

    def send(self, request: Request) -> None:
        """Send a request in a transaction."""
        now = self._loop.time()
        self._stack.send(request, self.flow, now)
        self._stack.pump(now)

    def relay(self, request: Request) -> None:
        """Send an ACK."""
        self._stack.relay(request, self.flow)
        self._stack.pump(self._loop.time())

    def respond(self, transaction: ServerTransaction, response: Response) -> None:
        """Answer a request."""
        now = self._loop.time()
        self._stack.respond(transaction, response, now)
        self._stack.pump(now)

    def cancel(self, branch: str) -> None:
        """CANCEL an INVITE."""
        now = self._loop.time()
        self._stack.cancel(branch, "", now)
        self._stack.pump(now)

    # ---- what the stack reports

    def receive(self, event: Event, now: float) -> None:
        """Take an event of the transaction layer."""
        match event:
            case RequestArrived():
                self.conversations.request(event, now)
            case AckArrived(request=request):
                self.conversations.acknowledged(request)
            case ResponseArrived(method=methods.CANCEL) | RequestFailed(method=methods.CANCEL):
                pass  # it has the branch of its INVITE, which is answered by itself
            case ResponseArrived(branch=branch, response=response):
                if not self.conversations.response(branch, response) and response.status >= 200:
                    self._settle(branch, response)
            case RequestFailed(branch=branch):
                self.conversations.failed(branch)
                self._settle(branch, None)
            case _:
                pass

    def opened(self, flow: Flow, now: float) -> None:
        """Nothing: `open` waits for it."""

    def closed(self, flow: Flow, now: float) -> None:
        """Take note that the connection is gone."""
        del now
        if flow != self._flow or self._is_closing or self._is_lost:
            return
        self._is_lost, self._ping_at = True, None
        self._drop_waiting()
        self._on_event(LineLost())

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        timers = (self._ping_at, self.conversations.get_timer())
        return min((at for at in timers if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        self.conversations.handle_timer(now)
        if self._ping_at is not None and self._ping_at <= now and self._carrier is not None:
            self._carrier.ping(self.flow, PONG_SECONDS)
            self._plan_ping()

    # ---- inside

    def _make_stack(self) -> Stack:
        stack = Stack(clock=self._loop.time, call_at=self._loop.call_at, fault=self._fault)
        stack.attach(self)
        return stack

    async def _ask(self, registration: Registration, expires: int, ticket: str = "") -> Response | None:
        request = registration.request(self.flow, expires=expires)
        if ticket:
            request.headers.append(TICKET_FIELD, ticket)
        response = await self.request(request)
        again = retry(request, response, self._settings.identity, self._ids) if response else None
        if again is None:
            return response
        registration.advanced(again)
        return await self.request(again)

    def _plan_ping(self) -> None:
        """Keep alive what the server knows for a flow, and nothing else (RFC 5626 section 4.2.1)."""
        granted, self._ping_at = self._granted, None
        if granted is None or not granted.has_flow or not granted.expires:
            return
        pause = ping_pause(
            flow_timer=granted.flow_timer,
            is_reliable=self.flow.transport.is_reliable,
            on_battery=granted.has_push,
            chance=int(self._ids.hex(4), 16) / 0xFFFF,
        )
        self._ping_at = self._loop.time() + pause

    def _settle(self, branch: str, response: Response | None) -> None:
        answer = self._waiting.get(branch)
        if answer is not None and not answer.done():
            answer.set_result(response)

    def _drop_waiting(self) -> None:
        for branch in tuple(self._waiting):
            self._settle(branch, None)

    def _fault(self, where: str, error: BaseException) -> None:
        self._loop.call_exception_handler({"message": f"softphone: {where}", "exception": error})
