"""A dialog as a user agent keeps it (RFC 3261 section 12)."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.sip.address import NameAddr, parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response


@dataclass(slots=True)
class Dialog:
    """One side's view. Sequence numbers change; the rest stands, but for the target of the other side."""

    call_id: str
    local: str
    """Our From in requests: address with our tag."""
    remote: str
    """Our To in requests: address with the other side's tag."""
    target: str
    """Contact URI of the other side: Request-URI of what we send."""
    routes: tuple[str, ...]
    """Route values, in the order in which they are sent."""
    local_seq: int

    @property
    def key(self) -> tuple[str, str, str]:
        """The dialog's name at our side: Call-ID, our tag, the other side's tag (section 12)."""
        return self.call_id, parse_address(self.local).tag, parse_address(self.remote).tag

    def request(self, method: str, *, via: str, seq: int | None = None) -> Request:
        """Build a request inside the dialog (section 12.2.1.1). An ACK takes the INVITE's `seq`; others count on."""
        if seq is None:
            self.local_seq += 1
            seq = self.local_seq
        headers = Headers()
        headers.append("via", via)
        headers.append("max-forwards", str(DEFAULT_MAX_FORWARDS))
        for route in self.routes:
            headers.append("route", route)
        headers.append("from", self.local)
        headers.append("to", self.remote)
        headers.append("call-id", self.call_id)
        headers.append("cseq", f"{seq} {method}")
        return Request(headers, method=method, uri=self.target)


def caller_dialog(invite: Request, response: Response) -> Dialog:
    """Build the caller's dialog from its INVITE and a response with a To-tag (section 12.1.2).

    Raises:
        ParseError: the response has no usable Contact.
    """
    return Dialog(
        call_id=invite.call_id,
        local=invite.headers.get("from") or "",
        remote=response.headers.get("to") or "",
        target=_contact(response.headers).uri,
        routes=tuple(reversed(response.headers.values("record-route"))),
        local_seq=invite.cseq.number,
    )


def callee_dialog(invite: Request, response: Response) -> Dialog:
    """Build the callee's dialog from the INVITE and our response with its To-tag (section 12.1.1).

    Raises:
        ParseError: the INVITE has no usable Contact.
    """
    return Dialog(
        call_id=invite.call_id,
        local=response.headers.get("to") or "",
        remote=invite.headers.get("from") or "",
        target=_contact(invite.headers).uri,
        routes=tuple(invite.headers.values("record-route")),
        local_seq=0,
    )


def _contact(headers: Headers) -> NameAddr:
    values = headers.values("contact")
    if not values:
        raise ParseError("a dialog needs a Contact")
    return parse_address(values[0])
