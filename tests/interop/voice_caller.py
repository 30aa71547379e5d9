"""A caller on a bare UDP socket that offers audio, and keeps every octet that reaches it."""

from __future__ import annotations

import time

from tests.support.wire import Wire

from ringwake.sip.message import Response

SECONDS = 20.0
_OFFER = """\
v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio 9 RTP/AVP 0 8
"""


class VoiceCaller:
    """One call to one account."""

    def __init__(self, wire: Wire, account: str, *, sender: str = "") -> None:
        """Call an account of the wire's domain, as `sender` (a URI) or as somebody of that domain."""
        self.wire = wire
        self.call_id = f"voice-{account}"
        self.statuses: list[int] = []
        """Of all responses to the INVITE, as they came."""
        self._sender = sender or f"sip:boss@{wire.domain}"
        self._uri = f"sip:{account}@{wire.domain}"
        self._answer: Response | None = None

    def invite(self) -> None:
        """Call, with an offer."""
        offer = _OFFER.format(host=self.wire.host).replace("\n", "\r\n")
        fields = (*self._names(f"<{self._uri}>"), "CSeq: 1 INVITE", "Content-Type: application/sdp")
        self.wire.send(self.wire.write("INVITE", self._uri, *fields, body=offer))

    def until(self, status: int) -> None:
        """Wait for a response to the INVITE."""
        deadline = time.monotonic() + SECONDS
        while status not in self.statuses:
            message = self.wire.receive(deadline - time.monotonic())
            assert message is not None, f"no {status} among {self.statuses}"
            if isinstance(message, Response) and message.cseq.method == "INVITE":
                self.statuses.append(message.status)
                self._answer = message

    def ack(self) -> None:
        """Acknowledge the 2xx."""
        self._in_dialog("ACK", 1)

    def bye(self) -> int:
        """Hang up; return the status of the answer."""
        self._in_dialog("BYE", 2)
        response = self.wire.final("BYE", seconds=SECONDS)
        assert response is not None, "nothing answers the BYE"
        return response.status

    def hears_bye(self) -> None:
        """Wait until the other side hangs up, and say yes to it."""
        self.wire.answer(self.wire.request("BYE", seconds=SECONDS), 200)

    def _in_dialog(self, method: str, cseq: int) -> None:
        assert self._answer is not None
        headers = self._answer.headers
        (contact,) = headers.values("contact")
        target = contact.partition("<")[2].partition(">")[0]
        routes = [f"Route: {route}" for route in reversed(headers.values("record-route"))]
        fields = (*routes, *self._names(headers.get("to") or ""), f"CSeq: {cseq} {method}")
        self.wire.send(self.wire.write(method, target, *fields))

    def _names(self, to: str) -> tuple[str, str, str]:
        return f'From: "Boss" <{self._sender}>;tag=caller', f"To: {to}", f"Call-ID: {self.call_id}"
