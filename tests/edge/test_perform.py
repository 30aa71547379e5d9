"""Effects carried out: in order, what they bring about after them, and one effect's fault harms no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.sip_messages import TCP, answer, request
from tests.support.virtual_loop import pause, run_virtual

from ringwake.edge.perform import Performer
from ringwake.model.account import Aor
from ringwake.model.app import AppKey, Provider
from ringwake.model.effects import (
    AbandonBranch,
    CancelBranch,
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
from ringwake.model.events import Event, Happened
from ringwake.model.push import Accepted, Kind, Notice, Outcome, Push, PushTarget
from ringwake.model.push import Service as Which
from ringwake.model.store_ops import Failed, ListBindings, Sweep
from ringwake.secret import Token
from ringwake.sip.errors import LocalProtocolError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.store.memory import MemoryStore

INVITE = request("INVITE")
TRANSACTION = TransactionLayer().adopt(INVITE, TCP)
TOKEN = Token(provider="fcm", app="p", value="t")
PUSH = Push(
    notice=Notice(kind=Kind.CALL, id="1", account="a"),
    target=PushTarget(app=AppKey(Provider.FCM, "p"), tokens=((Which.ONLY, TOKEN),)),
    service=Which.ONLY,
    token=TOKEN,
    expires_at=0.0,
)
READ, SWEEP = ListBindings(aor=Aor("alice@example.com"), wall=0.0), Sweep(wall=0.0, limit=1)


class Wire:
    """Implements `Sip`: remembers what it was told, and refuses what the test says."""

    def __init__(self, said: list[str]) -> None:
        self.said = said
        self.pumped: list[float] = []
        self.refuses = ""

    def send(self, request: Request, flow: Flow, now: float) -> None:
        del flow, now
        self._say(f"forward {request.via.branch}")

    def relay(self, request: Request, flow: Flow) -> None:
        del flow
        self._say(f"relay {request.method}")

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> bool:
        del transaction, now
        self._say(f"respond {response.status}")
        return True

    def dismiss(self, transaction: ServerTransaction, response: Response) -> None:
        del transaction
        self._say(f"dismiss {response.status}")

    def cancel(self, branch: str, reason: str, now: float) -> bool:
        del now
        self._say(f"cancel {branch} {reason}")
        return True

    def abandon(self, branch: str, method: str) -> None:
        self._say(f"abandon {branch} {method}")

    def quiet(self, branch: str, now: float) -> None:
        del now
        self._say(f"quiet {branch}")

    def reset_flow(self, flow: Flow) -> None:
        self._say(f"reset {flow.serial}")

    def pump(self, now: float) -> None:
        self.pumped.append(now)
        self.said.append("pump")

    def _say(self, text: str) -> None:
        self.said.append(text)
        if self.refuses and text.startswith(self.refuses):
            raise LocalProtocolError("it is broken")


class Service:
    """Implements `Pusher`: takes a second for each push."""

    def __init__(self, said: list[str]) -> None:
        self.said = said
        self.cancelled = 0

    async def send(self, push: Push) -> Outcome:
        self.said.append(f"push {push.notice.id}")
        try:
            await pause(1)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Accepted("ok")

    async def close(self) -> None:
        """Nothing is open."""


class Bench:
    """A performer, and everything it does in one list."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.said: list[str] = []
        self.noted: list[Event] = []
        self.wire, self.service, self.store = Wire(self.said), Service(self.said), FaultyStore()
        self.store.delay = 0.5
        self.performer = Performer(
            sip=self.wire, store=self.store, pusher=self.service, note=self._note, clock=self.loop.time
        )

    def run(self, *effects: Effects) -> None:
        self.performer.run(tuple(effect for several in effects for effect in several), self.loop.time())

    def _note(self, event: Event) -> None:
        self.noted.append(event)
        self.said.append(f"note {event.what}")


def respond(status: int) -> Effects:
    return (Respond(TRANSACTION, answer(INVITE, status)),)


def note(what: Happened = Happened.CALL_PARKED) -> Effects:
    return (Note(Event(what, 0.0)),)


