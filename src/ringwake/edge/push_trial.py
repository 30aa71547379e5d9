"""A push that the operator sends to see whether it wakes a phone. It goes the way of all others, and is traced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ringwake.edge.core import Core
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.effects import Effects, Note, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Accepted, Alert, Kind, Notice, Outcome, Push, Unreachable, Unregistered
from ringwake.wake.announcement import account_hash
from ringwake.wake.budget import BACKGROUND
from ringwake.wake.dead_token import DeadWord, forget
from ringwake.wake.owner import Owner
from ringwake.wake.push_result import PushResult, sentence

PAUSE = 5.0
"""Seconds between two tests of one phone."""
TIMEOUT = 10.0
"""Seconds for the provider's answer."""
_GRACE = 2.0
TEXT = "Test from ringwake"
UNREACHABLE = "the phone has no push token"
VOIP_ONLY = "the phone has a VoIP token only, and iOS punishes an app that shows no call for one: call the phone"


class UntestableError(Exception):
    """This phone cannot be sent a test, or not now; the text says why."""


@dataclass(slots=True, eq=False)
class _PushTest(Owner):
    """One test under way."""

    core: Core
    binding: Binding
    push: Push
    trace: str
    answered: asyncio.Future[tuple[Outcome, float]]
    came: asyncio.Future[float]

    def pushed(self, device: str, outcome: Outcome, now: float) -> Effects:
        """Take the provider's answer; a token that is dead is forgotten, as by any push."""
        if not self.answered.done():
            self.answered.set_result((outcome, now))
        fields: dict[str, Field] = {"device": device, "kind": self.push.notice.kind.value}
        if isinstance(outcome, Accepted):
            self.core.means.guard.taken(self.push.target.app, now)
            return (Note(Event(Happened.PUSH_ACCEPTED, now, self.trace, {**fields, "id": outcome.id})),)
        fields |= {"outcome": type(outcome).__name__.lower(), "reason": outcome.reason}
        note = Note(Event(Happened.PUSH_FAILED, now, self.trace, fields))
        if not isinstance(outcome, Unregistered):
            return (note,)
        word = DeadWord(binding=self.binding, kind=self.push.notice.kind, outcome=outcome, trace=self.trace)
        return (note, *forget(word, self.core.means.guard, now))

    @property
    def is_settled(self) -> bool:
        """Whether the answer has come."""
        return self.answered.done()


class PushTests:
    """Sends them, one at a time to each phone."""

    def __init__(self, core: Core, perform: Callable[[Effects, float], None], note: Callable[[Event], None]) -> None:
        """Prepare, in the running loop.

        Args:
            core: of the server.
            perform: carries effects out.
            note: told of what happens.
        """
        self._core = core
        self._perform = perform
        self._note = note
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[str, _PushTest] = {}
        self._begun: dict[str, float] = {}

    def heard(self, event: Event) -> None:
        """Take an event: the REGISTER of a phone that is tested ends its wait."""
        if event.what is Happened.REGISTERED and self._under_way:
            test = self._under_way.get(str(event.fields.get("device")))
            if test is not None and not test.came.done():
                test.came.set_result(event.at)

    async def send(self, binding: Binding, *, wait: float) -> PushResult:
        """Push to a phone, and wait so many seconds for it to register.

        Raises:
            UntestableError: the phone cannot be tested, or not now.
        """
        began = self._loop.time()
        test = self._test(binding, began, wait)
        self._begun = {device: at for device, at in self._begun.items() if at + PAUSE > began} | {binding.id: began}
        self._under_way[binding.id] = test
        try:
            held = self._core.means.budget.tell(test.push, began)  # it counts, and goes whatever the budget says
            self._begin(test, began)
            outcome, answered_at = await self._answer(test)
            came_at = await self._wake(test, wait) if isinstance(outcome, Accepted) else None
            if came_at is not None:
                self._note(Event(Happened.DEVICE_WOKEN, came_at, test.trace, {"device": binding.id}))
        finally:
            del self._under_way[binding.id]
        result = PushResult(
            app=test.push.target.app,
            kind=test.push.notice.kind,
            trace=test.trace,
            outcome=outcome,
            seconds=answered_at - began,
            woke=None if came_at is None else max(0.0, came_at - answered_at),
            waited=wait,
            is_held_by_ios=held is not None and held.reason == BACKGROUND,
        )
        self._end(test, result)
        return result

    def _test(self, binding: Binding, now: float, wait: float) -> _PushTest:
        if binding.push is None:
            raise UntestableError(UNREACHABLE)
        if binding.id in self._under_way or self._begun.get(binding.id, now - PAUSE) + PAUSE > now:
            raise UntestableError(f"the phone was sent a test a moment ago: wait {PAUSE:.0f} s")
        trace = self._core.ids.hex(12)
        push = self._push(binding, trace, now, wait)
        return _PushTest(self._core, binding, push, trace, self._loop.create_future(), self._loop.create_future())

    def _push(self, binding: Binding, trace: str, now: float, wait: float) -> Push:
        target = binding.push
        assert target is not None
        is_page = target.app.provider is Provider.WEBPUSH
        kind = Kind.MESSAGE if is_page else Kind.REFRESH  # a browser is shown something, or it withdraws the permission
        vehicle = target.vehicle(kind)
        if vehicle is None:
            raise UntestableError(VOIP_ONLY)
        notice = Notice(
            kind=kind,
            id=self._core.seal.digest("push", f"test\0{trace}".encode()),
            account=account_hash(binding.aor),
            deadline_ms=int(wait * 1000),
            alert=Alert(title="ringwake", body=TEXT) if is_page else None,
        )
        until = self._core.wall(now) + max(wait, TIMEOUT)
        service, token = vehicle
        return Push(notice=notice, target=target, service=service, token=token, expires_at=until, timeout=TIMEOUT)

    def _begin(self, test: _PushTest, now: float) -> None:
        owner, device = f"test {test.trace}", test.binding.id
        fields: dict[str, Field] = {
            "aor": test.binding.aor,
            "device": device,
            "kind": test.push.notice.kind.value,
            "token": test.push.token.label,
        }
        effects: Effects = (
            SendPush(test.push, owner, device),
            Note(Event(Happened.PUSH_SENT, now, test.trace, fields)),
        )
        self._core.calls.add(owner, test, transaction=None)
        self._perform(self._core.calls.keep(owner, effects, now), now)

    async def _answer(self, test: _PushTest) -> tuple[Outcome, float]:
        try:
            async with asyncio.timeout(TIMEOUT + _GRACE):
                return await test.answered
        except TimeoutError:
            return Unreachable("no answer in time"), self._loop.time()

    async def _wake(self, test: _PushTest, wait: float) -> float | None:
        try:
            async with asyncio.timeout(wait):
                return await test.came
        except TimeoutError:
            return None

    def _end(self, test: _PushTest, result: PushResult) -> None:
        now, device = self._loop.time(), test.binding.id
        said: dict[str, Field] = {"device": device, "said": sentence(result)}
        self._note(Event(Happened.PUSH_TESTED, now, test.trace, said))
