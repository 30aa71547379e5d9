"""The seven scenarios. Each plays one story, and compares what happened with what should."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from ringwake.cli.demonstration.record import Result
from ringwake.cli.demonstration.stage import WAKE_SECONDS, Stage
from ringwake.config.embedded import DOMAIN
from ringwake.model.events import Happened
from ringwake.sip.flow import Transport
from ringwake.softphone.device import Device
from ringwake.ua.call import CallState, OutgoingCall

SECONDS = WAKE_SECONDS + 3
"""How long a scenario waits for what should come."""
TRANSPORTS = {"apns": Transport.TLS, "fcm": Transport.TCP, "webpush": Transport.WSS}
CALLER = "boss"


async def call(stage: Stage, result: Result, caller: Device) -> None:
    """A terminated app is called, wakes, rings, is answered; the caller hangs up."""
    phone = await _sleeping(stage, result)
    outgoing = _dial(stage, phone, caller)
    result.rang = await _until(
        stage, outgoing, lambda: outgoing.state is not CallState.TRYING and phone.current_call is not None
    )
    ringing = phone.current_call
    if ringing is not None:
        phone.accept(ringing)
    result.answered = await _until(
        stage,
        outgoing,
        lambda: outgoing.state is CallState.UP and ringing is not None and ringing.state is CallState.UP,
    )
    caller.hang_up(outgoing)
    ended = await stage.record.until(lambda: ringing is None or ringing.state is CallState.ENDED, SECONDS)
    _count(stage, result, phone)
    result.ok = bool(result.rang and result.answered and ended and result.invites_seen == 1)


async def cancelled(stage: Stage, result: Result, caller: Device) -> None:
    """The caller hangs up before the phone has woken: the phone gets no INVITE."""
    phone = await _sleeping(stage, result)
    await stage.lab.switches.set(result.provider, delay=0.5)
    outgoing = _dial(stage, phone, caller)
    was_pushed = await _until(stage, outgoing, lambda: _happened(stage, Happened.PUSH_ACCEPTED))
    caller.hang_up(outgoing)
    ended = await stage.record.until(lambda: outgoing.state is CallState.ENDED, SECONDS)
    woke = was_pushed and await stage.record.until(lambda: _happened(stage, Happened.REGISTERED), SECONDS)
    await stage.record.until(lambda: phone.invites > 0, 0.5)
    await stage.lab.switches.set(result.provider, delay=0.0)
    _count(stage, result, phone)
    result.rang = result.answered = False
    result.ok = ended and outgoing.status == 487 and woke and result.invites_seen == 0


async def declined(stage: Stage, result: Result, caller: Device) -> None:
    """The person presses Reject: the caller hears it at once."""
    phone = await _sleeping(stage, result)
    outgoing = _dial(stage, phone, caller)
    result.rang = await _until(stage, outgoing, lambda: phone.current_call is not None)
    ringing = phone.current_call
    if ringing is not None:
        phone.reject(ringing, 603)
    ended = await stage.record.until(lambda: outgoing.state is CallState.ENDED, SECONDS)
    _count(stage, result, phone)
    result.answered = False
    result.ok = bool(result.rang and ended and outgoing.status == 603 and result.invites_seen == 1)


async def message(stage: Stage, result: Result, caller: Device) -> None:
    """A text to a terminated app is kept on disk and delivered after the wake."""
    phone = await _sleeping(stage, result)
    status = await caller.message(f"sip:{phone.settings.identity.user}@{DOMAIN}", "Are you there?")
    stage.record.step(CALLER, f"MESSAGE was answered {status}")
    came = await stage.record.until(lambda: _happened(stage, Happened.MESSAGE_DELIVERED), SECONDS)
    _count(stage, result, phone)
    result.ok = status == 202 and came and result.invites_seen == 0


async def refresh(stage: Stage, result: Result, caller: Device) -> None:
    """Before the registration runs out a silent push makes the terminated app register again."""
    del caller
    phone = await _sleeping(stage, result)
    renewed = await stage.record.until(lambda: _happened(stage, Happened.REGISTERED), SECONDS)
    _count(stage, result, phone)
    silent = all(not notification.is_shown for notification in phone.notifications)
    result.ok = renewed and silent and result.invites_seen == 0 and result.pushes_seen == 1


Play: TypeAlias = Callable[[Stage, Result, Device], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story, the push service it needs, and whose phone it happens to."""

    name: str
    provider: str
    user: str
    play: Play


SCENARIOS = (
    Scenario("call-apns", "apns", "alice", call),
    Scenario("call-fcm", "fcm", "bob", call),
    Scenario("call-webpush", "webpush", "carol", call),
    Scenario("call-cancelled", "fcm", "dave", cancelled),
    Scenario("call-declined", "fcm", "erin", declined),
    Scenario("message-fcm", "fcm", "frank", message),
    Scenario("refresh-apns", "apns", "grace", refresh),
)


async def _sleeping(stage: Stage, result: Result) -> Device:
    """Register a phone with its token, and terminate its app."""
    stage.begin()
    phone = stage.phone(result.user, TRANSPORTS[result.provider], provider=result.provider)
    await phone.start()
    await phone.terminate()
    stage.events.clear()
    return phone


def _dial(stage: Stage, phone: Device, caller: Device) -> OutgoingCall:
    target = f"sip:{phone.settings.identity.user}@{DOMAIN}"
    stage.record.step(CALLER, f"calls {target}")
    return caller.call(target)


async def _until(stage: Stage, outgoing: OutgoingCall, is_done: Callable[[], bool]) -> bool:
    """Wait until something is the case; not longer than the call lasts."""
    await stage.record.until(lambda: is_done() or outgoing.state is CallState.ENDED, SECONDS)
    return is_done()


def _happened(stage: Stage, what: Happened) -> bool:
    return any(event.what is what for event in stage.events)


def _count(stage: Stage, result: Result, phone: Device) -> None:
    result.invites_seen = phone.invites
    result.pushes_seen = len(phone.notifications)
    result.invite_to_push_ms = stage.measure(Happened.INVITE_RECEIVED, Happened.PUSH_SENT)
    result.ring_delay_ms = stage.measure(Happened.INVITE_RECEIVED, Happened.RINGING)
    took = [event.fields.get("took_ms") for event in stage.events if event.what is Happened.REGISTERED]
    released = _happened(stage, Happened.DEVICE_WOKEN)
    result.register_to_invite_ms = float(took[0]) if took and released and isinstance(took[0], float) else None
    result.timeline = stage.record.timeline()
