"""One debug line for each SIP message: that it came or went, and nothing of what it says."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.events import Event, Field, Happened
from ringwake.observe.log import EventLog
from ringwake.sip.errors import SipError
from ringwake.sip.flow import Flow
from ringwake.sip.parser import parse


class WireLog:
    """Writes them. It reads each message once more: for those who look for a fault, not for every day."""

    def __init__(self, log: EventLog, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock

    def received(self, flow: Flow, octets: bytes) -> None:
        """Write that a message has come."""
        self._write(Happened.SIP_RECEIVED, flow, octets)

    def sent(self, flow: Flow, octets: bytes) -> None:
        """Write that a message goes."""
        self._write(Happened.SIP_SENT, flow, octets)

    def _write(self, what: Happened, flow: Flow, octets: bytes) -> None:
        try:
            told = parse(octets).redacted()
        except SipError as error:
            told = {"rule": error.rule}
        where: dict[str, Field] = {"transport": flow.transport.value, "remote": str(flow.remote), "octets": len(octets)}
        self._log.note(Event(what, self._clock(), "", {**told, **where}))
