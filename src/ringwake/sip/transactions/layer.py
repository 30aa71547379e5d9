"""The transaction layer: messages in, events and octets out.

It speaks five verbs: `receive`; `send`, `respond`, `cancel`; `get_timer` and `handle_timer`; and is drained by
`events()` and `outputs()`. Time comes in as `now`, monotonic seconds.
"""

from __future__ import annotations

from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.methods import ACK, CANCEL, INVITE, REGISTER
from ringwake.sip.replies import stateless_reply
from ringwake.sip.transactions.clients import Clients
from ringwake.sip.transactions.events import AckArrived, Dropped, Event, RequestArrived
from ringwake.sip.transactions.key import client_key, own_method, server_key
from ringwake.sip.transactions.machine import Trigger
from ringwake.sip.transactions.servers import Servers, ServerTransaction, answer_flow

MAX_TRANSACTIONS = 500_000
"""Server transactions held at once: at 10,000 REGISTER/s over UDP, timer J alone holds 320,000."""


class TransactionLayer:
    """All transactions of one stack."""

    def __init__(self, *, max_transactions: int = MAX_TRANSACTIONS) -> None:
        self._servers = Servers()
        self._clients = Clients()
        self._most = max_transactions
        self._events: list[Event] = []
        self._outputs: list[tuple[Flow, bytes]] = []
        # One list for all, so that what happens first comes out first.
        self._clients.events = self._events
        self._clients.outputs = self._servers.outputs = self._outputs

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    def receive(self, message: Message, flow: Flow, now: float) -> None:
        """Take a message that came down a flow."""
        try:
            if isinstance(message, Request):
                self._request(message, flow, now)
            elif isinstance(message, Response):
                self._response(message, now)
        except ParseError as error:
            self._reject(message, flow, error)

    def adopt(self, request: Request, flow: Flow) -> ServerTransaction:
        """Rebuild the server transaction of an INVITE that an earlier life of the process received down a flow.

        The request is as that life has amended it, so its Via says where the answers go.
        """
        via = request.via
        return self._servers.open(server_key(request, via, INVITE), request, answer_flow(flow, via))

    def send(self, request: Request, flow: Flow, now: float) -> None:
        """Send a request in a client transaction (see `Clients.send`)."""
        self._clients.send(request, flow, now)

    def relay(self, request: Request, flow: Flow) -> None:
        """Send a request without a transaction: an ACK to a 2xx (section 16.11)."""
        self._outputs.append((flow, request.encode()))

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> bool:
        """Answer a request (see `Servers.respond`)."""
        return self._servers.respond(transaction, response, now)

    def dismiss(self, transaction: ServerTransaction, response: Response) -> None:
        """Answer a request without keeping its transaction (see `Servers.dismiss`)."""
        self._servers.dismiss(transaction, response)

    def cancel(self, branch: str, reason: str, now: float) -> bool:
        """CANCEL an INVITE of ours (see `Clients.cancel`)."""
        return self._clients.cancel(branch, reason, now)

    def quiet(self, branch: str, now: float) -> None:
        """Send an INVITE of ours no more, but take what still comes."""
        self._clients.quiet(branch, now)

    def abandon(self, branch: str, method: str = INVITE) -> None:
        """Forget a request of ours without a word: its flow is gone, or its response is wanted no more."""
        self._clients.abandon(branch, method)

    def flow_broken(self, flow: Flow, now: float) -> None:
        """Take note that nothing will come down this flow any more."""
        self._clients.flow_broken(flow, now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called, or None."""
        timers = [at for at in (self._servers.get_timer(), self._clients.get_timer()) if at is not None]
        return min(timers, default=None)

    def handle_timer(self, now: float) -> None:
        """Fire all timers that are due."""
        self._servers.handle_timer(now)
        self._clients.handle_timer(now)

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        events = self._events.copy()
        self._events.clear()
        return events

    def outputs(self) -> list[tuple[Flow, bytes]]:
        """Return what is to be sent since the last call, in order."""
        outputs = self._outputs.copy()
        self._outputs.clear()
        return outputs

    def _request(self, request: Request, flow: Flow, now: float) -> None:
        via = request.via
        amended = via.amended(flow.remote)
        if amended != via:
            request.headers.replace_first("via", str(amended))
        key = server_key(request, via, own_method(request))
        transaction = self._servers.get(key)
        target = self._servers.get(server_key(request, via, INVITE)) if request.method == CANCEL else None
        for known in (transaction, target):
            if known is not None and known.flow.remote.host == flow.remote.host:
                # What comes again, or is cancelled, down another connection is answered there: the first one may be
                # gone (section 18.2.2). From another host it is not: whoever has seen the Via could draw the answers
                # to itself.
                known.flow = answer_flow(flow, amended)
        if request.method == ACK:
            if transaction is None or self._servers.receive(transaction, Trigger.ACK, now):
                self._events.append(AckArrived(request, flow))
        elif transaction is not None:
            self._servers.receive(transaction, Trigger.REQUEST, now)
        elif len(self._servers) >= self._most and request.method != CANCEL:
            self._outputs.append((answer_flow(flow, amended), _overload(request).encode()))
        else:
            transaction = self._servers.open(key, request, answer_flow(flow, amended))
            self._servers.receive(transaction, Trigger.START, now)
            self._events.append(RequestArrived(transaction, request, flow, target))

    def _response(self, response: Response, now: float) -> None:
        if response.defect is not None:
            raise ParseError(response.defect.rule)
        if not self._clients.receive(client_key(response), response, now):
            # RFC 6026 section 7.3: what matches no client transaction is not forwarded.
            self._events.append(Dropped("a response matches no request of ours"))

    def _reject(self, message: Message, flow: Flow, error: ParseError) -> None:
        """Answer a request whose transaction cannot be told, statelessly, back to where it came from."""
        if isinstance(message, Request) and message.method != ACK and "via" in message.headers:
            self._outputs.append((flow, stateless_reply(message, error.status).encode()))
        self._events.append(Dropped(error.rule))


def _overload(request: Request) -> Response:
    """Refuse a request for which there is no room.

    A phone is told to register again in 5 to 30 seconds, spread by Call-ID. Nobody else is told a time: a trunk that
    hears Retry-After sends nothing at all until then (section 21.5.4).
    """
    if request.method != REGISTER:
        return stateless_reply(request, 503)
    seconds = 5 + hash(request.call_id) % 26
    return stateless_reply(request, 503, headers=[("retry-after", str(seconds))])
