"""What a person does from a notification, without SIP: a signed URL was opened and used up, and this is its effect."""

from __future__ import annotations

from enum import Enum

from ringwake.edge.core import Core
from ringwake.edge.read_entries import read_entries
from ringwake.edge.send_message import Fate, Told, Writing, send_message
from ringwake.model.effects import NOTHING, Effects, Note
from ringwake.model.events import Event, Field, Happened
from ringwake.model.history import Outcome
from ringwake.sip.errors import SipError
from ringwake.wake.actions import Act, Action
from ringwake.wake.parked_call import ParkedCall

STATUS = {Action.DECLINE: 486, Action.DECLINE_ALL: 603, Action.TEXT: 603}
"""What the caller hears, if this phone is the last; of 603, at once (RFC 3261 section 16.7 step 5)."""
CALL_BACK = "I can't talk now. Please call me back later."
"""What is written to a caller where the person has said nothing else."""


class Done(Enum):
    """What became of it."""

    DONE = "done"
    OVER = "over"
    """The call has ended already."""
    NOBODY = "nobody"
    """Nobody is there who could take what is written."""


def _unheard(_: Fate) -> None:
    """Nobody waits to hear what becomes of what is written."""


def act(core: Core, one: Act, text: str, now: float, *, told: Told = _unheard) -> tuple[Done, Effects]:
    """Do what a URL says, which was used up by that.

    Args:
        core: the parts of the server.
        one: the act.
        text: what the person wants to write; empty: nothing in particular.
        now: monotonic seconds.
        told: hears once what has become of what was written.
    """
    if core.account(one.aor) is None:
        return Done.OVER, NOTHING  # it was removed, and nobody speaks in its name any more
    match one.action:
        case Action.READ:
            return Done.DONE, _read(core, one, now)
        case Action.REPLY:
            written = _write(core, one, text, now, told=told)
            return (Done.NOBODY, NOTHING) if written is None else (Done.DONE, (*written, *_read(core, one, now)))
        case Action.TEXT:
            done, effects = on_call(core, one, now)
            written = _write(core, one, text or CALL_BACK, now, told=told)
            return (done, effects) if written is None else (Done.DONE, (*effects, *written))
        case _:
            return on_call(core, one, now)


def _read(core: Core, one: Act, now: float) -> Effects:
    account = core.account(one.aor)
    return NOTHING if account is None else read_entries(core, account, (one.subject,), reader=one.phone, now=now)


def _write(core: Core, one: Act, text: str, now: float, *, told: Told) -> Effects | None:
    """Write to whoever has called or written; None where that goes nowhere, which `told` hears at once."""
    writing = Writing(sender=one.aor, to=one.peer, body=text.encode("utf-8", "replace"))
    try:
        return send_message(core, writing, now, told=told)
    except SipError as error:
        told(Fate(id="", trace="", to=one.peer, outcome=Outcome.REFUSED, status=error.status))
        return None


def on_call(core: Core, act: Act, now: float) -> tuple[Done, Effects]:
    """Decline or ignore a call that still waits or rings."""
    call = core.calls.get(act.subject)
    if not isinstance(call, ParkedCall) or not call.context.is_open:
        return Done.OVER, NOTHING
    fields: dict[str, Field] = {"device": act.phone, "action": act.action.value}
    note = Note(Event(Happened.ACTED, now, call.record.trace, fields))
    if act.action is Action.IGNORE:
        call.ignore(act.phone)
        return Done.DONE, (note, *core.calls.keep(act.subject, NOTHING, now))
    return Done.DONE, (note, *core.calls.keep(act.subject, call.decline(act.phone, STATUS[act.action], now), now))
