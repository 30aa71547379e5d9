"""An OAuth access token (RFC 6749): kept, renewed ahead, and never by two at once."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf
from typing import NamedTuple

from ringwake.push.errors import PushError, UnansweredError

AHEAD = 300.0
"""Seconds before its end at which a token is replaced, while pushes still use it."""
RETRY_AFTER = 60.0
"""Seconds until a renewal ahead, a replacement, or credentials that were refused, are tried again."""
SILENCE = 1.0
"""Seconds for which a token service is left alone after it gave no answer, while pushes wait (reliability F4)."""


class OAuthRefusedError(PushError):
    """The token service does not accept our credentials."""


class Grant(NamedTuple):
    """What a token service gave."""

    text: str
    expires_at: float
    """Epoch seconds."""


class RenewedToken(ABC):
    """The access token of one application; a service says how it is asked for."""

    def __init__(self, *, wall: Callable[[], float]) -> None:
        """Begin without one; the first push gets it. `wall` gives epoch seconds now."""
        self._wall = wall
        self._grant = Grant("", 0.0)
        self._granted_at = self._replaced_at = -inf
        self._failed_at = 0.0
        self._failure: PushError | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._is_closed = False

    @abstractmethod
    async def _ask(self) -> Grant:
        """Ask the token service once.

        Raises:
            UnansweredError: it does not answer, or with nothing that could be a token.
            OAuthRefusedError: it gives none.
        """

    @abstractmethod
    async def _close(self) -> None:
        """Close the way to the token service, which ends a request under way."""

    async def current(self) -> str:
        """Return the token; while an old one is good nobody waits for the new one.

        Raises:
            UnansweredError: there is none, and the token service does not answer.
            OAuthRefusedError: there is none, and it gives none.
        """
        now = self._wall()
        if now >= self._grant.expires_at:
            await self._renewed()
        elif now >= self._grant.expires_at - AHEAD and not self._rests(RETRY_AFTER) and not self._is_new():
            self._start()
        return self._grant.text

    async def replace(self, refused: str) -> str | None:
        """Return a newer token than one that the push service did not take, or None when there is none.

        Once a minute: a service that takes no token at all must not make each push ask for another.
        """
        if self._grant.text == refused and not 0 <= self._wall() - self._replaced_at < RETRY_AFTER:
            self._grant = self._grant._replace(expires_at=0.0)
            await self._renewed()
            self._replaced_at = self._wall()
        return self._grant.text if self._grant.text != refused else None

    async def close(self) -> None:
        """Stop; waits for a renewal that is under way, which ends with the way to the service."""
        self._is_closed = True
        await self._close()
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    async def _renewed(self) -> None:
        is_refused = isinstance(self._failure, OAuthRefusedError)
        if self._failure is not None and not self._is_closed and self._rests(RETRY_AFTER if is_refused else SILENCE):
            raise type(self._failure)(self._failure.reason)
        # A caller that is cancelled must not take the others' renewal with it.
        await asyncio.shield(self._start())

    def _start(self) -> asyncio.Task[None]:
        if self._is_closed:
            raise UnansweredError("closed")
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(), name="oauth")
            self._renewal.add_done_callback(self._ended)
        return self._renewal

    def _ended(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # whoever waits for it gets it; a renewal ahead has no one

    async def _renew(self) -> None:
        try:
            self._grant = await self._ask()
        except PushError as error:
            self._failed_at, self._failure = self._wall(), error
            raise
        self._granted_at, self._failure = self._wall(), None

    def _rests(self, seconds: float) -> bool:
        """Tell whether the token service failed less than so many seconds ago."""
        return self._failure is not None and 0 <= self._wall() - self._failed_at < seconds

    def _is_new(self) -> bool:
        """Tell whether the grant is: a short one, or the same once again, is not asked for anew by each push."""
        return 0 <= self._wall() - self._granted_at < RETRY_AFTER
