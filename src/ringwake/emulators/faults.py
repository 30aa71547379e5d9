"""What goes wrong with a request because a switch says so, before any check."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ringwake.emulators.exchange import Handler, Reply, Request, Reset, Response
from ringwake.emulators.office import Office
from ringwake.emulators.switches import Switches

FaultAnswer = Callable[[Request, int, str, float], Response]
"""Builds a service's answer from status, reason ("" for the usual one) and wall clock."""


class Faults:
    """Stands before a service's handler."""

    def __init__(self, service: str, handler: Handler, answer: FaultAnswer, office: Office) -> None:
        self._service = service
        self._handler = handler
        self._answer = answer
        self._office = office

    def __call__(self, request: Request) -> Reply | Awaitable[Reply]:
        """Reply as the switches are, or hand the request on."""
        switches = self._office.switches.spend(self._service)
        if switches.reset:
            self._note("reset")
            return Reset()
        if switches.hang or switches.slow:
            return self._later(request, switches)
        return self._now(request, switches)

    async def _later(self, request: Request, switches: Switches) -> Reply:
        if switches.hang:
            self._note("hang")
            await asyncio.Event().wait()
        await self._office.clock.wait(switches.slow)
        reply = self._now(request, switches)
        return reply if isinstance(reply, Reply) else await reply

    def _now(self, request: Request, switches: Switches) -> Reply | Awaitable[Reply]:
        if switches.lose_answer:
            return self._unheard(request)
        if not switches.answer:
            return self._handler(request)
        self._note("answer", switches.answer)
        response = self._answer(request, switches.answer, switches.reason, self._office.clock.wall())
        if switches.retry_after == "":
            return response
        return replace(response, headers=(*response.headers, ("retry-after", str(switches.retry_after))))

    async def _unheard(self, request: Request) -> Reply:
        reply = self._handler(request)
        if not isinstance(reply, Reply):
            await reply
        self._office.journal.note(self._service, "unanswered", reason="switch", detail="lose_answer")
        return Reset()

    def _note(self, switch: str, status: int = 0) -> None:
        self._office.journal.note(self._service, "refused", reason="switch", detail=switch, status=status)
