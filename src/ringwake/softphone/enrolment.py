"""What a running app has agreed with its server: its registration, the token in it, and when it refreshes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringwake.model.ports import Ids
from ringwake.softphone.line import Line
from ringwake.softphone.pushbox import Pushbox, PushboxError
from ringwake.softphone.settings import PhoneSettings
from ringwake.softphone.tokens import PhoneTokens, ask_tokens, hand_over_keys
from ringwake.ua.registration import Granted, Registration


class Enrolment:
    """One binding, for as long as the app is not terminated."""

    def __init__(self, settings: PhoneSettings, ids: Ids, on_due: Callable[[], None]) -> None:
        """Make one that knows nothing yet.

        Args:
            settings: of the phone.
            ids: for tags, branches and Call-IDs.
            on_due: called when the phone must register again without being pushed to.
        """
        self.granted: Granted | None = None
        self.tokens: PhoneTokens | None = None
        self.registration: Registration | None = None
        self.ticket = ""
        """Of the push that wakes us, for the next REGISTER."""
        self._settings = settings
        self._ids = ids
        self._on_due = on_due
        self._wants_push = True
        self._alarm: asyncio.TimerHandle | None = None

    async def register(self, line: Line, box: Pushbox | None) -> Granted:
        """Register, with a token if there is a push service to give one.

        Raises:
            PushboxError: it gives none.
            RegisterError: the server refuses.
            AccountApiError: a browser's keys could not be handed over.
        """
        if self.tokens is None and box is not None and self._wants_push:
            self.tokens = await ask_tokens(self._settings, box, line, self._new_registration)
        if self.registration is None:
            self.registration = self._new_registration()
        self.registration.push = self.tokens.contact if self.tokens else None
        ticket, self.ticket = self.ticket, ""
        self.granted = await line.register(self.registration, expires=self._settings.expires, ticket=ticket)
        self._set_alarm(self.granted)
        is_new = self.tokens is not None and await hand_over_keys(self.tokens, self._settings, self._ids)
        if is_new and not self.granted.has_push:
            # A server that wants proof of the token can ask for it only now (docs/adr/0029-token-life.md).
            self.granted = await line.register(self.registration, expires=self._settings.expires)
        return self.granted

    async def change_token(self, line: Line, box: Pushbox) -> None:
        """Get another token, for `register` to tell; where there is none to be had, end push (RFC 8599 section 4.1.1).

        Raises:
            RegisterError: the server refuses.
        """
        try:
            self.tokens = await ask_tokens(self._settings, box, line, self._new_registration, is_fresh=True)
        except PushboxError:
            self.tokens, self._wants_push = None, False
            await self.leave(line)

    async def leave(self, line: Line) -> None:
        """Remove the binding, which ends push with it (section 4.1.2).

        Raises:
            RegisterError: the server refuses.
        """
        self.forget_alarm()
        if self.registration is not None:
            await line.register(self.registration, expires=0)

    def forget_alarm(self) -> None:
        """Do not register again without a push."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _set_alarm(self, granted: Granted) -> None:
        """Refresh in time where the server leaves that to us; else it is its push that brings us (section 4.1.4)."""
        self.forget_alarm()
        if granted.refresh_before and granted.expires:
            left = granted.expires - granted.refresh_before
            pause = left if left > 0 else granted.expires / 2
            self._alarm = asyncio.get_running_loop().call_later(pause, self._on_due)

    def _new_registration(self) -> Registration:
        return Registration(
            identity=self._settings.identity,
            instance=self._settings.instance,
            ids=self._ids,
            refreshes_itself=self._settings.refreshes_itself,
        )
