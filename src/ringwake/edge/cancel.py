"""CANCEL (RFC 3261 sections 9.2 and 16.10): the owner of the INVITE ends it."""

from __future__ import annotations

from typing import Any

from ringwake.edge.core import Core
from ringwake.model.effects import Effects, Persist, Respond
from ringwake.model.store_ops import CancelCall
from ringwake.sip.errors import SipError
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.wake.parked_call import ParkedCall


def cancel(core: Core, arrived: RequestArrived, now: float) -> Effects:
    """End a request that is under way.

    Its phones are told at once. The caller of a parked call hears 200 and 487 when that is on disk: who has heard
    them must not find a phone ringing after a crash. A disk that cannot write delays nothing.

    Raises:
        SipError: 481 when there is nothing to cancel.
    """
    if arrived.target is None:
        raise SipError(481, "there is nothing to cancel")
    owner = core.calls.serving(arrived.target)
    reason = ", ".join(arrived.request.headers.texts("reason"))
    ok = Respond(arrived.transaction, reply(arrived.request, 200, to_tag=core.tag()))
    effects = (ok, *core.calls.cancel(arrived.target, reason, now))
    if not isinstance(owner, ParkedCall):
        return effects
    answers = tuple(effect for effect in effects if isinstance(effect, Respond))
    others = tuple(effect for effect in effects if not isinstance(effect, Respond))

    def settled(_: Any, now: float) -> Effects:
        del now
        return answers

    return (*others, Persist(CancelCall(call=owner.record.id), then=settled, otherwise=settled))
