"""Running a test inside a `World`, and what its phones usually do there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.support.virtual_loop import LONGEST, pause, run_virtual
from tests.support.world import Phone, World

from ringwake.model.ports import Store
from ringwake.sip.flow import Transport
from ringwake.softphone.line import Line
from ringwake.ua.call import IncomingCall, OutgoingCall
from ringwake.wake.means import Timing


def in_world(
    test: Callable[[World], Awaitable[None]],
    *,
    seed: int = 1,
    store: Callable[[], Store] | None = None,
    timing: Timing | None = None,
    limit: float = LONGEST,
) -> None:
    """Run a test in virtual time in a world of its own; no error may have been swallowed there."""

    async def main() -> None:
        world = World(seed=seed, store=store() if store else None, timing=timing)
        await test(world)
        await world.close()

    run_virtual(main(), limit=limit)


def line_of(phone: Phone) -> Line:
    """Return the line of a phone that is awake."""
    assert phone.line is not None
    return phone.line


def call(phone: Phone, callee: Phone | str) -> OutgoingCall:
    """Let a phone call another."""
    return line_of(phone).conversations.call(callee if isinstance(callee, str) else callee.aor)


def hang_up(phone: Phone, up: IncomingCall | OutgoingCall) -> None:
    """End a call that is up."""
    line_of(phone).conversations.hang_up(up)


def cancel(phone: Phone, outgoing: OutgoingCall) -> None:
    """Hang up before anybody answers."""
    line_of(phone).conversations.cancel(outgoing)


def answer(phone: Phone, incoming: IncomingCall) -> None:
    """What a phone whose owner accepts does when it rings."""
    line_of(phone).conversations.accept(incoming, phone.world.loop.time())


def refuse(status: int) -> Callable[[Phone, IncomingCall], None]:
    """What a phone whose owner declines does when it rings."""
    return lambda phone, incoming: line_of(phone).conversations.reject(incoming, status)


async def awake(world: World, user: str = "boss", *, push: bool = False, transport: Transport = Transport.TLS) -> Phone:
    """Return a phone that has registered."""
    phone = world.phone(user, push=push, transport=transport)
    await phone.wake()
    return phone


async def asleep(world: World, user: str = "alice", *, transport: Transport = Transport.TLS) -> Phone:
    """Return a phone that has registered with its token, and whose app was terminated a minute ago."""
    phone = world.phone(user, transport=transport)
    await phone.wake()
    await phone.sleep()
    await pause(60)
    return phone
