"""MESSAGE (RFC 3428): kept on disk, answered 202, and handed to each phone of the account when it is awake."""

from __future__ import annotations

from dataclasses import replace

from ringwake.edge.answers import STORE_DOWN, refuse
from ringwake.edge.core import Core
from ringwake.edge.keep_message import Letter, keep
from ringwake.edge.message_delivery import hand_over
from ringwake.edge.message_wakes import plan_of, undisturbed, wake, wakes_for
from ringwake.edge.screening import screened
from ringwake.edge.stand_alone import stand_alone
from ringwake.model.account import Account, Aor
from ringwake.model.binding import Binding
from ringwake.model.effects import Effects, Respond
from ringwake.model.history import Outcome
from ringwake.model.message_ops import Kept, MailboxFull
from ringwake.model.store_ops import Failed, Recovered
from ringwake.model.stored_message import StoredMessage
from ringwake.sip.errors import SipError
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.wake.message_content import Content, content_of
from ringwake.wake.parked_message import ParkedMessage
from ringwake.wake.plan import Action

FULL = SipError(480, "as many messages wait for the account as may")
RECOVERED_PER_SECOND = 100.0
"""Accounts whose phones are woken for messages that an earlier life has left."""


def message(core: Core, arrived: RequestArrived, account: Account, now: float, *, only: str = "") -> Effects:
    """Keep a MESSAGE and set its delivery going; `only` is the id of the one binding that it is for, if not for all.

    Raises:
        SipError: 413 when it is too long.
    """
    request = arrived.request
    verdict = screened(core, request, account, arrived.flow, now=now)
    if verdict is not None and verdict.outcome is Outcome.BLOCKED:
        error = SipError(verdict.status, verdict.rule, verdict.headers)
        return refuse(arrived.transaction, request, error, to_tag=core.tag(), now=now)
    if content_of(request) is Content.COMPOSING:
        return stand_alone(core, arrived, account, now, only=only)
    if len(request.body) > core.max_message:
        raise SipError(413, "the message is too long")
    account = undisturbed(core, account, request, now)

    def told(result: Kept | MailboxFull | Failed, now: float) -> Effects:
        match result:
            case Kept():
                return (Respond(arrived.transaction, reply(request, 202, to_tag=core.tag())),)
            case MailboxFull():
                return refuse(arrived.transaction, request, FULL, to_tag=core.tag(), now=now)
            case Failed():
                return refuse(arrived.transaction, request, STORE_DOWN, to_tag=core.tag(), now=now)

    return keep(core, Letter(request=request, account=account, only=only), now, told=told)


def recover(core: Core, found: Recovered, now: float) -> Effects:
    """Wake the phones for which an earlier life of the process has left messages: its pushes may have died with it.

    One message wakes a phone for all that wait for it. A phone that had the push gets the same one again, by whose id
    it knows it for a repeat. The pushes are spread, since a restart must not be a flood (reliability F18).
    """
    mail: dict[Aor, list[tuple[StoredMessage, tuple[Binding, ...]]]] = {}
    for stored, phones in found.messages:
        mail.setdefault(stored.aor, []).append((stored, phones))
    unread = dict(found.unread)
    effects: list[Effects] = []
    for number, (aor, letters) in enumerate(mail.items()):
        account = core.account(aor)
        if account is None:
            continue
        waiting = {phone.id: phone for _, phones in letters for phone in phones}
        awake = [t.binding for t in plan_of(core, waiting.values(), now) if t.action is Action.RING]
        effects.append(hand_over(core, awake, [stored for stored, _ in letters], now))
        for parked, phones in _again(core, account, letters, unread=unread.get(aor, 0), now=now):
            effects.append(wake(core, parked, phones, now, delay=number / RECOVERED_PER_SECOND))
    return tuple(effect for several in effects for effect in several)


def _again(
    core: Core,
    account: Account,
    letters: list[tuple[StoredMessage, tuple[Binding, ...]]],
    *,
    unread: int,
    now: float,
) -> list[tuple[ParkedMessage, tuple[Binding, ...]]]:
    """Return the messages that are to wake phones, each with those that no other wakes."""
    found: list[tuple[ParkedMessage, tuple[Binding, ...]]] = []
    seen: set[str] = set()
    for stored, phones in letters:
        first = tuple(phone for phone in phones if phone.phone not in seen)
        request = wakes_for(stored) if first else None
        if request is None:
            continue
        seen.update(phone.phone for phone in first)
        words = replace(core.announce(request, undisturbed(core, account, request, now)), unread=unread)
        found.append((ParkedMessage(stored, words, means=core.means, seal=core.seal), first))
    return found
