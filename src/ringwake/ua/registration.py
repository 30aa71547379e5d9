"""A user agent's registration (RFC 3261 section 10.2, RFC 5626 section 4.2, RFC 8599 section 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ringwake.model.ports import Ids
from ringwake.secret import Secret
from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS, contact_expires, expires, option_tags
from ringwake.sip.flow import Flow
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import REGISTER
from ringwake.sip.outbound import OUTBOUND, PATH, SUPPORTED
from ringwake.sip.uri import escape_param
from ringwake.sip.via import COOKIE
from ringwake.ua.identity import Identity
from ringwake.ua.promise import promise

_REG_ID = 1
_TIMER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushContact:
    """What a phone tells about its push token (RFC 8599 section 4.1.1)."""

    provider: str
    param: str = ""
    prid: Secret[str]

    def parameters(self) -> str:
        """Return the URI parameters, escaped."""
        param = f";pn-param={escape_param(self.param)}" if self.param else ""
        return f";pn-provider={self.provider}{param};pn-prid={escape_param(self.prid.reveal())}"


@dataclass(frozen=True, slots=True)
class Granted:
    """The registrar's answer to a REGISTER that it took."""

    expires: int
    """Seconds."""
    has_push: bool
    """Whether the server promises to wake us (section 4.1.1: only then may we sleep)."""
    has_flow: bool = False
    """Whether it knows this flow for one of ours (RFC 5626 section 4.2.1): then we keep it alive."""
    flow_timer: int = 0
    """Seconds within which it wants a sign of life; 0 when it did not say."""
    purr: str = ""
    """By which whoever is in a dialog with us may wake us (RFC 8599 section 6.1.1); empty when none was given."""
    refresh_before: int = 0
    """Seconds before the expiry by which we must refresh by ourselves (section 4.1.4); 0 when the server sees to it."""


@dataclass(slots=True, kw_only=True)
class Registration:
    """One binding that a phone keeps: the same Call-ID, a rising CSeq."""

    identity: Identity
    instance: str
    """URN that stays the same over restarts (RFC 5626 section 4.1)."""
    ids: Ids
    push: PushContact | None = None
    uses_flows: bool = True
    """Whether to register as a flow (RFC 5626); not where the first hop knows none: 439."""
    refreshes_itself: bool = False
    """Whether the phone can refresh without a push, and says so (RFC 8599 section 4.1.4)."""
    call_id: str = ""
    _seq: int = field(default=0)

    def request(self, flow: Flow, *, expires: int) -> Request:
        """Build a REGISTER for a flow. `expires` 0 removes the binding, and then carries no token (section 4.1.2)."""
        # One flow, so always the same number: also after a restart it replaces what it was.
        reg_id = f";reg-id={_REG_ID}" if self.uses_flows else ""
        contact = f'{self.contact(flow, with_push=expires > 0)};+sip.instance="<{self.instance}>"{reg_id}'
        contact += ";+sip.pnsreg" if self.refreshes_itself else ""
        return self._register(flow, contact, expires)

    def query(self, flow: Flow, provider: str) -> Request:
        """Build a REGISTER that binds nothing and asks for a push service, or without a name for all (4.1.5)."""
        # A user part of its own, so that it can be no binding of ours that this ends.
        user, transport = f"query-{self.ids.hex(8)}", flow.transport.uri_parameter
        value = f"={provider}" if provider else ""
        contact = f"<sip:{user}@{flow.local};transport={transport};pn-provider{value}>"
        return self._register(flow, contact, 0)

    def _register(self, flow: Flow, contact: str, expires: int) -> Request:
        if not self.call_id:
            self.call_id = self.ids.hex(24)
        self._seq += 1
        headers = Headers()
        branch = COOKIE + self.ids.hex(24)
        headers.append("via", f"SIP/2.0/{flow.transport.via} {flow.local};rport;branch={branch}")
        headers.append("max-forwards", str(DEFAULT_MAX_FORWARDS))
        headers.append("from", self.identity.address(self.ids.hex(12)))
        headers.append("to", f"<{self.identity.aor}>")
        headers.append("call-id", self.call_id)
        headers.append("cseq", f"{self._seq} {REGISTER}")
        headers.append("contact", contact)
        headers.append("supported", SUPPORTED if self.uses_flows else PATH)
        headers.append("expires", str(expires))
        return Request(headers, method=REGISTER, uri=f"sip:{self.identity.domain}")

    def contact(self, flow: Flow, *, with_push: bool) -> str:
        """Return our Contact for a flow; only a REGISTER may carry the push parameters (section 4.1)."""
        push = self.push.parameters() if self.push and with_push else ""
        return f"<sip:{self.identity.user}@{flow.local};transport={flow.transport.uri_parameter}{push}>"

    def advanced(self, request: Request) -> None:
        """Take note of a sequence number that a retry with credentials has used."""
        self._seq = max(self._seq, request.cseq.number)

    def granted(self, response: Response) -> Granted:
        """Read a 2xx to our REGISTER."""
        promised = promise(response.headers, self.push.provider if self.push else "")
        return Granted(
            self._expires(response),
            promised.has_push,
            has_flow=OUTBOUND in option_tags(response.headers, "require"),
            flow_timer=_flow_timer(response.headers.get("flow-timer")),
            purr=promised.purr,
            refresh_before=promised.refresh_before if self.refreshes_itself else 0,
        )

    def _expires(self, response: Response) -> int:
        for value in response.headers.values("contact"):
            try:
                contact = parse_address(value)
            except ParseError:
                continue
            if self.instance in (contact.params.get("+sip.instance") or ""):
                return contact_expires(contact) or 0
        return expires(response.headers) or 0


def _flow_timer(text: str | None) -> int:
    return int(text) if text is not None and _TIMER.fullmatch(text) else 0
