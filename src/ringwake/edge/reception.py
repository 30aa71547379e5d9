"""Where a call is received: whether it is for the phones of its account, goes on at once, or is turned away.

All of that is known before any phone is woken or rung.
"""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.edge.forwarding import forward_at_once
from ringwake.edge.incoming import Enter, Incoming
from ringwake.edge.screening import screened
from ringwake.edge.silenced import silenced
from ringwake.model.effects import Effects
from ringwake.model.history import Outcome
from ringwake.proxy.diversion import Reason


def received(core: Core, incoming: Incoming, *, enter: Enter) -> Effects | None:
    """Return what becomes of a call that is not for the phones of its account; None: it is.

    Who is blocked is so wherever the account has its calls go. Who would disturb may still reach somebody else.

    Args:
        core: the parts of the server.
        incoming: the call.
        enter: lets it reach another account.

    Raises:
        ParseError: From is malformed.
    """
    request, account, now = incoming.arrived.request, incoming.account, incoming.now
    verdict = screened(core, request, account, incoming.arrived.flow, now=now)
    if verdict is not None and verdict.outcome is Outcome.BLOCKED:
        return silenced(core, incoming, verdict)
    gone = forward_at_once(core, incoming, Reason.UNCONDITIONAL, enter=enter)
    if gone is not None or verdict is None:
        return gone
    return silenced(core, incoming, verdict, onward=forward_at_once(core, incoming, Reason.DO_NOT_DISTURB, enter=enter))
