"""Every other request to an account (REFER, SUBSCRIBE, NOTIFY, OPTIONS, unknown methods ..., strays of a dialog).

It goes to the phones that are awake. When none is, some methods wake those that sleep; the others are not worth a wake
that the caller did not ask for: PBXs send an OPTIONS each minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ringwake.edge.answers import refuse, turn_away
from ringwake.edge.core import Core
from ringwake.edge.park import Terms, park, with_bindings
from ringwake.edge.screening import screened
from ringwake.edge.unread import with_unread
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.effects import Effects
from ringwake.model.history import Outcome
from ringwake.model.push import Kind
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import Hop, record_route
from ringwake.sip.errors import SipError
from ringwake.sip.fields import address
from ringwake.sip.message import Request
from ringwake.sip.methods import MESSAGE, NOTIFY, REFER
from ringwake.sip.transactions.events import RequestArrived
from ringwake.wake.plan import Action, plan

_WAITING = re.compile(rb"^Messages-Waiting[ \t]*:[ \t]*yes\b", re.IGNORECASE | re.MULTILINE)
"""In the body of a NOTIFY for message-summary (RFC 3842 section 5.2)."""


def stand_alone(core: Core, arrived: RequestArrived, account: Account, now: float, *, only: str = "") -> Effects:
    """Pass a request to the phones of an account, or to the one that is meant.

    Args:
        core: the parts of the server.
        arrived: the request; with a To-tag it is a stray, and wakes nobody but who has asked for that.
        account: whose phones.
        now: monotonic seconds.
        only: id of the binding that the request names by its PURR.
    """
    is_stray = bool(address(arrived.request.headers, "to").tag)
    if arrived.request.method == REFER and not is_stray:
        # It asks for a call, which would ring. What is said of calls is not for the other methods: PBXs send those.
        verdict = screened(core, arrived.request, account, arrived.flow, now=now)
        if verdict is not None and verdict.outcome is Outcome.BLOCKED:
            error = SipError(verdict.status, verdict.rule, verdict.headers)
            return refuse(arrived.transaction, arrived.request, error, to_tag=core.tag(), now=now)
    wakes, kind = _wakes(core, arrived.request, is_stray=is_stray, is_meant=bool(only)), _kind(arrived.request)
    lapse = _lapse(is_stray=is_stray, is_meant=bool(only))

    def found(bindings: tuple[Binding, ...], now: float) -> Effects:
        meant = [binding for binding in bindings if binding.is_meant(only)]
        targets = plan(meant, is_live=core.presence.is_open, wall=core.wall(now), kind=kind)
        able = [t for t in targets if t.action is Action.RING or (wakes and t.action is Action.WAKE)]
        if not able:
            error = SipError(lapse, "no phone of the account can be reached")
            return turn_away(arrived.transaction, arrived.request, error, now=now)
        terms = Terms(account=account, hop=_way(core, arrived), lapse=lapse, only=only, kind=kind)
        if kind is Kind.WAKE:
            return park(core, arrived, able, terms, now=now)
        return with_unread(
            account.aor, lambda unread, now: park(core, arrived, able, replace(terms, unread=unread), now=now)
        )

    return with_bindings(core, arrived, account.aor, found, now=now)


def _wakes(core: Core, request: Request, *, is_stray: bool, is_meant: bool) -> bool:
    """Tell whether a request is worth a wake. A MESSAGE that comes here says only that somebody writes (RFC 3994)."""
    if request.method == MESSAGE and not is_stray:
        return False
    return is_meant or (not is_stray and request.method in core.wakes_for)


def _kind(request: Request) -> Kind:
    """Tell by which push phones are woken: voice messages that wait are something to see, so browsers are, too."""
    event = (request.headers.get("event") or "").partition(";")[0].strip().lower()
    is_summary = request.method == NOTIFY and event == "message-summary"
    return Kind.VOICEMAIL if is_summary and _WAITING.search(request.body) else Kind.WAKE


def _lapse(*, is_stray: bool, is_meant: bool) -> int:
    """Return what the sender hears when no phone comes: nothing that ends a dialog which we know of (RFC 5057)."""
    if not is_stray:
        return 480
    return 504 if is_meant else 481


def _way(core: Core, arrived: RequestArrived) -> Callable[[Binding, str], Hop]:
    caller, mark = core.sender(arrived.request, arrived.flow), loop_mark(arrived.request, core.seal)

    def hop(binding: Binding, branch: str) -> Hop:
        callee = FlowToken(binding.flow, binding.id, binding.aor)
        sides = () if arrived.request.method == MESSAGE else (callee, caller)  # that begins no dialog (RFC 3428 6)
        routes = tuple(record_route(side, core.seal) for side in sides)
        return Hop(flow=binding.flow, branch=branch + mark, uri=binding.uri, record_routes=routes, path=binding.path)

    return hop
