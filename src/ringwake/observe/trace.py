"""Timelines: what happened to one call or message, in order, and a plain sentence on where it was lost."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from ringwake.model.events import Event, Happened

MAX_TRACES = 2_000
MAX_EVENTS = 200
_ENDS = {
    "answered": "It was answered.",
    "declined": "It was declined.",
    "cancelled": "The caller hung up.",
    "no_answer": "It rang, and nobody answered.",
    "error": "It failed.",
}


@dataclass(slots=True)
class Timeline:
    """One call or message."""

    trace: str
    call_id: str = ""
    aor: str = ""
    events: list[Event] = field(default_factory=list)

    def verdict(self) -> str:
        """Return a sentence on how it went, and where the time or the call was lost."""
        end = next((e for e in reversed(self.events) if e.what is Happened.CALL_ENDED), None)
        if end is None:
            return "It is still under way."
        name = str(end.fields.get("end"))
        if name != "no_wake":
            return f"{_ENDS.get(name, name)}{self._slowest()}"
        return self._lost()

    def _lost(self) -> str:
        """Say why no phone came."""
        sent = [e for e in self.events if e.what is Happened.PUSH_SENT]
        accepted = [e for e in self.events if e.what is Happened.PUSH_ACCEPTED]
        failed = [e for e in self.events if e.what is Happened.PUSH_FAILED]
        invited = [e for e in self.events if e.what is Happened.INVITE_SENT]
        if invited:
            return "A phone was sent the INVITE and did not answer it."
        if accepted:
            waited = self.events[-1].at - accepted[0].at
            return f"The push service took the push, and the phone did not register within {waited:.1f} s."
        if failed:
            return f"The push service did not take the push: {failed[-1].fields.get('reason') or 'no reason given'}."
        if sent:
            return "The push service did not answer."
        return "No phone was registered that could be woken."

    def _slowest(self) -> str:
        steps = list(zip(self.events, self.events[1:], strict=False))
        ring = next((at for at, e in enumerate(self.events) if e.what is Happened.RINGING), 0)
        if not steps[:ring]:
            return ""
        before, after = max(steps[:ring], key=lambda step: step[1].at - step[0].at)
        seconds = after.at - before.at
        return f" The slowest step was {before.what.value} to {after.what.value}: {seconds * 1000:.0f} ms."


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
        if len(timeline.events) < MAX_EVENTS:
            timeline.events.append(event)

    def find(self, name: str) -> Timeline | None:
        """Return a timeline by trace id, Call-ID, or `last`."""
        if name == "last":
            return next(reversed(self._timelines.values()), None)
        found = self._timelines.get(name)
        return found or next((t for t in reversed(self._timelines.values()) if t.call_id == name), None)

    def newest(self, count: int) -> list[Timeline]:
        """Return the newest timelines, newest first."""
        return list(reversed(self._timelines.values()))[:count]
