"""The gate between the stack and the server: relayed calls pass it with rewritten descriptions.

It stands on both sides of the server: as the stack's user it gets the responses, as the performer's `Sip` the requests.
A description is rewritten once: a request's when its branch goes out, since each branch gets ports of its own and the
flow tells who reads it; a response's when it comes in. What is on disk or waits for a phone is as the caller wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ringwake.edge.media.book import Book
from ringwake.edge.media.call import Exchange, Leg, RelayedCall, rewritten, tags
from ringwake.edge.media.journal import NO_RELAY, Journal
from ringwake.edge.media.rules import MediaRules
from ringwake.edge.perform import Sip
from ringwake.model.events import Event as Happening
from ringwake.model.media import Dialog, MediaRelay, NotRelayed, Outcome
from ringwake.net.stack import User
from ringwake.sip.errors import SipError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.methods import BYE, INVITE
from ringwake.sip.replies import has_tag, stateless_reply
from ringwake.sip.transactions.events import Event, RequestArrived, RequestFailed, ResponseArrived
from ringwake.sip.transactions.servers import ServerTransaction


class MediaGate:
    """Implements `User` for the stack and `Sip` for the performer."""

    def __init__(
        self,
        *,
        sip: Sip,
        relay: MediaRelay,
        rules: MediaRules,
        note: Callable[[Happening], None],
        clock: Callable[[], float],
    ) -> None:
        self._sip = sip
        self._media = relay
        self._rules = rules
        self._journal = Journal(note, rules.trace, clock)
        self._clock = clock
        self._user: User | None = None
        self._book = Book(rules)

    @property
    def calls(self) -> int:
        """How many calls are remembered."""
        return len(self._book)

    def attach(self, user: User) -> None:
        """Set who stands behind the gate: the server."""
        self._user = user

    def expect(self, transaction: ServerTransaction, request: Request, flow: Flow) -> None:
        """Remember a new call that came down a flow, now or in an earlier life, if it is to be relayed."""
        if request.method != INVITE or has_tag(request.headers.get("to") or ""):
            return
        call = self._book.find(request, flow)
        if call is not None:
            call.waiting.add(transaction)
            call.came(request, self._rules.guess(flow))

    # ---- what the stack reports

    def receive(self, event: Event, now: float) -> None:
        """Take an event of the transaction layer.

        Requests wait for nothing: a CANCEL has to find its INVITE before that is sent. What they bring about has its
        turn.
        """
        if isinstance(event, RequestArrived):
            self.expect(event.transaction, event.request, event.flow)
        if isinstance(event, ResponseArrived | RequestFailed):
            found = self._book.leg(event.branch, event.method)
            if found is not None:
                self._returned(*found, event)
                return
        self._server.receive(event, now)

    def opened(self, flow: Flow, now: float) -> None:
        """Pass on that there is a connection."""
        self._server.opened(flow, now)

    def closed(self, flow: Flow, now: float) -> None:
        """Pass on that a connection is gone."""
        self._server.closed(flow, now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called. The relay has timers of its own."""
        return self._server.get_timer()

    def handle_timer(self, now: float) -> None:
        """Pass on that something is due."""
        self._server.handle_timer(now)

    # ---- what the performer does

    def send(self, request: Request, flow: Flow, now: float) -> None:
        """Send a request in a client transaction; one with a description as soon as that is rewritten."""
        call = self._book.find(request, flow)
        if call is None:
            self._sip.send(request, flow, now)
            return
        leg, exchange = call.sent(request, self._rules.guess(flow))
        if leg is not None:
            self._book.keep(leg, call)
        self._journal.unread(request, request)

        def go(outcome: Outcome | None) -> None:
            if leg is None or self._may_go(call, leg, outcome):
                self._sip.send(rewritten(request, exchange, outcome), flow, self._clock())
            if leg is not None and leg.is_quiet:
                self._sip.quiet(leg.branch, self._clock())
            if request.method == BYE:
                self._hung_up(call, request)

        self._pass(call, exchange, go)

    def relay(self, request: Request, flow: Flow) -> None:
        """Send a request without one: an ACK, which may carry the answer."""
        call = self._book.find(request, flow)
        if call is None:
            self._sip.relay(request, flow)
            return
        _, exchange = call.sent(request, self._rules.guess(flow))
        self._journal.unread(request, request)

        def go(outcome: Outcome | None) -> None:
            if isinstance(outcome, NotRelayed):
                self._journal.lost(request, outcome.reason)
            self._sip.relay(rewritten(request, exchange, outcome), flow)

        self._pass(call, exchange, go)

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> bool:
        """Answer a request. The end of a call is seen here too, where its two sides are calls of their own."""
        has_gone = self._sip.respond(transaction, response, now)
        if response.status >= 200:
            self._answered(transaction, response)
        return has_gone

    def dismiss(self, transaction: ServerTransaction, response: Response) -> None:
        """Answer a request and forget it."""
        self._sip.dismiss(transaction, response)
        self._answered(transaction, response)

    def cancel(self, branch: str, reason: str, now: float) -> bool:
        """CANCEL an INVITE of ours; one that still waits for the relay is never sent, and answered here."""
        leg = self._book.held(branch)
        if leg is None:
            return self._sip.cancel(branch, reason, now)
        leg.is_cancelled = True
        return True

    def quiet(self, branch: str, now: float) -> None:
        """Send an INVITE of ours no more, once it has gone."""
        leg = self._book.held(branch)
        if leg is None:
            self._sip.quiet(branch, now)
        else:
            leg.is_quiet = True

    def abandon(self, branch: str, method: str) -> None:
        """Forget a request of ours."""
        found = self._book.leg(branch, method)
        if found is not None:
            call, leg = found
            leg.is_over = leg.is_abandoned = call.has_leftover = True
            self._book.drop(call, leg)
            self._forget_idle(call)
        self._sip.abandon(branch, method)

    def reset_flow(self, flow: Flow) -> None:
        """Break a connection off."""
        self._sip.reset_flow(flow)

    def pump(self, now: float) -> None:
        """Let everything that was done go out."""
        self._sip.pump(now)

    # ---- inside

    @property
    def _server(self) -> User:
        assert self._user is not None, "attach it first"
        return self._user

    def _pass(self, call: RelayedCall, exchange: Exchange | None, go: Callable[[Outcome | None], None]) -> None:
        """Let something go on in its turn: at once, if it need not be rewritten and nothing waits before it."""
        if exchange is None and call.turns.is_free:
            go(None)
            return
        turn = call.turns.take()

        def settle(outcome: Outcome | None) -> None:
            call.turns.settle(turn, lambda: self._guarded(go, outcome))

        def done(outcome: Outcome) -> None:
            settle(outcome)
            self._sip.pump(self._clock())

        if exchange is None:
            settle(None)
        else:
            self._media.describe(exchange.role, exchange.dialog, exchange.sdp, to=exchange.to, done=done)

    def _guarded(self, go: Callable[[Outcome | None], None], outcome: Outcome | None) -> None:
        try:
            go(outcome)
        except SipError as error:
            self._journal.fault(error.rule)  # our own bug, and one message's: the others still stand

    def _may_go(self, call: RelayedCall, leg: Leg, outcome: Outcome | None) -> bool:
        """Tell whether a request may be sent now; one that may not, and that somebody waits for, is answered here."""
        leg.is_held = False
        if leg.is_abandoned:
            return False
        if leg.is_cancelled:
            self._answer_here(call, leg, stateless_reply(leg.request, 487))
            return False
        if not isinstance(outcome, NotRelayed):
            return True
        self._journal.refused(leg.request, outcome.reason)
        refusal = stateless_reply(leg.request, 500, headers=[("reason", f'SIP;cause=500;text="{NO_RELAY}"')])
        refusal.reason = NO_RELAY
        self._answer_here(call, leg, refusal)
        return False

    def _answer_here(self, call: RelayedCall, leg: Leg, response: Response) -> None:
        """Answer a request that was not sent, as if its next hop had."""
        leg.is_over = True
        self._pass_back(call, leg, ResponseArrived(leg.branch, leg.request.method, response))

    def _returned(self, call: RelayedCall, leg: Leg, event: ResponseArrived | RequestFailed) -> None:
        """Take a response to a request of a relayed call, or the news that none will come."""
        if isinstance(event, RequestFailed):
            leg.is_over = True
            self._pass(call, None, lambda _: self._pass_back(call, leg, event))
            return
        response, exchange = call.heard(leg, event.response)
        self._journal.unread(leg.request, response)

        def go(outcome: Outcome | None) -> None:
            if isinstance(outcome, NotRelayed):
                self._journal.lost(leg.request, outcome.reason)
            elif exchange is not None and outcome is not None:
                leg.rewritten[exchange.writer] = (exchange.sdp, outcome.sdp)
            self._pass_back(call, leg, replace(event, response=rewritten(response, exchange, outcome)))

        self._pass(call, exchange, go)

    def _pass_back(self, call: RelayedCall, leg: Leg, event: ResponseArrived | RequestFailed) -> None:
        """Tell the server what became of a request. The leg of one that failed is let go of at the relay."""
        has_failed = isinstance(event, RequestFailed) or event.response.status >= 300
        if leg.is_over and (has_failed or leg.request.method != INVITE) and self._book.drop(call, leg):
            if leg.is_initial and leg.has_offer:
                sender, _ = tags(leg.request)
                self._media.release(call.call_id, Dialog(call_id=call.call_id, offerer=sender, branch=leg.branch))
            elif leg.is_initial:
                call.has_leftover = True
            self._forget_idle(call)
        self._server.receive(event, self._clock())

    def _answered(self, transaction: ServerTransaction, response: Response) -> None:
        call = self._book.get(response.call_id)
        if call is None:
            return
        call.waiting.discard(transaction)
        if response.status < 300 and (response.headers.get("cseq") or "").endswith(f" {BYE}"):
            self._hung_up(call, response)
        else:
            self._forget_idle(call)

    def _hung_up(self, call: RelayedCall, message: Message) -> None:
        """Let go of a dialog at the relay, or of all when it was the last one."""
        dialog = call.hung_up(message)
        if call.is_idle:
            self._book.forget(call)
            self._media.release(call.call_id)
        else:
            self._media.release(call.call_id, dialog)

    def _forget_idle(self, call: RelayedCall) -> None:
        """Forget a call that came to nothing."""
        if call.is_idle:
            self._book.forget(call)
            if call.has_leftover:
                self._media.release(call.call_id)
