"""A REGISTER with the ticket of the push that woke the phone needs no challenge, once; a bad one changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, awake, call, in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, Phone, World

from ringwake.edge import upkeep
from ringwake.edge.limits import FAILURES
from ringwake.model.events import Happened
from ringwake.model.store_ops import Register
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


def register(stranger: Stranger, alice: Phone, ticket: str, *, user: str = "alice", token: str = "") -> Request:
    """Write the REGISTER of alice's phone, without credentials."""
    push = f"pn-provider=fcm;pn-param={PROJECT};pn-prid={token or alice.token}"
    contact = f'<sip:alice@{stranger.address};{push}>;+sip.instance="<{alice.instance}>"'
    return stranger.register(user, f"Ringwake-Ticket: {ticket}", contact=contact)


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
    request = register(stranger, alice, ticket)
    request.headers.set("expires", "0")
    return request


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
    request = register(stranger, alice, ticket)
    request.headers.set("expires", "5")
    return request


async def _query(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    request = register(stranger, alice, ticket)
    request.headers.remove("contact")
    return request


async def _in_place_of_another_phone(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    other = stranger.world.phone("alice")
    await other.wake()
    request = register(stranger, alice, ticket)
    contact = (request.headers.get("contact") or "").replace(alice.instance, other.instance)
    request.headers.set("contact", f"{contact};reg-id=1")
    return request


async def _after_the_phone_has_logged_out(stranger: Stranger, alice: Phone, ticket: str) -> Request:
    alice.ticket = ""
    await alice.wake()
    await alice.register(expires=0)
    return register(stranger, alice, ticket)


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
        (_query, 401),
        (_in_place_of_another_phone, 401),
        (_after_the_phone_has_logged_out, 401),
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


def test_a_forged_one_is_a_failed_attempt_and_one_that_is_spent_is_none() -> None:
    async def test(world: World) -> None:
        alice, ticket = await rung(world)
        phone = await stranger_of(world)
        for _ in range(FAILURES + 1):
            await phone.ask(register(phone, alice, ticket))
        assert phone.statuses == [200] + [401] * FAILURES
        for _ in range(FAILURES):
            await phone.ask(register(phone, alice, ticket[:-4] + "AAAA"))
        assert phone.statuses[-FAILURES:] == [401] * (FAILURES - 1) + [503]

    in_world(test)


def test_one_whose_register_could_not_be_written_is_good_for_the_next() -> None:
    disk = FaultyStore()

    async def test(world: World) -> None:
        alice, ticket = await rung(world)
        phone = await stranger_of(world)
        disk.broken = (Register,)
        for _ in range(2):
            refused = await phone.ask(register(phone, alice, ticket))
            assert refused is not None
            assert refused.status == 503
        disk.broken = ()
        taken = await phone.ask(register(phone, alice, ticket))
        assert taken is not None
        assert taken.status == 200

    in_world(test, store=lambda: disk)


async def woken(world: World, *, tickets: bool) -> tuple[int, float]:
    """Let a call wake a phone; return its challenges, and the seconds from its push to its INVITE."""
    world.core.tickets = Tickets(world.keys, "one") if tickets else None
    world.network.weather = replace(world.network.weather, delay=0.1)
    alice, boss = await asleep(world), await awake(world)
    known = len(world.events)
    call(boss, alice)
    await pause(3)
    assert len(alice.calls) == 1
    new = world.events[known:]
    refused = [event for event in new if event.what is Happened.REQUEST_REFUSED]
    (pushed,) = (event.at for event in new if event.what is Happened.PUSH_SENT)
    (invited_at,) = (event.at for event in new if event.what is Happened.INVITE_SENT)
    return [event.fields["method"] for event in refused].count("REGISTER"), invited_at - pushed


def test_a_phone_that_brings_it_rings_one_round_trip_earlier() -> None:
    seen: list[tuple[int, float]] = []

    async def test(world: World) -> None:
        seen.append(await woken(world, tickets=bool(seen)))

    in_world(test)
    in_world(test)
    (challenges, without), (no_challenges, with_ticket) = seen
    assert (challenges, no_challenges) == (1, 0)
    assert without - with_ticket == pytest.approx(0.2), "one way takes 0.1 seconds"


def test_a_phone_whose_ticket_is_spent_answers_the_challenge_and_rings() -> None:
    async def test(world: World) -> None:
        alice, _ = await rung(world)
        world.core.tickets = Tickets(world.keys, "the next life")
        await alice.wake()
        await pause(1)
        assert len(alice.calls) == 1

    in_world(test)


def test_one_in_another_request_goes_no_further() -> None:
    async def test(world: World) -> None:
        world.core.tickets = Tickets(world.keys, "one")
        alice, boss = await awake(world, "alice"), await stranger_of(world)
        invite = boss.request("INVITE", alice.aor, "Ringwake-Ticket: sealed-text", "X-Other: passes")
        boss.send(await boss.signed("boss", invite))
        await pause(1)
        down = [octets for _, flow, octets in world.network.sent if flow.remote.host == alice.address.host]
        assert any(b"INVITE" in octets and b"X-Other: passes" in octets for octets in down)
        assert not any(b"sealed-text" in octets for octets in down)

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
