"""What a caller hears while a phone wakes: a provisional response of our own, in an early dialog of our own.

A proxy may send no 18x itself (RFC 3261 section 16.7), so a user agent server answers here beside the phones, as one
more branch of the fork that never picks up: own To-tag, own Contact, no SDP. What comes inside its dialog is answered
here. The phone's own 18x and 2xx pass with their tags, as those of another branch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from ringwake.edge.answers import CAPABILITIES
from ringwake.edge.cancel import cancel
from ringwake.edge.core import Core
from ringwake.model.effects import NOTHING, Effects, Note, Respond
from ringwake.model.events import Event, Happened
from ringwake.model.tenant import Tenant, WhileWaking
from ringwake.proxy.branch import BranchState
from ringwake.proxy.routing import strip_tokens
from ringwake.sip import methods
from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.fields import address, option_tags
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.uri import scheme
from ringwake.wake.announcement import identity
from ringwake.wake.forwarded_call import ForwardedCall
from ringwake.wake.owner import Owner
from ringwake.wake.parked_call import ParkedCall

AGAIN_SECONDS = 60.0
"""A response that takes long is announced each minute, for proxies on the way (RFC 3261 section 13.3.1.1)."""
_AFTER_PROBE = 0.1
_ALLOW = (("allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO"),)
_UNWANTED = frozenset({"100rel", "no-fork"})
Waiting: TypeAlias = ParkedCall | ForwardedCall


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyDialog:
    """Our side of it."""

    invite: Request
    tag: str
    contact: str
    status: int
    """Of the provisional response."""

    def response(self) -> Response:
        """Build the provisional response: the Record-Route of those before us, none of ours (section 12.1.1)."""
        routes = tuple(("record-route", text) for text in self.invite.headers.texts("record-route"))
        answer = reply(self.invite, self.status, to_tag=self.tag, headers=(*routes, ("contact", self.contact)))
        strip_tokens(answer)
        return answer


class VirtualUas(Owner):
    """Speaks while a phone is being woken, and answers what comes inside its dialog."""

    def __init__(self, dialog: EarlyDialog, call: Waiting, *, at: float) -> None:
        self.call = call
        """Who serves the INVITE now."""
        self._dialog = dialog
        self._at: float | None = at
        self._is_over = False
        """Whether the caller has ended this dialog, though not the call."""
        self._remote_seq = dialog.invite.cseq.number

    def handle_timer(self, now: float) -> Effects:
        """Speak, if a phone is being woken and none has said anything."""
        self._at = None if self.is_settled else now + AGAIN_SECONDS
        if self._at is None or not self.call.is_waking:
            return NOTHING
        told = Event(Happened.CALLER_TOLD, now, self.call.record.trace, {"status": self._dialog.status})
        return (Respond(self.call.context.transaction, self._dialog.response()), Note(told))

    def get_timer(self) -> float | None:
        """Return when to speak next."""
        return self._at

    @property
    def is_settled(self) -> bool:
        """Whether its dialog is over: ended by the caller, or with the call's final response."""
        return self._is_over or self.call.context.final is not None

    def is_with(self, request: Request) -> bool:
        """Tell whether a request, whose To has our tag, is one of this dialog (section 12)."""
        invite = self._dialog.invite
        tags = [address(message.headers, "from").tag for message in (request, invite)]
        return request.call_id == invite.call_id and tags[0] == tags[1]

    def request(self, core: Core, arrived: RequestArrived, now: float) -> Effects:
        """Serve a request inside the dialog (section 12.2.2).

        Raises:
            SipError: 405, 415, 420, 469, 481, 488, 500 or 501, which end nothing but this request.
        """
        request = arrived.request
        if self.is_settled:
            raise SipError(481, "the call has been answered or has ended")
        if request.cseq.number < self._remote_seq:
            raise SipError(500, "CSeq is below that of an earlier request of the dialog")
        self._remote_seq = request.cseq.number
        if required := option_tags(request.headers, "require"):
            raise SipError(420, "an extension is required", (("unsupported", ", ".join(required)),))
        match request.method:
            case methods.BYE:
                return self._bye(core, arrived, now)
            case methods.PRACK:
                raise SipError(481, "nothing was sent reliably here")  # RFC 3262 section 3
            case methods.UPDATE:
                self._check_update(core, request)
                return _ok(arrived, ("contact", self._dialog.contact))
            case methods.INFO:
                _check_info(request)
                return _ok(arrived)
            case methods.OPTIONS:
                return _ok(arrived, *CAPABILITIES)
            case methods.INVITE:
                raise SipError(500, "the first INVITE is not answered yet", _later(core))  # section 14.2
        raise SipError(405 if request.method in methods.KNOWN else 501, "no such method in an early dialog", _ALLOW)

    def _bye(self, core: Core, arrived: RequestArrived, now: float) -> Effects:
        """End the call while no phone has a dialog of its own; after that, only ours (section 15.1.2)."""
        if not any(branch.is_ringing for branch in self.call.context.branches):
            return cancel(core, replace(arrived, target=self.call.context.transaction), now)
        self._is_over = True
        return _ok(arrived)

    def _check_update(self, core: Core, request: Request) -> None:
        """Refuse an offer: that of the INVITE is still open, or none may be made yet (RFC 3311 section 5.2)."""
        if request.body and self._dialog.invite.body:
            raise SipError(500, "the offer of the INVITE is not answered yet", _later(core))
        if request.body:
            raise SipError(488, "no phone is there that could answer an offer")


