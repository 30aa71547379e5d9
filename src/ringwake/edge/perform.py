"""Carries effects out: the only place where a recipe's wishes meet the network, the disk and the providers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, assert_never

from ringwake.model.effects import (
    AbandonBranch,
    CancelBranch,
    Effect,
    Effects,
    Forward,
    Note,
    Persist,
    QuietBranch,
    Relay,
    ResetFlow,
    Respond,
    SendPush,
)
from ringwake.model.events import Event, Field, Happened
from ringwake.model.ports import Pusher, Store
from ringwake.model.push import Outcome
from ringwake.model.store_ops import Failed
from ringwake.sip.errors import SipError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.servers import ServerTransaction


class Sip(Protocol):
    """The verbs of the stack that effects need."""

    def send(self, request: Request, flow: Flow, now: float) -> None:
        """Send a request in a client transaction."""

    def relay(self, request: Request, flow: Flow) -> None:
        """Send a request without one."""

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> bool:
        """Answer a request."""

    def dismiss(self, transaction: ServerTransaction, response: Response) -> None:
        """Answer a request and forget it."""

    def cancel(self, branch: str, reason: str, now: float) -> bool:
        """CANCEL a request of ours."""

    def quiet(self, branch: str, now: float) -> None:
        """Send an INVITE of ours no more."""

    def abandon(self, branch: str, method: str) -> None:
        """Forget a request of ours."""

    def reset_flow(self, flow: Flow) -> None:
        """Break a connection off."""

    def pump(self, now: float) -> None:
        """Let everything that was done go out."""


class Performer:
    """Performs effects in order; what they bring about is performed after them, never in between."""

    def __init__(
        self,
        *,
        sip: Sip,
        store: Store,
        pusher: Pusher,
        note: Callable[[Event], None],
        clock: Callable[[], float],
    ) -> None:
        self._sip = sip
        self._store = store
        self._pusher = pusher
        self._note = note
        self._clock = clock
        self._queue: deque[Effect] = deque()
        self._is_busy = False
        self._is_closed = False
        self._pushes: set[asyncio.Task[None]] = set()
        self.pushed: Callable[[str, str, Outcome, float], Effects] = lambda *_: ()
        """Takes the outcome of a push: (owner, device, outcome, now). Set by whoever made this."""

    def run(self, effects: Effects, now: float) -> None:
        """Perform effects."""
        self._queue.extend(effects)
        if self._is_busy:
            return
        self._is_busy = True
        try:
            while self._queue:
                effect = self._queue.popleft()
                try:
                    self._perform(effect, now)
                except SipError as error:
                    # Our own bug, and one effect's: the others still stand.
                    fields: dict[str, Field] = {"effect": type(effect).__name__, "rule": error.rule}
                    self._note(Event(Happened.FAULT, now, "", fields))
        finally:
            self._is_busy = False

    def run_at_once(self, effects: Effects, now: float) -> None:
        """Perform effects that come from elsewhere than the stack, which lets go out by itself what it has brought."""
        self.run(effects, now)
        if not self._is_busy:
            self._sip.pump(now)

    async def close(self) -> None:
        """Stop the pushes that are under way, and begin no more: the next life sends what has not got through."""
        self._is_closed = True
        for task in tuple(self._pushes):
            task.cancel()
        await asyncio.gather(*self._pushes, return_exceptions=True)

    def _perform(self, effect: Effect, now: float) -> None:
        match effect:
            case Respond(keep=False):
                self._sip.dismiss(effect.transaction, effect.response)
            case Respond():
                self._sip.respond(effect.transaction, effect.response, now)
            case Forward():
                self._sip.send(effect.request, effect.flow, now)
            case Relay():
                self._sip.relay(effect.request, effect.flow)
            case CancelBranch():
                self._sip.cancel(effect.branch, effect.reason, now)
            case QuietBranch():
                self._sip.quiet(effect.branch, now)
            case AbandonBranch():
                self._sip.abandon(effect.branch, effect.method)
            case ResetFlow():
                self._sip.reset_flow(effect.flow)
            case SendPush():
                self._push(effect)
            case Persist():
                self._persist(effect)
            case Note():
                self._note(effect.event)
            case _:
                assert_never(effect)

    def _persist(self, effect: Persist) -> None:
        def applied(result: Any) -> None:
            if effect.applied is not None:
                self.run(effect.applied(result, self._clock()), self._clock())

        def durable(result: Any) -> None:
            now = self._clock()
            if isinstance(result, Failed):
                done = effect.otherwise(result, now) if effect.otherwise else ()
            else:
                done = effect.then(result, now) if effect.then else ()
            self.run_at_once(done, now)

        self._store.submit(effect.op, applied, durable)

    def _push(self, effect: SendPush) -> None:
        if self._is_closed:
            return
        task = asyncio.get_running_loop().create_task(self._send(effect))
        self._pushes.add(task)
        task.add_done_callback(self._pushes.discard)

    async def _send(self, effect: SendPush) -> None:
        outcome = await self._pusher.send(effect.push)
        now = self._clock()
        self.run_at_once(self.pushed(effect.owner, effect.binding, outcome, now), now)
