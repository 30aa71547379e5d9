"""A call as one of its two user agents sees it (RFC 3261 sections 13 to 15): a table of states, requests and responses.

The transaction layer retransmits requests and failures; the 2xx and the ACK to it are retransmitted here, end to end.
"""

from __future__ import annotations

from enum import Enum

from ringwake.model.ports import Ids
from ringwake.sip import sdp
from ringwake.sip.dialog import Dialog, callee_dialog, caller_dialog
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS
from ringwake.sip.flow import Flow
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, BYE, INVITE
from ringwake.sip.reason import sip_causes
from ringwake.sip.replaces import REPLACES
from ringwake.sip.replies import reply
from ringwake.sip.timers import T1, T2, TIMEOUT
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.sip.via import COOKIE
from ringwake.ua.identity import Identity

_ELSEWHERE = {200: "answered elsewhere", 600: "declined elsewhere", 603: "declined elsewhere"}


class CallState(Enum):
    """Life of a call at one end."""

    TRYING = "trying"
    RINGING = "ringing"
    ANSWERED = "answered"
    """2xx sent, ACK not yet seen."""
    UP = "up"
    ENDED = "ended"


class IncomingCall:
    """A call to us."""

    def __init__(self, transaction: ServerTransaction, invite: Request, flow: Flow, *, contact: str, ids: Ids) -> None:
        self.invite = invite
        self.flow = flow
        self.state = CallState.TRYING
        self.ending = ""
        """Why it ended: `cancelled`, `answered elsewhere`, `declined elsewhere`, `rejected`, `bye`, `no ack`."""
        self.transaction = transaction
        self.dialog: Dialog | None = None
        self.contact = contact
        """Ours, until the call is answered: from then on that of the answer stands."""
        self._tag = ids.hex(12)
        self._ids = ids
        self._ok: Response | None = None
        self._resend_at: float | None = None
        self._resend_every = T1
        self._give_up_at = 0.0

    @property
    def call_id(self) -> str:
        """Call-ID of the call."""
        return self.invite.call_id

    def ring(self) -> Response:
        """Build the 180."""
        if self.state is CallState.TRYING:
            self.state = CallState.RINGING
        return self._reply(180)

    def accept(self, now: float) -> Response:
        """Build the 200 with an SDP answer; the 488 without a common format; the 400 to an INVITE without a Contact.

        A call that is over stays so: its transaction absorbs a second final response.
        """
        if self.state is CallState.ENDED:
            return self._reply(487)
        if self._ok is not None:
            return self._ok
        session = int(self._ids.hex(8), 16)
        body = self.invite.body
        answer = sdp.answer(body, self.flow.local.host, 40000, session=session) if body else None
        if body and answer is None:
            return self.reject(488)
        ok = self._reply(200, answer or sdp.offer(self.flow.local.host, 40000, session=session))
        try:
            self.dialog = callee_dialog(self.invite, ok)
        except ParseError:
            return self.reject(400)
        self._ok, self.state = ok, CallState.ANSWERED
        self._resend_at, self._give_up_at = now + T1, now + TIMEOUT
        return ok

    def reject(self, status: int) -> Response:
        """Build a final failure: 486 busy on this phone, 603 on all of them."""
        self.end("rejected")
        return self._reply(status)

    def cancelled(self, reason: str = "") -> Response:
        """Build the 487 that ends a cancelled call.

        Args:
            reason: Reason header field of the CANCEL (RFC 3326), which tells a missed call from one that another phone
                has taken or declined; empty when it had none.
        """
        self.end(next((_ELSEWHERE[cause] for cause in sip_causes(reason) if cause in _ELSEWHERE), "cancelled"))
        return self._reply(487)

    def acknowledged(self) -> None:
        """The ACK to our 2xx has come."""
        if self.state is CallState.ANSWERED:
            self.state = CallState.UP
        self._resend_at = None

    def handle_timer(self, now: float) -> Response | None:
        """Return the 2xx to send again, if it is due (section 13.3.1.4)."""
        if self._resend_at is None or self._resend_at > now or self._ok is None:
            return None
        if now >= self._give_up_at:
            self.end("no ack")
            return None
        self._resend_every = min(self._resend_every * 2, T2)
        self._resend_at = min(now + self._resend_every, self._give_up_at)
        return self._ok

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._resend_at

    def bye(self, flow: Flow) -> Request | None:
        """Build the BYE; None when there is no dialog to end."""
        if self.dialog is None or self.state is CallState.ENDED:
            return None
        self.end("bye")
        return self.dialog.request(BYE, via=_via(flow, self._ids))

    def end(self, ending: str) -> None:
        """Take note that the call is over."""
        if self.state is not CallState.ENDED:
            self.state, self.ending = CallState.ENDED, ending
        self._resend_at = None

    def _reply(self, status: int, body: bytes = b"") -> Response:
        fields = [("record-route", value) for value in self.invite.headers.texts("record-route")]
        if status < 300:
            fields.append(("contact", self.contact))
            fields.append(("supported", REPLACES))
        if body:
            fields.append(("content-type", sdp.CONTENT_TYPE))
        return reply(self.invite, status, to_tag=self._tag, headers=fields, body=body)