def accompany(core: Core, call: ParkedCall, now: float) -> Effects:
    """Let the caller hear what its tenant wants it to hear while the phones of a call wake.

    At once if none is awake; else if those that seem awake have not said a word within the time of the probe.
    """
    context, owner_id = call.context, _owner_id(_tag(core, call.context.request))
    tenant = core.directory.tenant(call.record.aor.rpartition("@")[2])
    if tenant is None or not context.is_open or core.calls.get(owner_id) is not None:
        return NOTHING
    dialog = _dialog(core, call, tenant)
    if dialog is None:
        return NOTHING
    uas = VirtualUas(dialog, call, at=now + core.means.timing.probe + _AFTER_PROBE)
    core.calls.add(owner_id, uas, transaction=None)
    is_any_awake = any(branch.state is BranchState.LIVE for branch in context.branches)
    effects = uas.handle_timer(now) if call.is_waking and not is_any_awake else NOTHING
    return core.calls.keep(owner_id, effects, now)


def follow(core: Core, call: Waiting) -> None:
    """Let the virtual UAS of an INVITE, if there is one, go along with a call that has gone on to somebody else."""
    uas = core.calls.get(_owner_id(_tag(core, call.context.request)))
    if isinstance(uas, VirtualUas):
        uas.call = call


def virtual_uas(core: Core, request: Request) -> VirtualUas | None:
    """Return whose early dialog a request belongs to, if it is one of ours."""
    found = core.calls.get(_owner_id(address(request.headers, "to").tag))
    return found if isinstance(found, VirtualUas) and found.is_with(request) else None


def _dialog(core: Core, call: ParkedCall, tenant: Tenant) -> EarlyDialog | None:
    """Begin our early dialog with a caller; None where it is not to have one.

    It may demand reliable responses (RFC 3262 section 3), or that nobody but one phone speaks (RFC 3841).
    """
    invite, status = call.context.request, tenant.while_waking
    if status is WhileWaking.TRYING:
        return None
    try:
        demands = option_tags(invite.headers, "require") + option_tags(invite.headers, "request-disposition")
        contact = _contact(invite, call.record.flow)
    except ParseError:
        return None
    if _UNWANTED.intersection(demands):
        return None
    return EarlyDialog(invite=invite, tag=_tag(core, invite), contact=contact, status=status.value)


def _tag(core: Core, request: Request) -> str:
    """Return our tag in the early dialog of an INVITE: the same in the next life of the process."""
    branch = request.via.branch.encode("utf-8", "surrogateescape")
    return core.seal.digest("early", identity(request) + b"\0" + branch)[:24]


def _owner_id(tag: str) -> str:
    return f"early {tag}"


def _contact(request: Request, flow: Flow) -> str:
    """Write our Contact. Without a user, so that what comes for a dialog that is unknown here gets 481.

    It is a sips: URI where the caller has to see one (section 12.1.1).
    """
    first = [value for key in ("record-route", "contact") for value in request.headers.values(key)][:1]
    is_sips = "sips" in {scheme(request.uri), *(scheme(parse_address(value).uri) for value in first)}
    transport = flow.transport
    name = transport.value if transport is Transport.TLS and not is_sips else transport.uri_parameter
    return f"<{'sips' if is_sips else 'sip'}:{flow.local};transport={name}>"


def _check_info(request: Request) -> None:
    if "info-package" in request.headers:
        raise SipError(469, "no Info Package is known here", (("recv-info", ""),))  # RFC 6086 section 4.2.2
    if request.body:
        raise SipError(415, "INFO is not understood here", (("accept", ""),))


def _later(core: Core) -> tuple[tuple[str, str], ...]:
    """Return a Retry-After of 0 to 10 seconds, by chance."""
    return (("retry-after", str(int(core.ids.hex(4), 16) % 11)),)


def _ok(arrived: RequestArrived, *headers: tuple[str, str]) -> Effects:
    return (Respond(arrived.transaction, reply(arrived.request, 200, headers=headers)),)
