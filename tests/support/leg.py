"""One end of a call on a bare socket: its INVITE, whatever comes inside the dialog, and its CSeq."""

from __future__ import annotations

import time

from tests.support.digest import credentials
from tests.support.wire import Wire

from ringwake.sip.address import parse_address
from ringwake.sip.message import Message, Request, Response

SECONDS = 20.0
OFFER = "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 8\r\n"
_SDP = "Content-Type: application/sdp"
_CHALLENGES = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}


class Leg:
    """One end of a dialog."""

    def __init__(self, wire: Wire, user: str, *, local: str, remote: str, call_id: str) -> None:
        self.wire, self.user, self.call_id = wire, user, call_id
        self.seq = 0
        """Of the last request of this end."""
        self.target = ""
        self._local, self._remote = local, remote
        self._routes: list[str] = []
        self._invited = 0

    def send(self, method: str, *fields: str, body: str = "") -> str:
        """Send a request inside the dialog; return it."""
        if method == "ACK":
            seq = self._invited
        else:
            self.seq += 1
            seq = self.seq
        if method == "INVITE":
            self._invited = seq
        dialog = (f"From: {self._local}", f"To: {self._remote}", f"Call-ID: {self.call_id}", f"CSeq: {seq} {method}")
        routes = [f"Route: {route}" for route in self._routes]
        more = [f"Contact: {self.contact}", *([_SDP] if body else [])]
        text = self.wire.write(method, self.target, *routes, *dialog, *fields, *more, body=body)
        self.wire.send(text)
        return text

    def request(self, method: str) -> Request:
        """Return the next request of a method that the other end sends."""
        request = self.wire.request(method, seconds=SECONDS)
        assert request is not None, f"no {method} comes"
        return request

    def reinvited(self, other: Leg) -> Request:
        """Take an INVITE of the other end inside the dialog, up to its ACK; return it."""
        other.send("INVITE", body=other.offer)
        request = self.request("INVITE")
        self.reply(request, 200, body=self.offer)
        other.final("INVITE")
        other.send("ACK")
        assert self.request("ACK").cseq.number == request.cseq.number
        return request

    def answers(self, other: Leg, method: str, *fields: str) -> Request:
        """Say yes to a request that the other end sends inside the dialog, and see it come back there; return it."""
        other.send(method, *fields)
        request = self.request(method)
        self.reply(request, 200)
        other.final(method)
        return request

    def final(self, method: str) -> Response:
        """Return the final response to the last request, whose CSeq is that of the request."""
        response = self.wire.final(method, seconds=SECONDS)
        assert response is not None, f"nothing answers the {method}"
        assert (response.status, response.cseq.number) == (200, self.seq)
        return response

    def reply(self, request: Request, status: int, *fields: tuple[str, str], body: str = "") -> None:
        """Answer a request."""
        echoed = [("record-route", value) for value in request.headers.values("record-route")]
        tag = self._local.rpartition(";tag=")[2]
        self.wire.say(request, status, ("contact", self.contact), *echoed, *fields, tag=tag, body=body)

    def accept(self, request: Request) -> Request:
        """Answer an INVITE with a 2xx; return the ACK."""
        self.reply(request, 200, body=self.offer)
        return self.request("ACK")

    @property
    def contact(self) -> str:
        """Where this end is."""
        return self.wire.contact(self.user)

    @property
    def offer(self) -> str:
        """An offer or answer of audio."""
        return OFFER.format(host=self.wire.host)

    def _learn(self, message: Message, *, routes: list[str]) -> None:
        self._routes = routes
        contact = message.headers.get("contact")
        if contact:
            self.target = parse_address(contact).uri


class CallerLeg(Leg):
    """The end that calls; with a password it answers one challenge, as a phone does."""

    def __init__(self, wire: Wire, user: str, callee: str, *, password: str = "", sender: str = "") -> None:
        """Begin; `user` and `callee` are users of the wire's domain, `sender` is the URI of somebody of another."""
        uri = f"sip:{callee}@{wire.domain}"
        local = f"<{sender or f'sip:{user}@{wire.domain}'}>;tag={user}-{wire.port}"
        super().__init__(wire, user, local=local, remote=f"<{uri}>", call_id=f"leg-{user}-{callee}-{wire.port}")
        self.target = uri
        self.responses: list[Response] = []
        """To the INVITE, as they came."""
        self._password = password
        self._fields: tuple[str, ...] = ()

    @property
    def statuses(self) -> list[int]:
        """Of all responses to the INVITE."""
        return [response.status for response in self.responses]

    def invite(self, *fields: str) -> None:
        """Call."""
        self._fields = fields
        self._sent = self.send("INVITE", *fields, body=self.offer)

    def until(self, status: int) -> Response:
        """Wait for a response to the INVITE."""
        deadline = time.monotonic() + SECONDS
        while True:
            message = self.wire.receive(deadline - time.monotonic())
            assert message is not None, f"no {status} among {self.statuses}"
            response = self._take(message)
            if response is not None and response.status == status:
                return self._taken(response)
            assert response is None or response.status < 200, f"no {status} among {self.statuses}"

    def _take(self, message: Message) -> Response | None:
        """Return a response to the INVITE that is no challenge which is answered."""
        if not isinstance(message, Response) or message.cseq.method != "INVITE":
            return None
        self.responses.append(message)
        if message.status not in _CHALLENGES or not self._password:
            return message
        self._again(message)
        return None

    def until_challenged(self) -> None:
        """Wait until a challenge is answered."""
        while self._password:
            message = self.wire.receive(SECONDS)
            assert message is not None, f"no challenge among {self.statuses}"
            self._take(message)

    def ack(self) -> None:
        """Acknowledge the 2xx."""
        self.send("ACK")

    def _taken(self, response: Response) -> Response:
        if response.status >= 300:
            self.wire.send(failure_ack(self._sent, response))
        elif response.status > 100:
            self._remote = response.headers.get("to") or ""
            self._learn(response, routes=list(reversed(response.headers.values("record-route"))))
        return response

    def _again(self, response: Response) -> None:
        self.wire.send(failure_ack(self._sent, response))
        field, answer = _CHALLENGES[response.status]
        password, self._password = self._password, ""
        signed = credentials(
            response.headers.texts(field), user=self.user, password=password, method="INVITE", uri=self.target
        )
        self.invite(f"{answer}: {signed}", *self._fields)


class CalleeLeg(Leg):
    """The end that is called."""

    def __init__(self, wire: Wire, user: str) -> None:
        """Wait for an INVITE, and take it."""
        invite = wire.request("INVITE", seconds=SECONDS)
        assert invite is not None, f"nobody calls {user}"
        self.invite = invite
        headers = invite.headers
        local = f"{headers.get('to')};tag={user}-{wire.port}"
        super().__init__(wire, user, local=local, remote=headers.get("from") or "", call_id=invite.call_id)
        self._learn(invite, routes=headers.values("record-route"))


def failure_ack(invite: str, response: Response) -> str:
    """Write the ACK to a failure: the INVITE's own fields, but for To (section 17.1.1.3)."""
    head = invite.partition("\r\n\r\n")[0].replace("INVITE ", "ACK ", 1).replace(" INVITE", " ACK")
    dropped = ("to", "content-length", "content-type")
    kept = [line for line in head.split("\r\n") if line.partition(":")[0].lower() not in dropped]
    return "\r\n".join([*kept, f"To: {response.headers.get('to')}", "Content-Length: 0", "", ""])
