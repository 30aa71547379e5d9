"""One event, one line, on standard error: as text for people or as JSON for machines.

Events hold no secrets (their fields are plain values, and tokens come as labels). What a stranger put into a field
cannot break out of its line: control characters are escaped (reliability S22).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ringwake.model.events import Event, Happened

NAME = "ringwake"
_DEBUG = frozenset(
    {
        Happened.SIP_RECEIVED,
        Happened.SIP_SENT,
        Happened.FLOW_OPENED,
        Happened.FLOW_CLOSED,
        Happened.REQUEST_DROPPED,
        Happened.REGISTERED,
        Happened.PBX_REGISTERED,
        Happened.PBX_LEFT,
        Happened.WAKE_COUNTED,
    }
)
_WARNING = frozenset(
    {
        Happened.PUSH_FAILED,
        Happened.CIRCUIT_OPENED,
        Happened.CREDENTIALS_BROKEN,
        Happened.TOKEN_FORGOTTEN,
        Happened.TOKEN_SUSPECT,
        Happened.TOKENS_RESTORED,
        Happened.TOKEN_SHARED,
        Happened.STORE_FAILED,
        Happened.PBX_LOST,
        Happened.PBX_REFUSED,
        Happened.PBX_GRANTED_LITTLE,
        Happened.PBX_ASKED_NOBODY,
    }
)
_ERROR = frozenset({Happened.FAULT, Happened.TOKEN_GUARD_TRIPPED})


class EventLog:
    """Writes events to the log."""

    def __init__(self, *, wall: Callable[[float], float]) -> None:
        self._logger = logging.getLogger(NAME)
        self._wall = wall

    def note(self, event: Event) -> None:
        """Write one event."""
        level = _level(event)
        if self._logger.isEnabledFor(level):
            extra = {"event": event, "wall": self._wall(event.at)}
            self._logger.log(level, event.what.value, extra=extra)


class Lines(logging.Formatter):
    """Formats records as text or JSON."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        values = self._values(record)
        if self._as_json:
            return json.dumps(values, default=repr)  # a Secret has a repr and no text
        head = f"{values.pop('ts')} {values.pop('level'):7} {values.pop('event')}"
        return " ".join(
            [head, *(f"{name}={_text(value)}" for name, value in values.items() if value not in (None, ""))]
        )

    def _values(self, record: logging.LogRecord) -> dict[str, Any]:
        event = getattr(record, "event", None)
        wall = getattr(record, "wall", record.created)
        values: dict[str, Any] = {
            "ts": datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
        }
        if isinstance(event, Event):
            values["event"] = event.what.value
            values["trace"] = event.trace
            values.update(event.fields)
        else:
            values["event"] = record.name
            values["message"] = record.getMessage()
            if record.exc_info:
                values["traceback"] = self.formatException(record.exc_info)
        return values


def set_up(*, level: str, as_json: bool) -> None:
    """Send all logging of the process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(NAME).setLevel(level.upper())


def _level(event: Event) -> int:
    # A challenge is how every registration begins.
    if event.what in _DEBUG or event.fields.get("status") in (401, 407):
        return logging.DEBUG
    if event.what in _WARNING:
        return logging.WARNING
    return logging.ERROR if event.what in _ERROR else logging.INFO


def _text(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    quoted = any(c in text for c in ' ="\\')
    if quoted:  # or what a stranger wrote would read like fields of ours
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
    return f'"{safe}"' if quoted else safe
