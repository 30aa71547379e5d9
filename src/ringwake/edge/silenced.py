"""A call that was not let through: its caller hears so, it is listed, and the phones may be told without a sound."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ringwake.edge.answers import refuse
from ringwake.edge.core import Core
from ringwake.edge.incoming import Incoming
from ringwake.edge.tell_phones import tell_phones
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist
from ringwake.model.events import Event, Field, Happened
from ringwake.model.history import Outcome
from ringwake.model.history_ops import Log
from ringwake.model.push import Kind, Push
from ringwake.model.store_ops import Failed, ListBindings
from ringwake.sip.errors import SipError
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NOTICE_SECONDS
from ringwake.wake.call_entry import call_entry
from ringwake.wake.screening import Screened, hushed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silenced:
    """A call that was not let through."""

    incoming: Incoming
    verdict: Screened
    words: Announcement
    """Of the pushes that tell of it, which make no sound."""

    @property
    def record(self) -> CallRecord:
        """The call, which is not parked."""
        return self.incoming.record

    @property
    def is_told(self) -> bool:
        """Whether the phones are told of it."""
        return self.verdict.outcome is Outcome.SILENCED and self.incoming.account.settings.calls.tell_missed


def silenced(core: Core, incoming: Incoming, verdict: Screened, *, onward: Effects | None = None) -> Effects:
    """Answer a call that does not reach the phones of its account, and write it down.

    Args:
        core: the parts of the server.
        incoming: the call.
        verdict: why.
        onward: lets it go on to somebody else, who answers it; None: it goes nowhere.
    """
    account, record, now = incoming.account, incoming.record, incoming.now
    quiet = replace(account, settings=hushed(account.settings))
    words = core.announce(incoming.arrived.request, quiet, record.flow)
    # A PBX that calls each phone by its own Path has made one call of it, which is listed once.
    name = core.seal.digest("silenced", words.identity + account.aor.encode("utf-8", "surrogateescape"))
    call = _Silenced(incoming=incoming, verdict=verdict, words=replace(words, subject=name))
    gone = () if onward is None else (*onward, _ended(call, now))
    if core.turned_away.refusal(words.caller.key, account.aor, now) is not None:
        # Not listed: or who calls on and on would push all else out of the list.
        return gone if onward is not None else _answered(core, call, now)
    core.turned_away.asked(words.caller.key, account.aor, now)

    def applied(unread: int, now: float) -> Effects:
        if not call.is_told:
            return NOTHING
        listed = replace(call, words=replace(call.words, unread=unread))
        op = ListBindings(aor=account.aor, wall=core.wall(now))
        return (Persist(op, applied=lambda bindings, now: _tell(core, listed, bindings, now)),)

    def then(_: int, now: float) -> Effects:
        return NOTHING if onward is not None else _answered(core, call, now)

    def otherwise(failed: Failed, now: float) -> Effects:
        fields: dict[str, Field] = {"op": "log", "reason": failed.reason}
        return (Note(Event(Happened.STORE_FAILED, now, record.trace, fields)), *then(0, now))

    status = 0 if onward is not None else verdict.status
    entry = call_entry(replace(record, id=name), words.caller, verdict.outcome, wall=core.wall(now), status=status)
    # Answered when it is on disk: what is sent again after a crash is then listed after all, and once.
    return (*gone, Persist(Log(entry), applied=applied, then=then, otherwise=otherwise))


def _answered(core: Core, call: _Silenced, now: float) -> Effects:
    verdict, arrived = call.verdict, call.incoming.arrived
    error = SipError(verdict.status, verdict.rule, verdict.headers)
    # Kept for retransmissions, whose credentials would be counted as used.
    refused = refuse(arrived.transaction, arrived.request, error, to_tag=core.tag(), now=now)
    return (*refused, _ended(call, now))


def _ended(call: _Silenced, now: float) -> Note:
    verdict = call.verdict
    fields: dict[str, Field] = {"end": verdict.outcome.value, "status": verdict.status, "reason": verdict.rule}
    return Note(Event(Happened.CALL_ENDED, now, call.record.trace, fields))


def _tell(core: Core, call: _Silenced, bindings: tuple[Binding, ...], now: float) -> Effects:
    """Tell each phone once, whether it is awake or not: none has had the INVITE."""
    wall = core.wall(now)
    pushes = ((binding, _push(call, binding, wall)) for binding in bindings)
    return tuple(tell_phones(core, pushes, trace=call.record.trace, now=now))


def _push(call: _Silenced, binding: Binding, wall: float) -> Push | None:
    """Return the push for a phone; None for one that is to have no calls, or would show nothing of it."""
    device = call.incoming.account.settings.device(binding.handset)
    if not device.accepts_calls or not binding.is_meant(call.record.only):
        return None
    push = call.words.push(Kind.MISSED, binding, seq=0, wall=wall, until=wall + NOTICE_SECONDS)
    alert = push.notice.alert if push is not None else None
    return push if alert is not None and alert.is_perceptible else None
