"""A 2xx that comes when its caller has heard another final response: the call that it begins has nobody to end it."""

from __future__ import annotations

from ringwake.model.effects import NOTHING, Effects, Forward, Relay
from ringwake.proxy.routing import via
from ringwake.sip.dialog import caller_dialog
from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, BYE


def hang_up(invite: Request, answer: Response, flow: Flow, *, is_first: bool) -> Effects:
    """Acknowledge a 2xx and hang up in the caller's place (RFC 3261 sections 13.2.2.4 and 15.1.1).

    Args:
        invite: as it was sent.
        answer: the 2xx. One without a Contact begins no dialog, and is let go.
        flow: down which the INVITE went.
        is_first: whether it has not come before: one BYE is enough.
    """
    beyond = answer.copy()
    routes = answer.headers.values("record-route")
    # Those of the INVITE are ours and of proxies before us: only what lies behind us is on the way from here.
    beyond.headers.replace_values("record-route", routes[: len(routes) - len(invite.headers.values("record-route"))])
    try:
        dialog = caller_dialog(invite, beyond)
    except ParseError:
        return NOTHING
    branch = invite.via.branch
    ack = Relay(dialog.request(ACK, via=via(flow, f"{branch}-ack"), seq=invite.cseq.number), flow)
    bye = Forward(dialog.request(BYE, via=via(flow, f"{branch}-bye")), flow)
    return (ack, bye) if is_first else (ack,)
