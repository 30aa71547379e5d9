"""Credentials whose files change while the server runs: read anew, or the old ones kept and the operator told.

A look is a few `stat` calls each few seconds, and one at SIGHUP; no thread. See docs/adr/0030-credentials.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from ringwake.app.credentials import access_of, files_of
from ringwake.config.app_section import AppSection
from ringwake.config.load import ConfigError
from ringwake.model.app import AppKey
from ringwake.model.events import Event, Field, Happened
from ringwake.observe.metrics import Metrics
from ringwake.push.access import Access, WebPushAccess
from ringwake.push.errors import CredentialsError
from ringwake.push.senders import Senders, describe
from ringwake.push.workshop import vapid_public_key

SECONDS = 5.0
"""Between two looks."""
Stamp: TypeAlias = tuple[tuple[int, ...], ...]
_OTHER_VAPID = "the VAPID key is another: browsers and apps have subscribed with the old one, so that is used on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an application's credentials come from."""

    app: AppKey
    section: AppSection
    base: Path
    """Where relative paths begin."""
    place: str
    """How errors name the section."""
    lab: bool

    def read(self) -> Access:
        """Read the files.

        Raises:
            ConfigError: one cannot be used; with place and mend.
        """
        return access_of(self.section, self.base, self.place, lab=self.lab)

    def stamp(self) -> Stamp:
        """Return what changes when a file does: its content, or who may read it."""
        return tuple(_stat(path) for path in files_of(self.section, self.base))


@dataclass(slots=True, eq=False)
class Credentials:
    """Those of one application: what it pushes by, and what is wrong with its files."""

    source: Source
    access: Access
    """In use."""
    stamp: Stamp
    """Of the files as they were read last."""
    problem: str = ""
    """Why the files cannot be used; the older ones in `access` are. Empty: they can."""
    waits: str = ""
    """What a restart would change; or empty."""

    @classmethod
    def read(cls, source: Source) -> Credentials:
        """Read them for the first time.

        Raises:
            ConfigError: a file cannot be used.
        """
        stamp = source.stamp()  # first: what changes meanwhile is seen at the first look
        return cls(source, source.read(), stamp)


class CredentialWatch:
    """Looks after the credentials of all applications."""

    def __init__(
        self,
        credentials: Iterable[Credentials],
        senders: Senders,
        *,
        note: Callable[[Event], None],
        report: Callable[[str], None],
    ) -> None:
        """Begin to look, in the running loop.

        Args:
            credentials: as they were read at the start.
            senders: that push by them.
            note: told of each change.
            report: told of faults of ours, in one line.
        """
        self._loop = asyncio.get_running_loop()
        self._all = {one.source.app: one for one in credentials}
        self._senders = senders
        self._note = note
        self._report = report
        self._renewals: dict[AppKey, asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(SECONDS, self._tick)

    @property
    def all(self) -> Mapping[AppKey, Credentials]:
        """How they stand, by application."""
        return self._all

    def look(self) -> None:
        """Read anew what has changed, and what could not be used the last time."""
        if self._timer is None:
            return
        for app, one in self._all.items():
            if app not in self._renewals and (one.problem or one.source.stamp() != one.stamp):
                self._renewals[app] = renewal = self._loop.create_task(self._renew(one))
                renewal.add_done_callback(partial(self._ended, app))

    async def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for renewal in tuple(self._renewals.values()):
            renewal.cancel()
        await asyncio.gather(*self._renewals.values(), return_exceptions=True)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(SECONDS, self._tick)
        self.look()

    async def _renew(self, one: Credentials) -> None:
        seen, one.stamp = one.stamp, one.source.stamp()
        try:
            access = one.source.read()
            if _public_key(access) != _public_key(one.access):
                self._wait(one)
                return
            await self._senders.replace(one.source.app, access)
        except (ConfigError, CredentialsError) as error:
            text = str(error) if isinstance(error, ConfigError) else f"{one.source.place}: {error}"
            self._keep(one, text, is_news=text != one.problem or seen != one.stamp)
            return
        one.access, one.problem, one.waits = access, "", ""
        self._tell(Happened.CREDENTIALS_RENEWED, one, "")

    def _keep(self, one: Credentials, problem: str, *, is_news: bool) -> None:
        one.problem = problem
        if is_news:
            self._tell(Happened.CREDENTIALS_BROKEN, one, problem)

    def _wait(self, one: Credentials) -> None:
        one.problem, one.waits = "", f"{one.source.place}: {_OTHER_VAPID}"
        self._tell(Happened.CREDENTIALS_BROKEN, one, one.waits)

    def _tell(self, what: Happened, one: Credentials, reason: str) -> None:
        app = one.source.app
        fields: dict[str, Field] = {"provider": app.provider.value, "app": app.param, "reason": reason}
        self._note(Event(what, self._loop.time(), "", fields))

    def _ended(self, app: AppKey, renewal: asyncio.Task[None]) -> None:
        del self._renewals[app]
        if not renewal.cancelled() and (error := renewal.exception()) is not None:
            self._report(f"credentials of {app.provider}: {describe(error)}")


def add_credentials(metrics: Metrics, credentials: Mapping[AppKey, Credentials]) -> None:
    """Show whose files cannot be used."""

    def values() -> Mapping[tuple[str, ...], float]:
        broken: dict[tuple[str, ...], float] = {}
        for key, one in credentials.items():
            label = (key.provider.value, metrics.pushes.app(key))
            broken[label] = max(broken.get(label, 0.0), float(bool(one.problem)))
        return broken

    text = "1 while the files of an application's credentials cannot be used, and older ones are"
    metrics.gauges("credentials_broken", text, ("provider", "app"), values)


def _stat(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError as error:
        return (error.errno or 0,)
    # The time of change stands for the mode too: a file that others may read by now is not used.
    return (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)


def _public_key(access: Access) -> str:
    """Return the VAPID key that subscriptions are bound to (RFC 8292 section 4.2); empty for other services.

    Raises:
        CredentialsError: the private key cannot be read.
    """
    return vapid_public_key(access) if isinstance(access, WebPushAccess) else ""
