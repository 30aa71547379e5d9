"""A phone: an app that sleeps or is terminated, and a system that wakes it by push.

States: `off` -> `awake` -> `asleep` (sockets closed) or `terminated` (all but the settings forgotten) -> `awake` by
push. While it is not awake only the pushbox stands, as on a real phone only the system's own connection does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ringwake.model.ports import Ids
from ringwake.softphone.account_api import AccountApiError
from ringwake.softphone.app_state import AppState, PhoneNote
from ringwake.softphone.comeback import Comeback
from ringwake.softphone.dial import Dial, dial, why_unreachable
from ringwake.softphone.enrolment import Enrolment
from ringwake.softphone.history import History
from ringwake.softphone.line import Line, RegisterError
from ringwake.softphone.line_events import CallChanged, InviteArrived, LineEvent, LineLost, MessageArrived
from ringwake.softphone.notification import Notification, read_notification
from ringwake.softphone.pushbox import Pushbox, PushboxError, ReceivedPush
from ringwake.softphone.settings import PhoneSettings
from ringwake.softphone.tokens import attach
from ringwake.ua.call import CallState, IncomingCall, OutgoingCall
from ringwake.ua.registration import Granted


class Device:
    """One phone with one account."""

    def __init__(
        self,
        settings: PhoneSettings,
        ids: Ids,
        *,
        on_note: Callable[[PhoneNote], None] = lambda _: None,
        on_call: Callable[[IncomingCall], None] = lambda _: None,
        dial: Dial = dial,
    ) -> None:
        """Make a phone that is switched off.

        Args:
            settings: what it remembers when its app is terminated.
            ids: for tags, branches and Call-IDs.
            on_note: told of everything that happens.
            on_call: told of each incoming call when it rings; accept or reject it.
            dial: connects to the server.
        """
        self.settings = settings
        self.state = AppState.OFF
        self.notifications: list[Notification] = []
        """All that were shown or silent, in order."""
        self.invites = 0
        """INVITEs that reached the app."""
        self._ids = ids
        self._on_note = on_note
        self._on_call = on_call
        self._dial = dial
        self._loop = asyncio.get_running_loop()
        self._line: Line | None = None
        self._resting: Line | None = None
        """The line of an app that sleeps, with its calls."""
        self._box: Pushbox | None = None
        self._enrolment = self._new_enrolment()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waking = asyncio.Lock()
        self._comeback = Comeback(ids)
        self._history = History()

    # ---- what the person does

    async def start(self) -> Granted:
        """Switch on: get a token from the push service, connect, register.

        Raises:
            PushboxError: the push service cannot be reached.
            OSError: the server cannot be reached.
            RegisterError: it refuses.
            AccountApiError: a browser's keys could not be handed over.
        """
        async with self._waking:  # a push that comes now is served by this
            if self.settings.provider:
                self._box = await attach(self.settings, self._pushed)
                self._box.on_lost = lambda: self._note("push service lost")
            return await self._open()

    async def sleep(self) -> None:
        """Close the sockets to the server; the app stays in memory, and calls that are up stay so."""
        line = await self._leave()
        if line is not None:
            await line.suspend()
            self._resting = line
        self._history.suspend()
        self._enter(AppState.ASLEEP)

    async def terminate(self) -> None:
        """End the app: all but the settings is forgotten."""
        await self._close_line()
        self._enrolment.forget_alarm()
        self._enrolment = self._new_enrolment()
        self._enter(AppState.TERMINATED)

    async def unregister(self) -> None:
        """Log out: remove the binding (RFC 8599 section 4.1.2).

        Raises:
            RegisterError: the server refuses.
        """
        if self._line is not None:
            await self._enrolment.leave(self._line)

    async def change_token(self) -> None:
        """Have the system give the app another token, as it does now and then, and register that (section 4.1.1).

        Where no other can be had, push ends: the phone registers without, and may not sleep.

        Raises:
            OSError: the server cannot be reached.
            RegisterError: it refuses.
            AccountApiError: a browser's keys could not be handed over.
        """
        async with self._waking:
            line = await self._connect()
            if self._box is not None:
                await self._enrolment.change_token(line, self._box)
            await self._register(line)

    async def stop(self) -> None:
        """Switch off."""
        box, self._box = self._box, None
        if box is not None:
            await box.close()  # first: no push may wake it any more
        self._enrolment.forget_alarm()
        await self._close_line()
        self._enter(AppState.OFF)

    def accept(self, call: IncomingCall) -> None:
        """Press Accept."""
        if call.state is CallState.RINGING:
            self.line.conversations.accept(call, self._loop.time())

    def reject(self, call: IncomingCall, status: int = 486) -> None:
        """Press Reject: 486 on this phone, 603 on all of them."""
        if call.state is CallState.RINGING:
            self.line.conversations.reject(call, status)

    def hang_up(self, call: IncomingCall | OutgoingCall) -> None:
        """End a call that is up, or cancel one of ours that rings."""
        if isinstance(call, OutgoingCall) and call.state in (CallState.TRYING, CallState.RINGING):
            self.line.conversations.cancel(call)
        else:
            self.line.conversations.hang_up(call)

    def call(self, target: str) -> OutgoingCall:
        """Call a SIP URI."""
        return self.line.conversations.call(target)

    async def message(self, target: str, text: str) -> int:
        """Send a text to a SIP URI; returns the final status, 0 when there was none."""
        return await self.line.message(target, text)

    @property
    def granted(self) -> Granted | None:
        """What the server has granted to this life of the app."""
        return self._enrolment.granted

    @property
    def current_call(self) -> IncomingCall | None:
        """The newest incoming call that is not over."""
        return self._history.current_call

    @property
    def line(self) -> Line:
        """The connection to the server.

        Raises:
            RuntimeError: the phone is not awake.
        """
        if self._line is None:
            raise RuntimeError("the phone is not awake")
        return self._line

    # ---- waking

    def _pushed(self, push: ReceivedPush) -> None:
        notification = read_notification(push)
        if self._history.is_new_push(notification.id):
            self.notifications.append(notification)
            self._note("push", kind=notification.kind, text=notification.text, notification=notification)
        else:
            self._note("push again", kind=notification.kind)
        # Whatever it says, and also again, for the wake may have failed: register (RFC 8599 section 4.1.3).
        self._enrolment.ticket = notification.ticket or self._enrolment.ticket
        self._spawn(self._wake())

    async def _wake(self) -> bool:
        """Bring the app up and register; pushes that come meanwhile are served by the same wake.

        Return whether this has registered it.
        """
        if self._waking.locked():
            return False
        async with self._waking:
            try:
                await self._open()
            except OSError as error:
                self._note("wake failed", reason=why_unreachable(error))
            except (RegisterError, AccountApiError, PushboxError) as error:
                self._note("wake failed", reason=str(error))
            else:
                return True
        return False

    async def _open(self) -> Granted:
        return await self._register(await self._connect())

    async def _connect(self) -> Line:
        """Return the line, opened if it was not."""
        if self._line is not None and not self._line.is_lost:
            return self._line
        line = self._line or self._resting or Line(self.settings, self._ids, self._event, dial=self._dial)
        try:
            await line.open()
        except BaseException:
            if self._line is None:
                await line.close()
            raise
        self._line, self._resting = line, None
        self._enter(AppState.AWAKE)
        return line

    async def _register(self, line: Line) -> Granted:
        granted = await self._enrolment.register(line, self._box)
        if self._enrolment.ticket:
            # A push has come meanwhile; what it brings may prove that our token is ours (docs/adr/0029-token-life.md).
            granted = await self._enrolment.register(line, self._box)
        self._comeback.registered()
        self._note("registered", expires=granted.expires, push=granted.has_push)
        return granted

    def _new_enrolment(self) -> Enrolment:
        return Enrolment(self.settings, self._ids, lambda: self._spawn(self._wake()))

    async def _reconnect(self) -> None:
        """Come back after the server went away (RFC 5626 section 4.5)."""
        while self._line is not None and not self._comeback.is_there:
            is_needed = await self._comeback.pause(has_call=self._line.conversations.is_busy)
            if is_needed and not await self._wake():
                self._comeback.failed()

    # ---- what the line tells

    def _event(self, event: LineEvent) -> None:
        match event:
            case InviteArrived(call=call, sender=sender):
                self.invites += 1
                self._history.called(call)
                self._note("invite", call_id=call.call_id, sender=sender)
                self._on_call(call)
            case CallChanged(call=call):
                self._note("call", state=call.state.value, call_id=call.call_id, ending=call.ending)
            case MessageArrived(call_id=call_id, seq=seq, sender=sender, text=text):
                if self._history.is_new_message(call_id, seq):
                    self._note("message", sender=sender, text=text)
            case LineLost():
                self._comeback.lost()
                self._note("line lost")
                self._spawn(self._reconnect())

    async def _close_line(self) -> None:
        """Close the connection, and with it end its calls and a wake that is under way."""
        line, self._resting = await self._leave(), None
        self._history.forget_calls()
        if line is not None:
            await line.close()

    async def _leave(self) -> Line | None:
        """End what is under way; return the line that we had, which is ours no more."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        line, self._line = self._line, None
        return line

    def _enter(self, state: AppState) -> None:
        if self.state is not state:
            self.state = state
            self._note(state.value)

    def _note(self, what: str, **fields: Any) -> None:
        self._on_note(PhoneNote(self._loop.time(), what, fields))

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
