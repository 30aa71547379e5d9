"""The `Pusher` of the house: one lane for each application, one attempt for each push, and never an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ringwake.model.app import AppKey
from ringwake.model.push import Outcome, Push, Refused, Unreachable
from ringwake.push.access import Access
from ringwake.push.errors import CredentialsError, PushError, UnsendableError
from ringwake.push.lanes import Lane
from ringwake.push.workshop import Sender, Workshop
from ringwake.wake.unsent import CLOSED, FAULT, LINE_SLOW, UNKNOWN_APP, in_line


class Senders:
    """All applications."""

    def __init__(self, *, wall: Callable[[], float], report: Callable[[str], None]) -> None:
        """Begin without any.

        Args:
            wall: epoch seconds now.
            report: told of faults of ours in one line, never with a token or key.
        """
        self._wall = wall
        self._report = report
        self._workshop = Workshop(wall=wall)
        self._senders: dict[AppKey, tuple[Sender, Lane]] = {}
        self._is_closed = False

    def add(self, app: AppKey, access: Access) -> None:
        """Set up an application; connections are opened by its first push.

        Raises:
            CredentialsError: keys, addresses or certificates cannot be used. It names the application.
            ValueError: the application is there already.
        """
        if app in self._senders:
            raise ValueError(f"{app.provider}:{app.param} is there already")
        self._senders[app] = (self._made(app, access), Lane())

    async def replace(self, app: AppKey, access: Access) -> None:
        """Send by other credentials from now on. What is under way ends by the old ones, which then are let go.

        Raises:
            CredentialsError: they cannot be used; the old ones stay.
        """
        made = self._made(app, access)
        old = self._senders.get(app)
        self._senders[app] = (made, Lane())
        if old is not None:
            sender, lane = old
            try:
                await lane.emptied()
            finally:
                await sender.close()

    async def remove(self, app: AppKey) -> None:
        """Forget an application and close its connections."""
        sender, _ = self._senders.pop(app, (None, None))
        if sender is not None:
            await sender.close()

    def sender(self, app: AppKey) -> Sender | None:
        """Return who pushes for an application, for a check that goes past its lane."""
        found = self._senders.get(app)
        return None if found is None else found[0]

    async def send(self, push: Push) -> Outcome:
        """Make one attempt; see `ringwake.model.ports.Pusher`."""
        found = self._senders.get(push.target.app)
        if found is None:
            return Unreachable(CLOSED) if self._is_closed else Refused(UNKNOWN_APP, 403)
        sender, lane = found
        has_place = lane.enter()
        try:
            async with asyncio.timeout(push.timeout):
                if not has_place:
                    word = await lane.wait(push)
                    if word:
                        return in_line(word)
                    has_place = True
                return await sender.send(push)
        except UnsendableError as error:
            return Refused(error.reason, error.status, is_unsent=True)
        except PushError as error:
            return Unreachable(error.reason)
        except TimeoutError:
            return Unreachable("no answer in time") if has_place else in_line(LINE_SLOW)
        except Exception as error:  # noqa: BLE001 - the wake must go on, whatever is wrong here
            self._report(f"push by {push.target.app.provider}: {describe(error)}")
            return Unreachable(f"{FAULT}: {type(error).__name__}")
        finally:
            if has_place:
                lane.leave()

    async def close(self) -> None:
        """Close all connections."""
        self._is_closed = True
        senders, self._senders = tuple(sender for sender, _ in self._senders.values()), {}
        for result in await asyncio.gather(*(sender.close() for sender in senders), return_exceptions=True):
            if isinstance(result, Exception):
                self._report(f"closing a sender: {describe(result)}")

    def _made(self, app: AppKey, access: Access) -> Sender:
        try:
            return self._workshop.sender(app, access)
        except PushError as error:
            raise CredentialsError(f"{app.provider}:{app.param}: {error.reason}") from None


def describe(error: BaseException) -> str:
    """Name an exception and its place. Its text may hold a token, so it is not shown."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{place}"
