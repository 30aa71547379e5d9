"""One question by STUN whether a datagram flow still leads anywhere (RFC 5626 section 4.4.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringwake.net.stun import mapped_address, question
from ringwake.sip.flow import Address

TRANSMISSIONS = 7
"""Of one question, the pauses doubling; the last is waited for sixteen times the first (RFC 8489 section 6.2.1)."""
_LAST_WAIT = 16


class Probe:
    """Asks, and asks again until there is an answer or no more hope."""

    def __init__(
        self, transaction: bytes, send: Callable[[bytes], None], failed: Callable[[], None], *, pause: float
    ) -> None:
        """Ask for the first time.

        Args:
            transaction: 12 unpredictable octets.
            send: sends a datagram.
            failed: called once when no answer comes.
            pause: seconds until the question is sent again; 79 of them until it has failed.
        """
        self._transaction = transaction
        self._send = send
        self._failed = failed
        self._pause = pause
        self._sent = 0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._ask()

    def answer(self, octets: bytes) -> Address | None:
        """Return where the other side sees us, if this is the answer; then there are no more questions."""
        mapped = mapped_address(octets, self._transaction)
        if mapped is not None:
            self.stop()
        return mapped

    def stop(self) -> None:
        """Ask no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _ask(self) -> None:
        if self._sent == TRANSMISSIONS:
            self._failed()
            return
        self._sent += 1
        wait = self._pause * (_LAST_WAIT if self._sent == TRANSMISSIONS else 2 ** (self._sent - 1))
        self._timer = self._loop.call_later(wait, self._ask)
        self._send(question(self._transaction))
