"""Timelines: what happened to one call or message, in order, and a plain sentence on where it was lost."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ringwake.model.events import Event, Happened
from ringwake.observe.pbx_news import OF_ACCOUNTS

MAX_TRACES = 2_000
MAX_EVENTS = 200
_ENDS = {
    "answered": "It was answered.",
    "declined": "It was declined.",
    "cancelled": "The caller hung up.",
    "no_answer": "It rang, and nobody answered.",
}
_TURNED_AWAY = frozenset({"silenced", "blocked"})
"""Ends of calls that were not let through, by what the account's owner has chosen."""
_SUPPRESSED = {
    "single_flight": "The phone was being woken already, and did not register.",
    "phone_limit": "The phone had been woken too often in the last minute, and did not register by itself.",
    "caller_limit": "The caller had called too often in the last minute: nobody was woken.",
    "account_limit": "The account had been called too often in the last minute: nobody was woken.",
    "background_limit": "The iPhone had been pushed to silently too often in the last hour.",
    "caller_total_limit": "The caller had called too many accounts in the last minute: nobody was woken.",
    "tenant_limit": "Phones of this domain had been woken too often in the last minute.",
    "app_limit": "Phones with this app had been pushed to too often in the last minute.",
    "circuit_open": "The push service had failed again and again, so it was left alone for a moment.",
}
_IN_LINE = {
    "replaced": "A newer push of the same call took the place of this one.",
    "gave_way": "Too many pushes to this app were waiting, and others went first.",
    "line_full": "Too many pushes to this app were waiting.",
    "line_slow": "The push waited in line behind others until its time was over.",
}


