"""A REGISTER with the ticket of the push that woke the phone needs no challenge, once; a bad one changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from tests.support.in_world import asleep, awake, call, in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, Phone, World

from ringwake.edge import upkeep
from ringwake.registrar.ticket import Tickets
from ringwake.sip.flow import Address
from ringwake.sip.message import Request


async def rung(world: World) -> tuple[Phone, str]:
    """Let the boss call alice's phone, which does not wake; returns the ticket of its push."""
    world.core.tickets = Tickets(world.keys, "one")
    alice = await asleep(world)
    alice.wakes = False
    call(await awake(world), alice)
    await pause(1)
    (push,) = alice.pushes
    assert push.notice.ticket
    return alice, push.notice.ticket


def register(
    stranger: Stranger, alice: Phone, ticket: str, *, user: str = "alice", token: str = "", expires: int = 600
) -> Request:
    """Write the REGISTER of alice's phone, without credentials."""
    push = f"pn-provider=fcm;pn-param={PROJECT};pn-prid={token or alice.token}"
    contact = f'<sip:alice@{stranger.address};{push}>;+sip.instance="<{alice.instance}>"'
    return stranger.register(user, f"Ringwake-Ticket: {ticket}", contact=contact, expires=expires)


async def stranger_of(world: World, port: int = 6001) -> Stranger:
    return await Stranger(world, address=Address("10.9.9.9", port)).open()


def test_it_is_taken_for_credentials_once_and_the_call_follows_the_200() -> None:
    async def test(world: World) -> None:
        alice, ticket = await rung(world)
        phone = await stranger_of(world)
        answer = await phone.ask(register(phone, alice, ticket))
        await pause(0.1)
        assert answer is not None
        assert answer.status == 200
        assert [request.method for request in phone.requests] == ["INVITE"]
        other = await stranger_of(world, 6002)
        again = await other.ask(register(other, alice, ticket))
        assert again is not None
        assert again.status == 401
        assert other.requests == [], "a challenge releases nothing"

    in_world(test)


async def _other_account(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    return register(stranger, alice, ticket, user="bob")


async def _other_token(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    return register(stranger, alice, ticket, token="another-token")


async def _removal(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    return register(stranger, alice, ticket, expires=0)


async def _star(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    del alice
    return stranger.register("alice", f"Ringwake-Ticket: {ticket}", contact="*", expires=0)


async def _two_contacts(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    request = register(stranger, alice, ticket)
    request.headers.append("contact", "<sip:more@10.9.9.9>")
    return request


async def _without_a_token(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    del alice
    return stranger.register("alice", f"Ringwake-Ticket: {ticket}")


async def _too_short(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    return register(stranger, alice, ticket, expires=5)


async def _in_anothers_name(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    request = register(stranger, alice, ticket)
    request.headers.set("from", f"<sip:bob@{DOMAIN}>;tag=1")
    return request


async def _forged(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    return register(stranger, alice, ticket[:-4] + "AAAA")


async def _late(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    await pause(20)
    return register(stranger, alice, ticket)


async def _after_a_restart(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    stranger.world.core.tickets = Tickets(stranger.world.keys, "another")
    return register(stranger, alice, ticket)


async def _where_it_is_off(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    stranger.world.core.tickets = None
    return register(stranger, alice, ticket)


async def _from_a_blocked_address(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    core, now = stranger.world.core, stranger.world.loop.time()
    for _ in range(20):
        core.gate.limit.failed(stranger.address.host, now)
    return register(stranger, alice, ticket)


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (_other_account, 401),
        (_other_token, 401),
        (_removal, 401),
        (_star, 401),
        (_two_contacts, 401),
        (_without_a_token, 401),
        (_too_short, 401),
        (_in_anothers_name, 401),
        (_forged, 401),
        (_late, 401),
        (_after_a_restart, 401),
        (_where_it_is_off, 401),
        (_from_a_blocked_address, 503),
    ],
)
def test_one_that_is_no_good_is_as_none_at_all(
    make: Callable[[Stranger, Phone, str], Awaitable[Request]], status: int
) -> None:
    async def test(world: World) -> None:
        alice, ticket = await rung(world)
        phone = await stranger_of(world)
        answer = await phone.ask(await make(phone, alice, ticket))
        assert answer is not None
        assert answer.status == status
        assert phone.requests == []

    in_world(test)


def test_it_is_off_unless_it_is_asked_for() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        call(await awake(world), alice)
        await pause(1)
        assert [push.notice.ticket for push in alice.pushes] == [""]

    in_world(test)


def test_used_ones_are_swept() -> None:
    async def test(world: World) -> None:
        alice, ticket = await rung(world)
        phone = await stranger_of(world)
        assert await phone.ask(register(phone, alice, ticket))
        assert world.core.tickets is not None
        assert len(world.core.tickets) == 1
        await pause(2 * upkeep.SECONDS)
        assert len(world.core.tickets) == 0

    in_world(test)
