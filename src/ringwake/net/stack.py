"""The stack: transports below, the transaction layer inside, one user above, one timer for all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ringwake.net.transport import Batch, Carrier
from ringwake.sip.errors import SipError
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.parser import parse
from ringwake.sip.transactions.events import Dropped, Event
from ringwake.sip.transactions.layer import MAX_TRANSACTIONS, TransactionLayer
from ringwake.sip.transactions.servers import ServerTransaction

MAX_EARLY = 10_000
"""Messages that wait for a user who is still being set up. More are dropped, as the network would."""


class User(Protocol):
    """Who uses the stack: the edge of a server, or a phone."""

    def receive(self, event: Event, now: float) -> None:
        """Take an event of the transaction layer."""

    def opened(self, flow: Flow, now: float) -> None:
        """Take note of a connection."""

    def closed(self, flow: Flow, now: float) -> None:
        """Take note that a flow is gone."""

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""

    def handle_timer(self, now: float) -> None:
        """Do what is due."""


class Wire(Protocol):
    """Who is shown each message, as it came or as it goes."""

    def received(self, flow: Flow, octets: bytes) -> None:
        """Take note of a message that came."""

    def sent(self, flow: Flow, octets: bytes) -> None:
        """Take note of a message that goes."""


class Cancellable(Protocol):
    """A call that was put off."""

    def cancel(self) -> None:
        """Do not make it."""


class Stack:
    """Joins transports and transactions. All of it runs in one thread; nothing blocks."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        call_at: Callable[[float, Callable[[], None]], Cancellable],
        fault: Callable[[str, BaseException], None],
        max_transactions: int = MAX_TRANSACTIONS,
        wire: Wire | None = None,
    ) -> None:
        """Make a stack.

        Args:
            clock: monotonic seconds, as an event loop's `time`.
            call_at: as an event loop's `call_at`.
            fault: told of errors that nobody else caught; the message that caused one is lost, the rest goes on.
            max_transactions: beyond it new requests get 503.
            wire: shown all that passes.
        """
        self._clock = clock
        self._call_at = call_at
        self._fault = fault
        self._wire = wire
        self._layer = TransactionLayer(max_transactions=max_transactions)
        self._carriers: dict[tuple[Transport, Address], Carrier] = {}
        self._nodes: dict[str, Carrier] = {}
        """Carriers of all flows that name a node, whatever their addresses."""
        self._user: User | None = None
        self._early: Batch = []
        self._timer: Cancellable | None = None
        self._timer_at: float | None = None
        self._is_pumping = False
        self._is_closed = False

    def attach(self, user: User) -> None:
        """Set who uses the stack. What has come meanwhile is told at the next `pump`."""
        self._user = user

    def add(self, carrier: Carrier, *addresses: Address) -> None:
        """Take up a transport with the addresses it listens on, or those of the connections it has opened."""
        for address in addresses or carrier.addresses():
            self._carriers[carrier.transport, address] = carrier

    def add_node(self, carrier: Carrier, node: str) -> None:
        """Take up a transport by the node that its flows name: addresses of private networks may be those of others."""
        self._nodes[node] = carrier

    # ---- what transports report

    def receive(self, batch: Batch) -> None:
        """Take the messages of one turn of the loop."""
        if self._is_closed:
            return
        now = self._clock()
        if self._user is None:
            # A request in a transaction that nobody heard of would never be answered, however often it came again.
            self._early += batch[: MAX_EARLY - len(self._early)]
            return
        self._take(batch, now)
        self.pump(now)

    def opened(self, flow: Flow) -> None:
        """Take note of a new connection."""
        now = self._clock()
        self._call("opened", lambda user: user.opened(flow, now))

    def closed(self, flow: Flow) -> None:
        """Take note that a flow carries nothing any more."""
        if self._is_closed:
            return
        now = self._clock()
        self._call("closed", lambda user: user.closed(flow, now))
        self._layer.flow_broken(flow, now)
        self.pump(now)

    def unreadable(self, rule: str) -> None:
        """Take note of octets that were no message."""
        self._tell(Dropped(rule), self._clock())

    # ---- what the user does

    def send(self, request: Request, flow: Flow, now: float) -> None:
        """Send a request in a client transaction; its top Via names the branch.

        Raises:
            LocalProtocolError: the branch is in use, or the method is ACK.
        """
        self._layer.send(request, flow, now)

    def relay(self, request: Request, flow: Flow) -> None:
        """Send a request without a transaction."""
        self._layer.relay(request, flow)

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> bool:
        """Answer a request; False when it has its final response already."""
        return self._layer.respond(transaction, response, now)

    def dismiss(self, transaction: ServerTransaction, response: Response) -> None:
        """Answer a request without keeping its transaction."""
        self._layer.dismiss(transaction, response)

    def cancel(self, branch: str, reason: str, now: float) -> bool:
        """CANCEL a request of ours; False when it is over."""
        return self._layer.cancel(branch, reason, now)

    def quiet(self, branch: str, now: float) -> None:
        """Send an INVITE of ours no more, but take what still comes."""
        self._layer.quiet(branch, now)

    def abandon(self, branch: str, method: str) -> None:
        """Forget a request of ours."""
        self._layer.abandon(branch, method)

    def adopt(self, request: Request, flow: Flow) -> ServerTransaction:
        """Rebuild the server transaction of an INVITE that an earlier life received."""
        return self._layer.adopt(request, flow)

    def is_open(self, flow: Flow) -> bool:
        """Tell whether bytes can be sent down a flow now."""
        carrier = self._carrier(flow)
        return carrier is not None and carrier.is_open(flow)

    def close_flow(self, flow: Flow) -> None:
        """Close a connection."""
        carrier = self._carrier(flow)
        if carrier is not None:
            carrier.close_flow(flow)

    def reset_flow(self, flow: Flow) -> None:
        """Break a connection off: what was written and has not arrived never will."""
        carrier = self._carrier(flow)
        if carrier is not None:
            carrier.reset(flow)

    def pump(self, now: float) -> None:
        """Pass events up and octets down until nothing is left, then set the timer."""
        if self._is_pumping:
            return
        self._is_pumping = True
        try:
            if self._user is not None and self._early:
                early, self._early = self._early, []
                self._take(early, now)
            while self._turn(now):
                pass
        finally:
            self._is_pumping = False
        self._arm()

    async def close(self) -> None:
        """Close all transports. Nothing is told any more: what was under way goes on in the next life."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        carriers = [*self._carriers.values(), *self._nodes.values()]
        for carrier in dict.fromkeys(carriers):  # each once, and always in the same order
            await carrier.close()

    # ---- inside

    def _take(self, batch: Batch, now: float) -> None:
        for flow, octets in batch:
            if self._wire is not None:
                self._wire.received(flow, octets)
            try:
                self._layer.receive(parse(octets), flow, now)
            except SipError as error:
                self._tell(Dropped(error.rule), now)
            except Exception as error:  # noqa: BLE001  the outermost loop: one message must not stop the server
                self._fault("receive", error)

    def _carrier(self, flow: Flow) -> Carrier | None:
        if flow.node in self._nodes:
            return self._nodes[flow.node]
        return self._carriers.get((flow.transport, flow.local)) or self._any(flow)

    def _any(self, flow: Flow) -> Carrier | None:
        """Find the transport of a flow that its listener does not know: of a wildcard, or a client."""
        return next((c for (kind, _), c in self._carriers.items() if kind is flow.transport and c.is_open(flow)), None)

    def _turn(self, now: float) -> bool:
        events, outputs = self._layer.events(), self._layer.outputs()
        for flow, octets in outputs:
            if self._wire is not None:
                self._wire.sent(flow, octets)
            carrier = self._carrier(flow)
            if carrier is None or not carrier.send(flow, octets):
                self._layer.flow_broken(flow, now)
        for event in events:
            self._tell(event, now)
        return bool(events or outputs)

    def _tell(self, event: Event, now: float) -> None:
        self._call(type(event).__name__, lambda user: user.receive(event, now))

    def _call(self, where: str, work: Callable[[User], None]) -> None:
        if self._user is None or self._is_closed:
            return
        try:
            work(self._user)
        except Exception as error:  # noqa: BLE001  the outermost loop: one event must not stop the server
            self._fault(where, error)

    def _arm(self) -> None:
        if self._is_closed:
            return
        timers = [self._layer.get_timer(), self._user.get_timer() if self._user else None]
        at = min((moment for moment in timers if moment is not None), default=None)
        if at == self._timer_at and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = None if at is None else self._call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = self._timer_at = None
        # The loop may call a little early; what was asked for by then is due.
        now = self._clock()
        self._layer.handle_timer(now)
        self._call("timer", lambda user: user.handle_timer(now))
        self.pump(now)
