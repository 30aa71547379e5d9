"""Events as the server makes them, for the tests of the three views."""

from __future__ import annotations

from ringwake.model.events import Event, Field, Happened

TRACE = "0123456789ab"


def event(what: Happened, at: float = 0.0, /, **fields: Field) -> Event:
    """Make an event of the call `TRACE`, or of the one that a field `trace` names."""
    return Event(what, at, str(fields.pop("trace", TRACE)), fields)
