"""The connector: the PBX on one side, the edge on the other, and messages kept while the edge is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ringwake.connector.edge import RefusedError, dial, why_unreachable
from ringwake.connector.pauses import GOOD_SECONDS, pause_after
from ringwake.connector.pbx import Pbx, open_pbx
from ringwake.connector.settings import ConnectorSettings
from ringwake.net.tunnel_link import Link, PbxSide
from ringwake.net.tunnel_parcels import KEEP_SECONDS, Parcel, Waiting
from ringwake.sip.flow import Address, Flow

LOGGER = logging.getLogger("ringwake")
REFUSED_SECONDS = 60.0
MAX_REFUSALS = 10
"""Whoever was let in before may be let in again, when somebody has mended the edge; but that is not hoped for ever."""


class Connector:
    """Runs until it is cancelled, or refused for good."""

    def __init__(
        self, settings: ConnectorSettings, *, chance: Callable[[], float], ready: Callable[[Address], None]
    ) -> None:
        """Make one; `run` opens it.

        Args:
            settings: what it is told.
            chance: a number from 0 to 1 for each pause.
            ready: told once, when the edge has let it in for the first time, where the PBX sees it.
        """
        self._settings = settings
        self._chance = chance
        self._ready = ready
        self._loop = asyncio.get_running_loop()
        self._pbx: Pbx | None = None
        self._link: Link | None = None
        self._waiting = Waiting()
        self._failures = self._refusals = 0
        self._was_welcome = False

    async def run(self) -> None:
        """Carry messages until cancelled.

        Raises:
            RefusedError: the edge does not let it in.
            OSError: the local address cannot be bound.
        """
        settings = self._settings
        self._pbx = await open_pbx(settings.transport, settings.local, settings.pbx, self)
        try:
            side = PbxSide(settings.transport, self._pbx.local, settings.pbx[0])
            while True:
                await self._pause(await self._attempt(side))
        finally:
            if self._link is not None:
                await self._link.close()
            await self._pbx.close()

    @property
    def strangers(self) -> int:
        """How many messages and connections came from addresses that are not the PBX's."""
        return self._pbx.strangers if self._pbx is not None else 0

    # ---- what the PBX reports

    def take(self, flow: Flow, octets: bytes) -> None:
        """Pass a message of the PBX on, or keep it until the edge is back."""
        self._pass_on(Parcel(flow, octets, self._loop.time() + KEEP_SECONDS))

    def unreachable(self, remote: Address) -> None:
        """Tell the edge, so that nobody waits for an answer."""
        if self._link is not None:
            self._link.unreachable(remote)

    # ---- the edge

    async def _attempt(self, side: PbxSide) -> float:
        """Dial, and carry as long as the link stands; return seconds until the next try."""
        try:
            link = await dial(self._settings, side)
        except RefusedError as error:
            self._refusals += 1
            if not self._was_welcome or self._refusals >= MAX_REFUSALS:
                raise
            LOGGER.error("%s refuses us now: %s; again in %.0f s", self._settings.edge, error, REFUSED_SECONDS)  # noqa: TRY400
            return REFUSED_SECONDS
        except OSError as error:
            self._failures += 1
            pause = pause_after(self._failures, self._chance())
            LOGGER.warning(
                "%s cannot be reached: %s; again in %.1f s", self._settings.edge, why_unreachable(error), pause
            )
            return pause
        self._refusals = 0
        return await self._carry(link)

    async def _carry(self, link: Link) -> float:
        since = self._loop.time()
        LOGGER.info("connected to %s; the PBX at %s sees us at %s", self._settings.edge, link.side.pbx, link.side.local)
        self._link = link
        if not self._was_welcome:
            self._was_welcome = True
            self._ready(link.side.local)
        for parcel in self._waiting.take(since):
            self._pass_on(parcel)
        reason = await link.run(self._to_pbx, lambda _: None)
        self._link = None
        now = self._loop.time()
        for parcel in link.left():
            self._pass_on(parcel)
        self._failures = 1 if now - since >= GOOD_SECONDS else self._failures + 1
        pause = pause_after(self._failures, self._chance())
        LOGGER.warning("the link to %s is gone: %s; again in %.1f s", self._settings.edge, reason, pause)
        return pause

    def _pass_on(self, parcel: Parcel) -> None:
        if self._link is None or not self._link.send(parcel, parcel.flow.remote):
            self._waiting.put(parcel)

    def _to_pbx(self, remote: Address, octets: bytes) -> None:
        assert self._pbx is not None
        self._pbx.send(remote, octets)

    async def _pause(self, seconds: float) -> None:
        over = asyncio.Event()
        timer = self._loop.call_later(seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()