@dataclass(slots=True)
class Timeline:
    """One call or message."""

    trace: str
    call_id: str = ""
    aor: str = ""
    events: list[Event] = field(default_factory=list)
    left_out: int = 0
    """Events dropped from the middle: how it began and how it ended are kept."""

    def add(self, event: Event) -> None:
        """Take the next event."""
        if len(self.events) >= MAX_EVENTS:
            del self.events[MAX_EVENTS // 2]
            self.left_out += 1
        self.events.append(event)

    def verdict(self) -> str:
        """Return a sentence on how it went, and where the time or the call was lost."""
        said = _of_call(self.events) or _of_message(self.events) or _of_test(self.events) or _of_account(self.events)
        return said or "It is still under way."


class Traces:
    """The newest timelines, by trace id and by Call-ID."""

    def __init__(self) -> None:
        self._timelines: OrderedDict[str, Timeline] = OrderedDict()

    def note(self, event: Event) -> None:
        """Take an event that belongs to a call or message."""
        if not event.trace:
            return
        timeline = self._timelines.get(event.trace)
        if timeline is None:
            timeline = self._timelines[event.trace] = Timeline(event.trace)
            if len(self._timelines) > MAX_TRACES:
                self._timelines.popitem(last=False)
        timeline.call_id = timeline.call_id or str(event.fields.get("call_id") or "")
        timeline.aor = timeline.aor or str(event.fields.get("aor") or "")
        timeline.add(event)

    def find(self, name: str) -> Timeline | None:
        """Return a timeline by trace id, Call-ID, or `last`."""
        newest_first = reversed(self._timelines.values())
        if name == "last":
            return next(newest_first, None)
        # A message's timeline has no Call-ID.
        by_call_id = (timeline for timeline in newest_first if name and timeline.call_id == name)
        return self._timelines.get(name) or next(by_call_id, None)

    def newest(self, count: int) -> list[Timeline]:
        """Return the newest timelines, newest first."""
        return list(reversed(self._timelines.values()))[:count]


def _all(events: Sequence[Event], what: Happened) -> list[Event]:
    return [event for event in events if event.what is what]


def _of_call(events: Sequence[Event]) -> str:
    """Say how a call ended; empty when it has not."""
    ended = next((at for at, e in enumerate(events) if e.what is Happened.CALL_ENDED), None)
    if ended is None:
        return ""
    before, end = events[:ended], events[ended]
    name = str(end.fields.get("end"))
    if gone_on := _all(before, Happened.CALL_FORWARDED):
        return _forwarded(gone_on, events[ended + 1 :])
    if name == "no_wake":
        return f"{reason}." if (reason := end.fields.get("reason")) else _lost(before, end)
    if name in _TURNED_AWAY:
        return f"It was not let through: {end.fields.get('reason')}."
    if name == "cancelled" and not _all(before, Happened.RINGING):
        return f"The caller hung up before a phone rang. {_lost(before, end)}"
    if name not in _ENDS and (refused := _all(before, Happened.REQUEST_REFUSED)):
        return f"It failed with {end.fields.get('status')}: {refused[-1].fields.get('rule')}."
    return _ENDS.get(name, f"It failed with {end.fields.get('status')}.") + _slowest(before)


def _forwarded(turns: Sequence[Event], rest: Sequence[Event]) -> str:
    """Say why a call went on, where to, and what became of it there: it may have gone on from there at once."""
    event, *further = turns
    why, to, by = (event.fields.get(key) for key in ("reason", "to", "by"))
    if by == "redirect":
        return f"{why}; the caller was told to call {to}."
    ended = next((at for at, e in enumerate(rest) if e.what is Happened.CALL_ENDED), None)
    if further:
        there = _forwarded(further, rest[len(rest) if ended is None else ended + 1 :])
    else:
        there = _of_call(rest) if by == "account" or ended is None else _of_pbx(rest[ended])
    return f"{why}; the call went on to {to}. {there or 'It is still under way there.'}"


def _of_pbx(end: Event) -> str:
    failed = f"The PBX answered {end.fields.get('status')}."
    return {**_ENDS, "no_wake": "The PBX did not take it."}.get(str(end.fields.get("end")), failed)


def _lost(events: Sequence[Event], end: Event) -> str:
    """Say why no phone came before the end."""
    accepted, failed = _all(events, Happened.PUSH_ACCEPTED), _all(events, Happened.PUSH_FAILED)
    if _all(events, Happened.INVITE_SENT):
        return "A phone was sent the INVITE and did not answer it."
    if accepted:
        waited = end.at - accepted[0].at
        return f"The push service took the push, and the phone did not register within {waited:.1f} s."
    if failed:
        return _not_taken(failed[-1])
    if _all(events, Happened.PUSH_SENT):
        return "The push service did not answer."
    if suppressed := _all(events, Happened.PUSH_SUPPRESSED):
        return _SUPPRESSED.get(str(suppressed[-1].fields.get("reason")), "The push was held back.")
    return "No phone was registered that could be woken."


def _not_taken(failed: Event) -> str:
    if sentence := _IN_LINE.get(str(failed.fields.get("reason"))):
        return sentence
    return f"The push service did not take the push: {failed.fields.get('reason') or 'no reason given'}."


def _slowest(events: Sequence[Event]) -> str:
    """Name the longest step before a phone rang."""
    ring = next((at for at, e in enumerate(events) if e.what is Happened.RINGING), 0)
    steps = list(pairwise(events[: ring + 1]))
    if not steps:
        return ""
    before, after = max(steps, key=lambda step: step[1].at - step[0].at)
    seconds = after.at - before.at
    return f" The slowest step was {before.what.value} to {after.what.value}: {seconds * 1000:.0f} ms."


def _of_test(events: Sequence[Event]) -> str:
    """Say what a test push came to; empty when it is none, or still under way."""
    ended = _all(events, Happened.PUSH_TESTED)
    return f"Test push: {ended[-1].fields.get('said')}." if ended else ""


_TAKEN = {Happened.MESSAGE_SENT: "The PBX has it.", Happened.MESSAGE_DELIVERED: "A phone has it."}


def _of_account(events: Sequence[Event]) -> str:
    """Say how an account stands at its PBX; empty when it is a call or a message."""
    if events[-1].what not in OF_ACCOUNTS:
        return ""
    sentence = str(events[-1].fields.get("reason"))
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _of_message(events: Sequence[Event]) -> str:
    """Say where a MESSAGE is; empty when it is none, or on its way to the disk."""
    for what, sentence in _TAKEN.items():
        if _all(events, what):
            return sentence
    if refused := _all(events, Happened.MESSAGE_REFUSED):
        who = "A phone" if "device" in refused[-1].fields else "The PBX"
        return f"{who} refused it with {refused[-1].fields.get('status')}."
    if any(event.fields.get("op") == "message" for event in _all(events, Happened.STORE_FAILED)):
        return "It could not be stored, and its sender was told so."
    return _waiting(events) if _all(events, Happened.MESSAGE_KEPT) else ""


def _waiting(events: Sequence[Event]) -> str:
    failed, deferred = _all(events, Happened.PUSH_FAILED), _all(events, Happened.MESSAGE_DEFERRED)
    if deferred:
        status = deferred[-1].fields.get("status")
        why = f"answered {status}" if status else "did not answer"
        return f"It is on disk; a phone {why}, and is asked again."
    if _all(events, Happened.PUSH_ACCEPTED):
        return "It is on disk; the push service took the push, and no phone has come for it yet."
    return "It is on disk until a phone comes for it." + (f" {_not_taken(failed[-1])}" if failed else "")
