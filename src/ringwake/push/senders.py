"""The `Pusher` of the house: one sender for each application, one attempt for each push, and never an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ringwake.model.app import AppKey
from ringwake.model.push import Outcome, Push, Refused, Unreachable
from ringwake.push.access import Access
from ringwake.push.errors import CredentialsError, PushError, UnsendableError
from ringwake.push.workshop import Sender, Workshop


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
        self._senders: dict[AppKey, Sender] = {}
        self._is_closed = False

    def add(self, app: AppKey, access: Access) -> None:
        """Set up an application; connections are opened by its first push.

        Raises:
            CredentialsError: keys, addresses or certificates cannot be used. It names the application.
            ValueError: the application is there already.
        """
        if app in self._senders:
            raise ValueError(f"{app.provider}:{app.param} is there already")
        try:
            self._senders[app] = self._workshop.sender(app, access)
        except PushError as error:
            raise CredentialsError(f"{app.provider}:{app.param}: {error.reason}") from None

    async def remove(self, app: AppKey) -> None:
        """Forget an application and close its connections."""
        sender = self._senders.pop(app, None)
        if sender is not None:
            await sender.close()

    async def send(self, push: Push) -> Outcome:
        """Make one attempt; see `ringwake.model.ports.Pusher`."""
        sender = self._senders.get(push.target.app)
        if self._is_closed:
            return Unreachable("closed")
        if sender is None:
            return Refused("unknown application", 403)
        try:
            async with asyncio.timeout(push.timeout):
                return await sender.send(push)
        except UnsendableError as error:
            return Refused(error.reason, error.status)
        except PushError as error:
            return Unreachable(error.reason)
        except TimeoutError:
            return Unreachable("no answer in time")
        except Exception as error:  # noqa: BLE001 - the wake must go on, whatever is wrong here
            self._report(f"push by {push.target.app.provider}: {describe(error)}")
            return Unreachable(f"fault: {type(error).__name__}")

    async def close(self) -> None:
        """Close all connections."""
        self._is_closed = True
        senders, self._senders = tuple(self._senders.values()), {}
        for result in await asyncio.gather(*(sender.close() for sender in senders), return_exceptions=True):
            if isinstance(result, Exception):
                self._report(f"closing a sender: {describe(result)}")


def describe(error: BaseException) -> str:
    """Name an exception and its place. Its text may hold a token, so it is not shown."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{place}"
