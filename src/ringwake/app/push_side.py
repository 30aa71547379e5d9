"""The push side of a server: the senders, what stands before them, and what looks after them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ringwake.api.push_desk import PushDesk
from ringwake.app.credential_watch import CredentialWatch, add_credentials
from ringwake.app.own_certificates import OwnCertificates
from ringwake.app.parts import Parts
from ringwake.app.push_desk import PushParts, push_desk
from ringwake.app.pushing import pusher_of
from ringwake.edge.core import Core
from ringwake.edge.push_trial import PushTests
from ringwake.model.effects import Effects
from ringwake.model.events import Event
from ringwake.model.ports import Pusher
from ringwake.observe.metrics import Metrics
from ringwake.observe.push_news import PushNews


class PushSide:
    """Made before the core is there, and closed after it."""

    def __init__(
        self, parts: Parts, metrics: Metrics, *, note: Callable[[Event], None], report: Callable[[str], None]
    ) -> None:
        """Make the senders and begin to watch their credentials, in the running loop.

        Args:
            parts: what the configuration alone decides.
            metrics: gets gauges of credentials and certificates.
            note: told of events.
            report: told of faults of ours, in one line.
        """
        self._note = note
        self._senders = parts.pusher(report)
        self._news = PushNews(metrics.pushes, time.time)
        self._certificates = OwnCertificates(parts.config, parts.base)
        self.watch = CredentialWatch(parts.credentials, self._senders, note=note, report=report)
        text = "end of a certificate that is shown to phones and connectors, by its place in the configuration"
        metrics.gauges("cert_not_after_timestamp_seconds", text, ("name",), self._certificates.ends)
        add_credentials(metrics, self.watch.all)

    def pusher(self, core: Core) -> Pusher:
        """Return the way to the providers."""
        return pusher_of(self._senders, core, self._news, note=self._note, clock=asyncio.get_running_loop().time)

    def desk(
        self, core: Core, perform: Callable[[Effects, float], None], listeners: list[Callable[[Event], None]]
    ) -> PushDesk:
        """Return what the API works with.

        Args:
            core: of the server.
            perform: carries effects out.
            listeners: gets one more.
        """
        tests = PushTests(core, perform, self._note)
        listeners.append(tests.heard)
        return push_desk(
            PushParts(
                watch=self.watch,
                senders=self._senders,
                core=core,
                news=self._news,
                tests=tests,
                certificates=self._certificates,
                clock=asyncio.get_running_loop().time,
            )
        )

    async def close(self) -> None:
        """Look no more, and close the connections to the providers."""
        await self.watch.close()
        await self._senders.close()