class OutgoingCall:
    """A call of ours."""

    def __init__(self, target: str, identity: Identity, flow: Flow, *, contact: str, ids: Ids) -> None:
        self.state = CallState.TRYING
        self.status = 0
        """The last status that came."""
        self.ending = ""
        self.dialog: Dialog | None = None
        self.flow = flow
        self._ids = ids
        self.invite = self._invite(target, identity, contact)
        self._ack: Request | None = None

    @property
    def call_id(self) -> str:
        """Call-ID of the call."""
        return self.invite.call_id

    def retried(self, invite: Request) -> None:
        """Take note that the INVITE went out again, with credentials."""
        self.invite = invite

    def response(self, response: Response) -> Request | None:
        """Take a response to the INVITE; returns the ACK when it is a 2xx, each time it comes (section 13.2.2.4).

        A 2xx without a Contact cannot be acknowledged, and ends the call.
        """
        self.status = response.status
        if response.status < 200:
            if response.status > 100 and self.state is CallState.TRYING:
                self.state = CallState.RINGING
            return None
        if response.status >= 300:
            self.state = CallState.ENDED
            return None
        if self.dialog is None:
            try:
                self.dialog = caller_dialog(self.invite, response)
            except ParseError:
                self.end("no contact")
                return None
            self.state = CallState.UP
        if self._ack is None:
            self._ack = self._acknowledge(self.dialog)
        return self._ack

    def bye(self, flow: Flow) -> Request | None:
        """Build the BYE; None when there is no dialog to end."""
        if self.dialog is None or self.state is CallState.ENDED:
            return None
        self.end()
        return self.dialog.request(BYE, via=_via(flow, self._ids))

    def end(self, ending: str = "") -> None:
        """Take note that the call is over, and why."""
        self.state, self.ending = CallState.ENDED, ending or self.ending

    def _acknowledge(self, dialog: Dialog) -> Request:
        """Build the ACK, with the credentials of its INVITE (section 13.2.2.4)."""
        ack = dialog.request(ACK, via=_via(self.flow, self._ids), seq=self.invite.cseq.number)
        for key in ("authorization", "proxy-authorization"):
            for text in self.invite.headers.texts(key):
                ack.headers.append(key, text)
        return ack

    def _invite(self, target: str, identity: Identity, contact: str) -> Request:
        headers = Headers()
        headers.append("via", _via(self.flow, self._ids))
        headers.append("max-forwards", str(DEFAULT_MAX_FORWARDS))
        headers.append("from", identity.address(self._ids.hex(12)))
        headers.append("to", f"<{target}>")
        headers.append("call-id", self._ids.hex(24))
        headers.append("cseq", f"1 {INVITE}")
        headers.append("contact", contact)
        headers.append("supported", REPLACES)
        headers.append("content-type", sdp.CONTENT_TYPE)
        body = sdp.offer(self.flow.local.host, 40000, session=int(self._ids.hex(8), 16))
        return Request(headers, body, method=INVITE, uri=target)


def _via(flow: Flow, ids: Ids) -> str:
    return f"SIP/2.0/{flow.transport.via} {flow.local};rport;branch={COOKIE}{ids.hex(24)}"
