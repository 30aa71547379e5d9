"""A call that is over, for iPhones that show it: an INVITE of our own, and its CANCEL (docs/adr/0039-ends.md).

A VoIP push makes iOS show a call at once, before the app has registered. When the call has ended meanwhile, nothing but
the app can take it off the screen again, and what an app understands is SIP: so the phone that comes too late gets the
INVITE that it was promised, and a CANCEL whose Reason says how it went. Nothing of that reaches the caller.
"""

from __future__ import annotations

from collections.abc import Collection

from ringwake.edge.core import Core
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, AbandonBranch, CancelBranch, Effects, Forward, Note, Relay
from ringwake.model.events import Event, Happened
from ringwake.proxy.routing import Hop, forward, via
from ringwake.sip.dialog import caller_dialog
from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, BYE, INVITE
from ringwake.sip.parser import parse
from ringwake.sip.transactions.events import Failure
from ringwake.sip.via import COOKIE
from ringwake.wake.call_ending import Ended
from ringwake.wake.owner import Owner
from ringwake.wake.parked_call import ParkedCall

GHOST_SECONDS = 60.0
"""How long after its end a call is kept for phones that come late."""
# What tells a phone who has called, and for what. None of what makes one pick up by itself, or take over another call.
_KEPT = (
    *("from", "to", "call-id", "cseq", "p-asserted-identity", "privacy", "subject"),
    *("content-type", "content-disposition", "content-encoding", "content-language"),
)


