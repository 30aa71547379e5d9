"""Handing stored messages to phones that are awake: each phone has an outbox, as long as there is something in it."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate

from ringwake.edge.core import Core
from ringwake.edge.message_wakes import rouse
from ringwake.model.binding import Binding
from ringwake.model.effects import Effects
from ringwake.model.stored_message import StoredMessage
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import preload, strip_tokens, via
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS, max_forwards
from ringwake.sip.message import Request
from ringwake.sip.methods import MESSAGE
from ringwake.sip.parser import parse
from ringwake.sip.via import COOKIE
from ringwake.wake.outbox import Carriage, Outbox, delivery_call_id
from ringwake.wake.plan import is_awake

# What belongs to the hop by which the message came, or to a dialog, which it has none of (RFC 3428 section 4).
_HOP_FIELDS = ("via", "route", "record-route", "contact", "proxy-authorization", "authorization", "call-id", "cseq")


def hand_over(core: Core, bindings: Iterable[Binding], messages: Iterable[StoredMessage], now: float) -> Effects:
    """Put messages into the outboxes of phones that are awake."""
    effects: list[Effects] = []
    for binding in bindings:
        owner_id = f"outbox {binding.phone}"
        outbox = core.calls.get(owner_id)
        own = [m for m in messages if not m.waiting or binding.phone in m.waiting]
        if not isinstance(outbox, Outbox):
            if not own:
                continue
            outbox = Outbox(binding, _carriage(core))
            core.calls.add(owner_id, outbox, transaction=None)
        effects.append(core.calls.keep(owner_id, (*outbox.moved(binding, now), *outbox.add(own, now)), now))
    return tuple(effect for several in effects for effect in several)


def compose(core: Core, stored: StoredMessage, binding: Binding, refusals: int) -> Request:
    """Build the MESSAGE that goes to a phone: a request of our own that is the same each time (standards M9).

    One that the phone has refused for now is another transaction, under the same Call-ID (RFC 3261 section 8.1.3.5).
    """
    request = parse(stored.message)
    assert isinstance(request, Request)
    headers = request.headers
    way = f"{stored.id} {binding.way}" + (f" {refusals}" if refusals else "")
    branch = core.seal.digest("branch", way.encode()) + loop_mark(request, core.seal)
    headers.remove(*_HOP_FIELDS)
    headers.push("via", via(binding.flow, COOKIE + branch))
    # It is a request of ours, and yet one hop further: a phone that sends messages on must not keep them going round.
    left = max_forwards(headers)
    headers.set("max-forwards", str(DEFAULT_MAX_FORWARDS if left is None else max(0, left - 1)))
    headers.append("call-id", delivery_call_id(core.seal, stored, binding.phone))
    headers.append("cseq", f"{refusals + 1} {MESSAGE}")
    if "date" not in headers:
        headers.append("date", formatdate(stored.received_at, usegmt=True))
    request.uri = binding.uri
    strip_tokens(request)
    preload(request, binding.path)
    return request


def _carriage(core: Core) -> Carriage:
    return Carriage(
        compose=lambda stored, to, refusals: compose(core, stored, to, refusals),
        wake=lambda messages, to: rouse(core, messages, to),
        is_awake=lambda to, now: is_awake(to, is_live=core.presence.is_open, wall=core.wall(now)),
        wall=core.wall,
    )
