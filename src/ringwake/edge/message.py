"""MESSAGE (RFC 3428): kept on disk, answered 202, and handed to each phone of the account when it is awake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from email.utils import formatdate

from ringwake.edge.answers import STORE_DOWN, refuse
from ringwake.edge.core import Core
from ringwake.model.account import Account, Aor
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist, Respond
from ringwake.model.events import Event, Happened
from ringwake.model.push import Kind
from ringwake.model.store_ops import Failed, KeepMessage, Kept, ListBindings, MailboxFull, Recovered
from ringwake.model.stored_message import StoredMessage
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import preload, strip_tokens, via
from ringwake.sip.errors import SipError
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS, expires, max_forwards
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply
from ringwake.sip.timers import T4, TIMEOUT
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.via import COOKIE
from ringwake.wake.outbox import Outbox, delivery_call_id
from ringwake.wake.parked_message import ParkedMessage
from ringwake.wake.plan import Action, Target, plan

# What belongs to the hop by which the message came, or to a dialog, which it has none of (RFC 3428 section 4).
_HOP_FIELDS = ("via", "route", "record-route", "contact", "proxy-authorization", "authorization", "call-id", "cseq")
AWAKE_SECONDS = TIMEOUT + T4
"""A phone that has registered so lately is awake, though it may not have answered a message that came with that."""
FULL = SipError(480, "the mailbox is full")
MOST_WAKING = 20
"""Messages that wait for a push to one phone. It takes all that are stored when it comes, so further ones need none."""
RECOVERED_PER_SECOND = 100.0
"""Accounts whose phones are woken for messages that an earlier life has left."""


def message(core: Core, arrived: RequestArrived, account: Account, now: float, *, only: str = "") -> Effects:
    """Keep a MESSAGE and set its delivery going; `only` is the id of the one binding that it is for, if not for all.

    Raises:
        SipError: 413 when it is too long.
    """
    request = arrived.request
    if len(request.body) > core.max_message:
        raise SipError(413, "the message is too long")
    wall = core.wall(now)
    asked = expires(request.headers)
    stored = StoredMessage(
        id=core.key("message", request, account.aor),
        trace=core.trace(request),
        aor=account.aor,
        message=request.encode(),
        received_at=wall,
        expires_at=wall + min(core.message_seconds, core.message_seconds if asked is None else asked),
    )
    parked = ParkedMessage(stored, core.announce(request, account), means=core.means, seal=core.seal)

    def applied(kept: Kept | MailboxFull, now: float) -> Effects:
        if isinstance(kept, MailboxFull):
            return NOTHING
        return _wake(core, parked, _meant(kept, only), now)

    def then(kept: Kept | MailboxFull, now: float) -> Effects:
        if isinstance(kept, MailboxFull):
            return refuse(arrived.transaction, request, FULL, to_tag=core.tag(), now=now)
        note = Note(Event(Happened.MESSAGE_KEPT, now, stored.trace, {"aor": account.aor}))
        accepted = Respond(arrived.transaction, reply(request, 202, to_tag=core.tag()))
        awake = [t.binding for t in _plan(core, _meant(kept, only), now) if t.action is Action.RING]
        return (accepted, note, *hand_over(core, awake, (kept.message,), now))

    def otherwise(failed: Failed, now: float) -> Effects:
        note = Note(Event(Happened.STORE_FAILED, now, stored.trace, {"op": "message", "reason": failed.reason}))
        return (note, *refuse(arrived.transaction, request, STORE_DOWN, to_tag=core.tag(), now=now))

    return (Persist(KeepMessage(message=stored, only=only), applied=applied, then=then, otherwise=otherwise),)


def _meant(kept: Kept, only: str) -> tuple[Binding, ...]:
    return tuple(binding for binding in kept.bindings if binding.is_meant(only))


def recover(core: Core, found: Recovered, now: float) -> Effects:
    """Wake the phones for which an earlier life of the process has left messages: its pushes may have died with it.

    One message wakes a phone for all that wait for it. A phone that had the push gets the same one again, by whose id
    it knows it for a repeat. The pushes are spread, since a restart must not be a flood (reliability F18).
    """
    mail: dict[Aor, list[tuple[StoredMessage, tuple[Binding, ...]]]] = {}
    for stored, phones in found.messages:
        mail.setdefault(stored.aor, []).append((stored, phones))
    effects: list[Effects] = []
    for number, (aor, letters) in enumerate(mail.items()):
        account = core.account(aor)
        if account is not None:
            effects.append(_again(core, account, letters, now, delay=number / RECOVERED_PER_SECOND))
    return tuple(effect for several in effects for effect in several)


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
            outbox = Outbox(
                binding,
                lambda stored, to, flow: compose(core, stored, to, flow),
                wake=lambda stored, to, now: _rouse(core, stored, to, now),
            )
            core.calls.add(owner_id, outbox, transaction=None)
        effects.append(core.calls.keep(owner_id, (*outbox.moved(binding), *outbox.add(own)), now))
    return tuple(effect for several in effects for effect in several)


def compose(core: Core, stored: StoredMessage, binding: Binding, flow: Flow) -> Request:
    """Build the MESSAGE that goes to a phone: a request of our own that is the same each time (standards M9)."""
    request = parse(stored.message)
    assert isinstance(request, Request)
    headers = request.headers
    branch = core.seal.digest("branch", f"{stored.id} {binding.way}".encode()) + loop_mark(request, core.seal)
    headers.remove(*_HOP_FIELDS)
    headers.push("via", via(flow, COOKIE + branch))
    # It is a request of ours, and yet one hop further: a phone that sends messages on must not keep them going round.
    left = max_forwards(headers)
    headers.set("max-forwards", str(DEFAULT_MAX_FORWARDS if left is None else max(0, left - 1)))
    headers.append("call-id", delivery_call_id(core.seal, stored, binding.phone))
    headers.append("cseq", "1 MESSAGE")
    if "date" not in headers:
        headers.append("date", formatdate(stored.received_at, usegmt=True))
    request.uri = binding.uri
    strip_tokens(request)
    preload(request, binding.path)
    return request


def _again(
    core: Core, account: Account, letters: list[tuple[StoredMessage, tuple[Binding, ...]]], now: float, *, delay: float
) -> Effects:
    effects: list[Effects] = []
    seen: set[str] = set()
    for stored, phones in letters:
        request = parse(stored.message)
        first = tuple(phone for phone in phones if phone.phone not in seen)
        if not first or not isinstance(request, Request):
            continue
        seen.update(phone.phone for phone in first)
        parked = ParkedMessage(stored, core.announce(request, account), means=core.means, seal=core.seal)
        effects.append(_wake(core, parked, first, now, delay=delay))
        awake = [target.binding for target in _plan(core, first, now) if target.action is Action.RING]
        effects.append(hand_over(core, awake, [message for message, _ in letters], now))
    return tuple(effect for several in effects for effect in several)


def _wake(
    core: Core, parked: ParkedMessage, bindings: tuple[Binding, ...], now: float, *, delay: float = 0.0
) -> Effects:
    waking = [o for _, o in core.calls.calling(parked.message.aor) if isinstance(o, ParkedMessage)]
    covered = Counter(phone for owner in waking for phone in owner.awaited)
    sleeping = (t.binding for t in _plan(core, bindings, now) if t.action is Action.WAKE)
    asleep = [binding for binding in sleeping if covered[binding.phone] < MOST_WAKING]
    if not asleep:
        return NOTHING
    core.calls.add(parked.message.id, parked, transaction=None, aor=parked.message.aor)
    return core.calls.keep(parked.message.id, parked.start(asleep, now, delay=delay), now)


def _rouse(core: Core, stored: StoredMessage, lost: Binding, now: float) -> Effects:
    """Wake a phone whose flow has turned out to be dead, or its messages would wait until it registers by itself.

    Not one that has just registered: it is awake, and does not answer. Each wake would only bring the next.
    """
    account, request = core.account(stored.aor), parse(stored.message)
    if account is None or not isinstance(request, Request):
        return NOTHING
    announcement = core.announce(request, account)

    def applied(bindings: tuple[Binding, ...], now: float) -> Effects:
        before = core.wall(now) - AWAKE_SECONDS
        asleep = [known for known in bindings if known.phone == lost.phone and known.registered_at < before]
        parked = core.calls.get(stored.id)
        if not isinstance(parked, ParkedMessage):
            parked = ParkedMessage(stored, announcement, means=core.means, seal=core.seal)
            core.calls.add(stored.id, parked, transaction=None, aor=stored.aor)
        return core.calls.keep(stored.id, parked.start(asleep[-1:], now), now)

    return (Persist(ListBindings(aor=stored.aor, wall=core.wall(now)), applied=applied),)


def _plan(core: Core, bindings: tuple[Binding, ...], now: float) -> list[Target]:
    return plan(bindings, is_live=core.presence.is_open, wall=core.wall(now), kind=Kind.MESSAGE)
