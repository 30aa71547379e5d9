"""The calls of a phone, incoming and outgoing, and the requests that others send it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ringwake.model.ports import Ids
from ringwake.sip.errors import SipError
from ringwake.sip.fields import address
from ringwake.sip.flow import Flow
from ringwake.sip.grammar import decode
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, BYE, CANCEL, INVITE, MESSAGE, OPTIONS
from ringwake.sip.replaces import replaces
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.softphone.line_events import CallChanged, InviteArrived, LineEvent, MessageArrived
from ringwake.ua.call import CallState, IncomingCall, OutgoingCall
from ringwake.ua.digest_retry import retry
from ringwake.ua.identity import Identity

ALLOW = f"{INVITE}, {ACK}, {CANCEL}, {BYE}, {OPTIONS}, {MESSAGE}"


class Wire(Protocol):
    """The way to the server."""

    @property
    def flow(self) -> Flow:
        """The flow to the server."""

    def send(self, request: Request) -> None:
        """Send a request in a transaction."""

    def relay(self, request: Request) -> None:
        """Send an ACK."""

    def respond(self, transaction: ServerTransaction, response: Response) -> None:
        """Answer a request."""

    def cancel(self, branch: str) -> None:
        """CANCEL an INVITE."""


class Conversations:
    """All calls of one line."""

    def __init__(self, wire: Wire, identity: Identity, ids: Ids, on_event: Callable[[LineEvent], None]) -> None:
        self._wire = wire
        self._identity = identity
        self._ids = ids
        self._on_event = on_event
        self._incoming: dict[str, IncomingCall] = {}
        self._outgoing: dict[str, OutgoingCall] = {}
        self._given_up: set[str] = set()
        """Branches of INVITEs that were cancelled."""
        self.purr = ""
        """By which the other side of a dialog may wake us: it stands in the Contact of all that begin from now on."""

    @property
    def is_busy(self) -> bool:
        """Whether a call rings or is up."""
        states = [call.state for call in self._incoming.values()]
        states += [call.state for call in self._outgoing.values()]
        return any(state is not CallState.ENDED for state in states)

    def suspend(self) -> None:
        """Forget what cannot outlast the connection: all but the calls that are up on both sides."""
        self._incoming = {key: call for key, call in self._incoming.items() if call.state is CallState.UP}
        self._outgoing = {key: call for key, call in self._outgoing.items() if call.state is CallState.UP}
        self._given_up.clear()

    # ---- what the phone does

    def call(self, target: str) -> OutgoingCall:
        """Call somebody."""
        call = OutgoingCall(target, self._identity, self._wire.flow, contact=self._contact(), ids=self._ids)
        self._outgoing[call.invite.via.branch] = call
        self._wire.send(call.invite)
        return call

    def cancel(self, call: OutgoingCall) -> None:
        """Hang up a call of ours that was not answered yet."""
        branch = call.invite.via.branch
        self._given_up.add(branch)
        self._wire.cancel(branch)

    def accept(self, call: IncomingCall, now: float) -> None:
        """Answer a call."""
        if call.state is CallState.RINGING:  # the INVITE may have come before the 200 to our REGISTER, with its PURR
            call.contact = self._contact()
        self._say(call, call.accept(now))

    def reject(self, call: IncomingCall, status: int) -> None:
        """Refuse a call: 486 on this phone, 603 on all."""
        self._say(call, call.reject(status))

    def hang_up(self, call: IncomingCall | OutgoingCall) -> None:
        """End a call that is up."""
        bye = call.bye(self._wire.flow)
        if bye is not None:
            self._wire.send(bye)
            self._on_event(CallChanged(call))

    # ---- what comes

    def request(self, event: RequestArrived, now: float) -> None:
        """Take a request of somebody else."""
        try:
            self._take(event, now)
        except SipError as error:
            self._answer(event, error.status)

    def _take(self, event: RequestArrived, now: float) -> None:
        request = event.request
        call = self._incoming.get(request.call_id)
        match request.method:
            case "INVITE" if address(request.headers, "to").tag:
                # It would change the session of a call that is up; ours stays as it is (section 14.2).
                self._answer(event, 481 if self._in_dialog(request) is None else 488)
            case "INVITE" if call is None:
                self._invite(event, now)
            case "INVITE":
                self._answer(event, 482)  # a second copy of the same call by another way (section 8.2.2.2)
            case "CANCEL" if call is not None and event.target is call.transaction:
                self._answer(event, 200)
                if call.state is CallState.RINGING:
                    self._say(call, call.cancelled(", ".join(request.headers.texts("reason"))))
            case "CANCEL":
                self._answer(event, 481)
            case "BYE":
                self._answer(event, 200 if self._ended(request) else 481)
            case "MESSAGE":
                sender = _sender(request)
                self._answer(event, 200)
                self._on_event(MessageArrived(request.call_id, request.cseq.number, sender, decode(request.body)))
            case "OPTIONS" | "NOTIFY" | "INFO" | "UPDATE":
                self._answer(event, 200)
            case _:
                self._answer(event, 405)

    def acknowledged(self, ack: Request) -> None:
        """Take the ACK to a 2xx of ours."""
        call = self._incoming.get(ack.call_id)
        if call is not None:
            call.acknowledged()
            self._on_event(CallChanged(call))

    def response(self, branch: str, response: Response) -> bool:
        """Take a response to an INVITE of ours; False when it is to something else."""
        call = self._outgoing.get(branch)
        if call is None:
            return False
        again = retry(call.invite, response, self._identity, self._ids)
        if again is not None and branch not in self._given_up:
            call.retried(again)
            self._outgoing[again.via.branch] = call
            self._wire.send(again)
            return True
        ack = call.response(response)
        if ack is not None:
            self._wire.relay(ack)
        self._on_event(CallChanged(call))
        return True

    def failed(self, branch: str) -> None:
        """Take note that an INVITE of ours got no answer."""
        call = self._outgoing.get(branch)
        if call is not None:
            call.end()
            self._on_event(CallChanged(call))

    def get_timer(self) -> float | None:
        """Return when a 2xx is to be sent again."""
        timers = [call.get_timer() for call in self._incoming.values()]
        return min((at for at in timers if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Send unacknowledged 2xx again; a call whose caller never acknowledges it is over."""
        for call in self._incoming.values():
            before = call.state
            response = call.handle_timer(now)
            if response is not None:
                self._wire.respond(call.transaction, response)
            elif call.state is not before:
                self._on_event(CallChanged(call))

    # ---- inside

    def _invite(self, event: RequestArrived, now: float) -> None:
        sender, replaced = _sender(event.request), self._replaced(event.request)
        call = IncomingCall(event.transaction, event.request, event.flow, contact=self._contact(), ids=self._ids)
        self._incoming[call.call_id] = call
        if replaced is None:
            self._wire.respond(event.transaction, call.ring())
        self._on_event(InviteArrived(call, sender))
        if replaced is not None:
            self.accept(call, now)  # the person has answered already (RFC 3891 section 3)
            if call.state is CallState.ANSWERED:
                self.hang_up(replaced)

    def _replaced(self, invite: Request) -> IncomingCall | OutgoingCall | None:
        """Return the call in whose place an INVITE comes, None when it says nothing of it (RFC 3891 section 3).

        Raises:
            SipError: 481, there is no such call that was answered; 603, it is over; 486, it was not to be answered.
        """
        wanted = replaces(invite.headers)
        if wanted is None:
            return None
        calls: list[IncomingCall | OutgoingCall] = [*self._incoming.values(), *self._outgoing.values()]
        dialog = (wanted.call_id, wanted.to_tag, wanted.from_tag)
        call = next((call for call in calls if call.dialog is not None and call.dialog.key == dialog), None)
        if call is None:
            raise SipError(481, "no such dialog to replace")
        if call.state is CallState.ENDED:
            raise SipError(603, "the dialog to replace is over")
        if wanted.early_only:
            raise SipError(486, "the dialog to replace was answered")
        return call

    def _ended(self, bye: Request) -> bool:
        call = self._in_dialog(bye)
        if call is None:
            return False
        call.end("bye")
        self._on_event(CallChanged(call))
        return True

    def _in_dialog(self, request: Request) -> IncomingCall | OutgoingCall | None:
        """Return the call that a request inside a dialog belongs to."""
        calls: list[IncomingCall | OutgoingCall] = [*self._incoming.values(), *self._outgoing.values()]
        return next((call for call in calls if call.call_id == request.call_id and call.dialog is not None), None)

    def _answer(self, event: RequestArrived, status: int) -> None:
        headers = [("allow", ALLOW)] if status == 405 else []
        response = reply(event.request, status, to_tag=self._ids.hex(12), headers=headers)
        self._wire.respond(event.transaction, response)

    def _say(self, call: IncomingCall, response: Response) -> None:
        self._wire.respond(call.transaction, response)
        self._on_event(CallChanged(call))

    def _contact(self) -> str:
        flow = self._wire.flow
        purr = f";pn-purr={self.purr}" if self.purr else ""  # RFC 8599 section 6.1.1: and nothing else of push
        return f"<sip:{self._identity.user}@{flow.local};transport={flow.transport.uri_parameter}{purr}>"


def _sender(request: Request) -> str:
    sender = address(request.headers, "from")
    return sender.display or sender.uri
