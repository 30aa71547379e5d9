"""rtpengine by its control protocol "NG": one datagram asks, one answers, and a cookie joins them.

A question that is not answered is sent again with the same cookie; rtpengine then repeats its answer and does nothing
twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias, cast

from ringwake.model.media import PLAIN, Described, Dialog, Manner, NotRelayed, Outcome, Role
from ringwake.model.ports import Ids
from ringwake.net.bencode import BencodeError, Value, Writable, decode, encode
from ringwake.sip.flow import Address

TRANSMISSIONS = 3
PAUSE = 0.3
"""Seconds between them."""
PATIENCE = 1.0
"""Seconds until a question counts as unanswered."""
SILENT = "rtpengine did not answer"

Answer: TypeAlias = "dict[bytes, Value]"


@dataclass(frozen=True, slots=True)
class _Question:
    done: Callable[[Answer | NotRelayed], None]
    timers: tuple[asyncio.TimerHandle, ...]


class RtpEngine(asyncio.DatagramProtocol):
    """One rtpengine. Implements `MediaRelay`; use `await RtpEngine.open(...)`."""

    _transport: asyncio.DatagramTransport

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._loop = asyncio.get_running_loop()
        self._questions: dict[bytes, _Question] = {}

    @classmethod
    async def open(cls, address: Address, ids: Ids) -> Self:
        """Open a socket of our own; nothing is asked yet.

        Raises:
            OSError: there is no way to that address.
        """
        loop = asyncio.get_running_loop()
        _, relay = await loop.create_datagram_endpoint(lambda: cls(ids), remote_addr=address)
        return relay

    def close(self) -> None:
        """Ask no more. What was asked is answered to nobody: calls go on in the next life."""
        for question in self._questions.values():
            for timer in question.timers:
                timer.cancel()
        self._questions.clear()
        self._transport.close()

    # ---- what is asked

    def describe(self, role: Role, dialog: Dialog, sdp: bytes, *, to: Manner, done: Callable[[Outcome], None]) -> None:
        """Set up one side of a call (see `MediaRelay.describe`)."""
        self.ask(_command(role, dialog, sdp, to), lambda answer: done(_described(answer)))

    def release(self, call_id: str, leg: Dialog | None = None) -> None:
        """Let go of a call or a leg, at once: by default rtpengine would keep the ports for half a minute."""
        command: dict[str, Writable] = {"command": "delete", "call-id": call_id, "delete-delay": 0}
        if leg is not None:
            # Without a from-tag the whole call would go, whatever the branch.
            command |= {"from-tag": leg.offerer, **_optional(leg)}
        self.ask(command, lambda _: None)

    async def ping(self) -> str:
        """Ask whether it lives; returns why not, or nothing."""
        answered: asyncio.Future[str] = self._loop.create_future()

        def done(answer: Answer | NotRelayed) -> None:
            if not answered.done():
                answered.set_result(answer.reason if isinstance(answer, NotRelayed) else "")

        self.ask({"command": "ping"}, done)
        return await answered

    def ask(self, command: Mapping[str, Writable], done: Callable[[Answer | NotRelayed], None]) -> None:
        """Send a command; `done` is called once, within `PATIENCE`, unless this is closed before."""
        if self._transport.is_closing():
            return
        cookie = self._ids.hex(32).encode()
        datagram = cookie + b" " + encode(command)
        again = (self._loop.call_later(PAUSE * n, self._transport.sendto, datagram) for n in range(1, TRANSMISSIONS))
        silence = self._loop.call_later(PATIENCE, self._finish, cookie, NotRelayed(SILENT))
        self._questions[cookie] = _Question(done, (*again, silence))
        self._transport.sendto(datagram)

    # ---- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take an answer. One to no question of ours is dropped: it is late, or somebody made it up."""
        del addr
        cookie, _, octets = data.partition(b" ")
        self._finish(cookie, _read(octets))

    def error_received(self, exc: Exception) -> None:
        """Take note that nobody listens there: it may be starting anew, so the question is sent again all the same."""

    # ---- inside

    def _finish(self, cookie: bytes, answer: Answer | NotRelayed) -> None:
        question = self._questions.pop(cookie, None)
        if question is None:
            return
        for timer in question.timers:
            timer.cancel()
        question.done(answer)


def _read(octets: bytes) -> Answer | NotRelayed:
    try:
        answer = decode(octets)
    except BencodeError as error:
        return NotRelayed(f"rtpengine's answer cannot be read: {error}")
    if not isinstance(answer, dict):
        return NotRelayed("rtpengine's answer cannot be read: it is no dictionary")
    if answer.get(b"result") in (b"ok", b"pong"):
        return answer
    reason = answer.get(b"error-reason")
    return NotRelayed(f"rtpengine refused: {_printable(reason) if isinstance(reason, bytes) else 'no reason given'}")


def _printable(octets: bytes) -> str:
    """Return a short text for logs, whatever it holds."""
    return "".join(c if c.isprintable() else "?" for c in octets[:100].decode("utf-8", "replace"))


def _described(answer: Answer | NotRelayed) -> Outcome:
    if isinstance(answer, NotRelayed):
        return answer
    sdp = answer.get(b"sdp")
    return Described(sdp) if isinstance(sdp, bytes) and sdp else NotRelayed("rtpengine's answer has no description")


def _command(role: Role, dialog: Dialog, sdp: bytes, to: Manner) -> dict[str, Writable]:
    command: dict[str, Writable] = {
        "command": role.value,
        "call-id": dialog.call_id,
        "from-tag": dialog.offerer,
        "sdp": sdp,
        "replace": ["origin", "session-connection"],
        "ICE": "force" if to.is_ice else "remove",
    }
    command |= _optional(dialog)
    return command | _conversion(to) if role is Role.OFFER else command


def _optional(dialog: Dialog) -> dict[str, Writable]:
    return {name: value for name, value in (("to-tag", dialog.answerer), ("via-branch", dialog.branch)) if value}


def _conversion(to: Manner) -> dict[str, Writable]:
    """Say what an offer is turned into. An answer is turned back by itself."""
    if not to.profile:
        return {}
    rules: dict[str, Writable] = {"DTLS": "off"}
    if to.is_dtls:
        rules = {"rtcp-mux": ["offer", "require"], "SDES": ["off"], "flags": ["generate-mid"]}
    elif to == PLAIN:
        # Kept from the plain side, which may not know it (RFC 5761).
        rules |= {"rtcp-mux": ["demux"]}
    return {"transport-protocol": to.profile, **rules}
