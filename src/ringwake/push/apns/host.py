"""One of Apple's environments: the connection to it, and who we are there (push-services 1.1 and 1.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from ringwake.model.push import Accepted, Outcome, Refused, Unregistered
from ringwake.push.apns.verdict import EXPIRED, TOO_MANY_TOKENS, verdict
from ringwake.push.errors import UnansweredError
from ringwake.push.provider_jwt import SKEW_LIMIT, ProviderToken
from ringwake.push.retry_after import epoch_seconds
from ringwake.push.transport.http import Answer, PushTransport

REOPEN_AFTER: Final = 60.0
"""Seconds between two connections that are opened for the sake of a token: Apple takes more for an attack."""
TRIAL_SECONDS: Final = 3.0
"""How long an environment is waited for that may have nothing to do with the token: a call is short."""
REST_SECONDS: Final = 60.0
"""For how long an environment is not tried that does not know us, or does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsRequest:
    """One push: the same in both environments, and under one id."""

    path: str
    headers: Mapping[str, str]
    """All but `authorization`."""
    body: bytes


@dataclass(slots=True, eq=False)
class _Line:
    """A connection, and how many requests are under way on it."""

    transport: PushTransport
    under_way: int = 0


class Host:
    """One application at one environment of APNs."""

    def __init__(
        self,
        endpoint: str,
        connect: Callable[[], PushTransport],
        token: ProviderToken | None,
        *,
        wall: Callable[[], float],
    ) -> None:
        """Prepare.

        Args:
            endpoint: `https://host[:port]`.
            connect: makes a connection: APNs takes the tokens of one team and key on each.
            token: shared by all applications of the team and key; None: the connection's certificate says who we are.
            wall: epoch seconds now.
        """
        self._endpoint = endpoint
        self._connect = connect
        self._token = token
        self._wall = wall
        self._line = _Line(connect())
        self._reopened_at = -inf
        self._rests_until = -inf

    async def ask(self, request: ApnsRequest, deadline: float) -> Outcome:
        """Make one attempt, and one more if only our token or the connection was at fault.

        Args:
            request: the push.
            deadline: of the loop's clock.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """
        line, token = self._line, "" if self._token is None else self._token.current()
        answer = await self._post(line, request, token, deadline)
        outcome = verdict(answer, wall=self._wall())
        if self._token is None:
            return outcome
        match outcome:
            case Refused(reason) if reason == EXPIRED:
                renewed = self._token.renew(token, skew=self._skew(answer))
                if renewed is None:
                    return outcome
                token = renewed
            case _ if getattr(outcome, "reason", "") == TOO_MANY_TOKENS:
                if not await self._reopen(line):
                    return outcome
            case _:
                return outcome
        return verdict(await self._post(self._line, request, token, deadline), wall=self._wall())

    async def trial(self, request: ApnsRequest, deadline: float) -> Accepted | Unregistered | None:
        """Ask about a token that the other environment does not know. None: that was not to be learnt."""
        now = asyncio.get_running_loop().time()
        if now < self._rests_until:
            return None
        try:
            outcome = await self.ask(request, min(deadline, now + TRIAL_SECONDS))
        except UnansweredError:
            self._rests_until = now + REST_SECONDS
            return None
        match outcome:
            case Accepted() | Unregistered():
                return outcome
            case Refused(status=400 | 413):
                return None  # about this push, not about us
            case _:
                self._rests_until = now + REST_SECONDS
                return None

    async def close(self) -> None:
        """Close the connection."""
        await self._line.transport.close()

    async def _post(self, line: _Line, request: ApnsRequest, token: str, deadline: float) -> Answer:
        within = deadline - asyncio.get_running_loop().time()
        if within <= 0:
            raise UnansweredError("no answer in time")
        headers = {"authorization": f"bearer {token}"} if token else {}
        line.under_way += 1
        try:
            url = self._endpoint + request.path
            return await line.transport.post(url, {**headers, **request.headers}, body=request.body, within=within)
        finally:
            line.under_way -= 1
            if line is not self._line and not line.under_way:
                await line.transport.close()

    async def _reopen(self, line: _Line) -> bool:
        """Take another connection: this one has seen a token too many and takes nothing for a while. Keep the token."""
        if line is not self._line:
            return True
        now = asyncio.get_running_loop().time()
        if now < self._reopened_at + REOPEN_AFTER:
            return False
        self._reopened_at = now
        self._line = _Line(self._connect())
        if not line.under_way:
            await line.transport.close()
        return True

    def _skew(self, answer: Answer) -> float:
        at = epoch_seconds(answer.headers.get("date", ""))
        skew = 0.0 if at is None else at - self._wall()
        return skew if abs(skew) > SKEW_LIMIT else 0.0
