"""Waking the phones that are to have a message: one push brings a phone all that waits for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ringwake.edge.core import Core
from ringwake.edge.unread import with_unread
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Persist
from ringwake.model.history import Outcome
from ringwake.model.push import Kind
from ringwake.model.store_ops import ListBindings
from ringwake.model.stored_message import StoredMessage
from ringwake.sip.message import Request
from ringwake.sip.parser import parse
from ringwake.wake.message_content import Content, content_of
from ringwake.wake.parked_message import ParkedMessage
from ringwake.wake.plan import Action, Target, plan
from ringwake.wake.screening import hushed, screen
from ringwake.wake.who_calls import who_calls

MOST_WAKING = 20
"""Messages that wait for a push to one phone. It takes all that are stored when it comes, so further ones need none."""


def plan_of(core: Core, bindings: Iterable[Binding], now: float) -> list[Target]:
    """Decide which phones get a message at once, and which are woken for it."""
    return plan(bindings, is_live=core.presence.is_open, wall=core.wall(now), kind=Kind.MESSAGE)


def wakes_for(stored: StoredMessage) -> Request | None:
    """Return a stored message as a request, if it is worth a wake; None: it waits until the phone comes by itself."""
    request = parse(stored.message)
    return request if isinstance(request, Request) and content_of(request) is Content.SAID else None


def undisturbed(core: Core, account: Account, request: Request, now: float) -> Account:
    """Return the account as its phones are to show a message now: without a sound while it is not to be disturbed."""
    # What nobody may claim was taken off when it came (RFC 3325 section 5).
    caller = who_calls(request, is_trusted=True)
    verdict = screen(caller, account.settings.calls, zone=core.means.zone, wall=core.wall(now))
    is_silenced = verdict is not None and verdict.outcome is Outcome.SILENCED
    return replace(account, settings=hushed(account.settings)) if is_silenced else account


def wake(core: Core, parked: ParkedMessage, bindings: Iterable[Binding], now: float, *, delay: float = 0.0) -> Effects:
    """Wake the phones among these that sleep, in `delay` seconds, unless enough messages do so already."""
    waking = [o for _, o in core.calls.calling(parked.message.aor) if isinstance(o, ParkedMessage)]
    covered = Counter(phone for owner in waking for phone in owner.awaited)
    sleeping = (t.binding for t in plan_of(core, bindings, now) if t.action is Action.WAKE)
    asleep = [binding for binding in sleeping if covered[binding.phone] < MOST_WAKING]
    if not asleep:
        return NOTHING
    if core.calls.get(parked.message.id) is not parked:
        core.calls.add(parked.message.id, parked, transaction=None, aor=parked.message.aor)
    return core.calls.keep(parked.message.id, parked.start(asleep, now, delay=delay), now)


def rouse(core: Core, messages: Sequence[StoredMessage], lost: Binding) -> Effects:
    """Wake a phone that seemed awake, or its messages would wait until it registers by itself."""
    found = next(((stored, request) for stored in messages if (request := wakes_for(stored)) is not None), None)
    account = core.account(lost.aor)
    if found is None or account is None:
        return NOTHING
    stored, request = found

    def counted(unread: int, now: float) -> Effects:
        words = replace(core.announce(request, undisturbed(core, account, request, now)), unread=unread)

        def applied(bindings: tuple[Binding, ...], now: float) -> Effects:
            asleep = [known for known in bindings if known.phone == lost.phone]
            parked = core.calls.get(stored.id)
            if not isinstance(parked, ParkedMessage):
                parked = ParkedMessage(stored, words, means=core.means, seal=core.seal)
                core.calls.add(stored.id, parked, transaction=None, aor=stored.aor)
            return core.calls.keep(stored.id, parked.start(asleep[-1:], now), now)

        return (Persist(ListBindings(aor=stored.aor, wall=core.wall(now)), applied=applied),)

    return with_unread(stored.aor, counted)