class GhostCall(Owner):
    """The UAC of these INVITEs, for the phones of one call."""

    def __init__(self, core: Core, ended: Ended, now: float) -> None:
        self._core = core
        self._ended = ended
        self._until = now + GHOST_SECONDS
        self._phones = {binding.phone for binding in ended.on_show}
        """Who has not come yet."""
        self._sent: dict[str, tuple[Request, Binding]] = {}
        """What was sent and is not over, by branch."""
        self._heard: set[str] = set()
        """The branches of those that a phone has answered in any way."""
        self._acks: dict[str, Relay] = {}
        """The ACK to each that a phone has picked up, as long as its 2xx may come again."""

    @property
    def id(self) -> str:
        """Names it among the owners."""
        return f"ghost {self._ended.record.id}"

    def woken(self, binding: Binding, now: float) -> Effects:
        """A phone has registered: it is shown that the call is over."""
        called = parse(self._ended.record.invite)
        assert isinstance(called, Request)
        if self._has_gone_on_to(binding):
            self._phones.discard(binding.phone)
        lost = self._lost(binding)
        if not (lost or self._is_to_see(binding)) or now >= self._until or not self._core.may_reach(called, binding):
            return NOTHING
        self._phones.discard(binding.phone)
        for left in lost:
            del self._sent[left]
        invite = self._invite(called, binding)
        branch = invite.via.branch
        self._sent[branch] = (invite, binding)
        note = Event(Happened.GHOST_SENT, now, self._ended.record.trace, {"device": binding.id})
        # The CANCEL waits for a provisional response (RFC 3261 section 9.1).
        abandoned = tuple(AbandonBranch(left, INVITE) for left in lost)
        return (*abandoned, Forward(invite, binding.flow), CancelBranch(branch, self._ended.reason), Note(note))

    def left(self, bindings: Collection[str]) -> None:
        """The account has these bindings now: whoever has logged out is shown nothing."""
        self._phones -= {binding.phone for binding in self._ended.on_show if binding.id not in bindings}

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """A phone has answered. One that has picked up meanwhile is hung up on."""
        del now
        self._heard.add(branch_id)
        if response.status < 200:
            return NOTHING
        if response.status >= 300:
            self._sent.pop(branch_id, None)
            return NOTHING
        return self._hang_up(branch_id, response)

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """A phone can be heard no more. One whose connection is gone, or that has never said a word, may come again."""
        del now
        sent = self._sent.pop(branch_id, None)
        if sent is not None and (failure is Failure.TRANSPORT or branch_id not in self._heard):
            self._phones.add(sent[1].phone)
        return NOTHING

    def handle_timer(self, now: float) -> Effects:
        """Wait for nobody any longer."""
        if now >= self._until:
            self._phones.clear()
        return NOTHING

    def get_timer(self) -> float | None:
        """Return until when phones are waited for, if there is one."""
        return self._until if self._phones else None

    def is_unheard(self, flow: Flow) -> bool:
        """Tell whether something was sent down a flow that its phone has not answered in any way."""
        return any(to.flow == flow and branch not in self._heard for branch, (_, to) in self._sent.items())

    @property
    def is_settled(self) -> bool:
        """Whether nobody is waited for, and nothing is to come."""
        return not self._phones and not self._sent

    def _has_gone_on_to(self, binding: Binding) -> bool:
        """Tell whether the call has gone on to another account of the same phone, which tells that phone of its end.

        An INVITE of ours would be a copy of that account's (RFC 3261 section 8.2.2.2), and its CANCEL end both.
        """
        context = self._ended.context
        serving = None if context is None else self._core.calls.serving(context.transaction)
        return isinstance(serving, ParkedCall) and serving.context is not context and serving.calls(binding.instance)

    def _lost(self, binding: Binding) -> list[str]:
        """Return what a phone has not answered down a flow that it has left for another."""
        sent = ((branch, to) for branch, (_, to) in self._sent.items() if branch not in self._heard)
        return [branch for branch, to in sent if to.phone == binding.phone and to.flow != binding.flow]

    def _is_to_see(self, binding: Binding) -> bool:
        """Tell whether a phone has not had the call's own INVITE, and with it the CANCEL."""
        context = self._ended.context
        branch = None if context is None else context.branch(binding.phone)
        if branch is not None and branch.has_answered:
            self._phones.discard(binding.phone)
        is_on_its_way = branch is not None and branch.flow == binding.flow and branch.flow.transport.is_reliable
        return binding.phone in self._phones and not is_on_its_way

    def _hang_up(self, branch_id: str, response: Response) -> Effects:
        if (ack := self._acks.get(branch_id)) is not None:
            return (ack,)
        sent = self._sent.pop(branch_id, None)
        if sent is None:
            return NOTHING  # it is a BYE of ours that was answered
        invite, binding = sent
        try:
            dialog = caller_dialog(invite, response)
        except ParseError:
            return NOTHING
        ack = Relay(dialog.request(ACK, via=self._via(binding, ACK), seq=invite.cseq.number), binding.flow)
        self._acks[branch_id] = ack
        return (ack, Forward(dialog.request(BYE, via=self._via(binding, BYE)), binding.flow))

    def _invite(self, called: Request, binding: Binding) -> Request:
        headers = Headers()
        for key in _KEPT:
            for text in called.headers.texts(key):
                headers.append(key, text)
        headers.append("contact", _contact(binding))
        hop = Hop(flow=binding.flow, branch=self._branch(binding, INVITE), uri=binding.uri, path=binding.path)
        return forward(Request(headers, called.body, method=INVITE, uri=binding.uri), hop)

    def _via(self, binding: Binding, method: str) -> str:
        return via(binding.flow, self._branch(binding, method))

    def _branch(self, binding: Binding, method: str) -> str:
        """Return a branch that is new with each REGISTER."""
        named = f"{self.id} {binding.id} {binding.registered_at} {method}"
        return COOKIE + self._core.seal.digest("branch", named.encode())


def _contact(binding: Binding) -> str:
    """Write our Contact. Without a user, so that what comes for a dialog that is unknown here gets 481."""
    flow, is_sips = binding.flow, binding.uri.lower().startswith("sips:")
    # As in Record-Route: phones take `transport=tcp` at its word (`proxy.routing.record_route`).
    name = flow.transport.value if flow.transport is Transport.TLS and not is_sips else flow.transport.uri_parameter
    return f"<{'sips' if is_sips else 'sip'}:{flow.local};transport={name}>"


def call_over(core: Core, ended: Ended, now: float) -> Effects:
    """Tell the phones of a call that is over, by push, and by SIP those that come late and show it."""
    effects: Effects = NOTHING
    if ended.notices is not None:
        notices = ended.notices
        core.calls.add(notices.id, notices, transaction=None, aor=ended.record.aor)
        effects = core.calls.keep(notices.id, notices.start(now), now)
    if ended.on_show:
        ghost = GhostCall(core, ended, now)
        core.calls.add(ghost.id, ghost, transaction=None, aor=ended.record.aor)
        core.calls.keep(ghost.id, NOTHING, now)
    return effects
