"""Asks whether a request may reach the phones of an account at all, before any is woken (`wake.screening`)."""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.model.account import Account
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.wake.screening import Screened, screen
from ringwake.wake.who_calls import who_calls


def screened(core: Core, request: Request, account: Account, flow: Flow, *, now: float) -> Screened | None:
    """Return why a call does not reach the phones of an account; None: it does.

    A MESSAGE disturbs nobody, so of what is said here only BLOCKED is for it.

    Args:
        core: the parts of the server.
        request: the INVITE or MESSAGE.
        account: whom it is for now, should it have gone on.
        flow: the one that it came down.
        now: monotonic seconds.

    Raises:
        ParseError: From is malformed.
    """
    caller = who_calls(request, is_trusted=core.gate.is_peer(flow))
    return screen(caller, account.settings.calls, zone=core.means.zone, wall=core.wall(now))