def virtually(test: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        await test(Bench())

    run_virtual(main())


def test_each_effect_reaches_its_adapter_in_order() -> None:
    async def test(bench: Bench) -> None:
        bench.run(
            (*respond(100), Respond(TRANSACTION, answer(INVITE, 407), keep=False)),
            (Forward(INVITE, TCP), Relay(request("ACK"), TCP), CancelBranch("b", "SIP;cause=200")),
            (AbandonBranch("b"), AbandonBranch("c", "MESSAGE"), SendPush(PUSH, "owner", "phone")),
            (QuietBranch("b"), ResetFlow(TCP)),
            note(),
        )
        assert bench.said == [
            "respond 100",
            "dismiss 407",
            "forward z9hG4bK-1",
            "relay ACK",
            "cancel b SIP;cause=200",
            "abandon b INVITE",
            "abandon c MESSAGE",
            "quiet b",
            "reset 1",
            "note call_parked",
        ]
        await pause(0.1)
        assert bench.said[-1] == "push 1"
        await bench.performer.close()

    virtually(test)


def test_what_is_applied_comes_after_the_effects_beside_it_and_before_the_disk() -> None:
    """The push does not wait for the disk; the 100 does."""

    async def test(bench: Bench) -> None:
        persist = Persist(
            READ,
            applied=lambda result, _: (SendPush(PUSH, "owner", "phone"), *respond(183 if result == () else 500)),
            then=lambda result, _: respond(100 if result == () else 500),
        )
        bench.run((persist,), respond(181))
        assert bench.said == ["respond 181", "respond 183"]
        await pause(0.4)
        assert bench.said[2:] == ["push 1"]
        await pause(0.2)
        assert bench.said[3:] == ["respond 100", "pump"]
        await bench.performer.close()

    virtually(test)


def test_nested_operations_are_performed_after_each_other() -> None:
    async def test(bench: Bench) -> None:
        inner = Persist(READ, applied=lambda *_: respond(182), then=lambda *_: respond(200))
        outer = Persist(READ, applied=lambda *_: (inner, *respond(181)), then=lambda *_: respond(100))
        bench.run((outer,), respond(180))
        assert bench.said == ["respond 180", "respond 181", "respond 182"]
        await pause(1)
        assert bench.said[3:] == ["respond 100", "pump", "respond 200", "pump"]

    virtually(test)


def test_an_operation_that_fails_has_its_own_continuation() -> None:
    async def test(bench: Bench) -> None:
        bench.store.broken = (Sweep,)
        reasons: list[str] = []

        def otherwise(failed: Failed, now: float) -> Effects:
            assert now == bench.loop.time()
            reasons.append(failed.reason)
            return respond(503)

        bench.run((Persist(SWEEP, then=lambda *_: respond(200), otherwise=otherwise), Persist(SWEEP)))
        await pause(1)
        assert bench.said == ["respond 503", "pump", "pump"]
        assert reasons == ["the disk is full"]

    virtually(test)


def test_an_operation_without_continuations_is_enough() -> None:
    async def test(bench: Bench) -> None:
        bench.run((Persist(SWEEP),))
        await pause(1)
        assert bench.store.submitted == [SWEEP]
        assert bench.said == ["pump"]

    virtually(test)


def test_what_the_disk_answers_while_effects_are_performed_waits_its_turn() -> None:
    """An in-process store is durable within `submit`."""

    async def test(bench: Bench) -> None:
        bench.performer._store = MemoryStore()
        persist = Persist(READ, applied=lambda *_: respond(181), then=lambda *_: respond(200))
        bench.run((persist,), respond(180))
        assert bench.said == ["respond 180", "respond 181", "respond 200"], "whoever began all this pumps"

    virtually(test)


def test_the_outcome_of_a_push_comes_back_to_its_owner() -> None:
    async def test(bench: Bench) -> None:
        outcomes: list[tuple[str, str, Outcome, float]] = []

        def pushed(owner: str, device: str, outcome: Outcome, now: float) -> Effects:
            outcomes.append((owner, device, outcome, now))
            return respond(183)

        bench.performer.pushed = pushed
        bench.run((SendPush(PUSH, "owner", "phone"),))
        began = bench.loop.time()
        await pause(1.1)
        assert outcomes == [("owner", "phone", Accepted("ok"), began + 1)]
        assert bench.said == ["push 1", "respond 183", "pump"]
        assert bench.wire.pumped == [began + 1]

    virtually(test)


def test_an_outcome_that_nobody_takes_is_no_matter() -> None:
    async def test(bench: Bench) -> None:
        bench.run((SendPush(PUSH, "", "phone"),))
        await pause(2)
        assert bench.said == ["push 1", "pump"]

    virtually(test)


def test_closing_cancels_the_pushes_that_are_under_way() -> None:
    async def test(bench: Bench) -> None:
        bench.run((SendPush(PUSH, "1", "phone"), SendPush(PUSH, "2", "phone")))
        await pause(0.5)
        await bench.performer.close()
        assert bench.service.cancelled == 2
        await bench.performer.close()
        assert bench.said == ["push 1", "push 1"]

    virtually(test)


@pytest.mark.parametrize("broken", ["respond", "forward"])
def test_an_effect_that_breaks_the_protocol_harms_no_other(broken: str) -> None:
    async def test(bench: Bench) -> None:
        bench.wire.refuses = broken
        bench.run(respond(200), (Forward(INVITE, TCP),), note())
        assert bench.said[-1] == "note call_parked"
        (fault,) = (event for event in bench.noted if event.what is Happened.FAULT)
        assert fault.fields == {"effect": broken.title(), "rule": "it is broken"}

    virtually(test)


def test_after_an_unexpected_error_effects_are_performed_again() -> None:
    async def test(bench: Bench) -> None:
        def broken(*_: object) -> Effects:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            bench.run((Persist(READ, applied=broken),), respond(180))
        bench.run(respond(200))
        assert bench.said == ["respond 180", "respond 200"], "what stood behind the error is not lost"

    virtually(test)


def test_no_push_is_begun_while_the_server_stops() -> None:
    """The providers' connections are closed by then; the call stays on disk for the next life."""

    async def test(bench: Bench) -> None:
        await bench.performer.close()
        bench.run((SendPush(PUSH, "call", "phone"),), note())
        await pause(5)
        assert bench.said == ["note call_parked"]

    virtually(test)
