"""A push token that another phone has already, under another account (standards S6): by policy of the tenant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from tests.support.in_world import asleep, awake, call
from tests.support.stranger import Stranger
from tests.support.tenant_world import TenantWorld, in_tenant_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, Phone

from ringwake.edge.limits import FAILURES
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.events import Happened
from ringwake.model.push import Unreachable
from ringwake.model.store_ops import ListBindings
from ringwake.model.token_claims import TokenClaims
from ringwake.registrar.ticket import Tickets
from ringwake.sip.flow import Address
from ringwake.sip.message import Request, Response
from ringwake.ua.call import CallState
from ringwake.wake import breaker
from ringwake.wake.budget import CIRCUIT
from ringwake.wake.token_challenge import A_MINUTE, AN_HOUR


async def bound(world: TenantWorld, user: str) -> Binding:
    aor = Aor(f"{user}@{DOMAIN}")
    (found,) = await world.store.do(ListBindings(aor=aor, wall=world.wall(world.loop.time())))
    return found


def claims(phone: Stranger, token: str, ticket: str = "", *, user: str = "bob", instance: str = "bob's") -> Request:
    """Write the REGISTER of bob's phone with a token."""
    push = f"pn-provider=fcm;pn-param={PROJECT};pn-prid={token}"
    contact = f'<sip:{user}@{phone.address};{push}>;+sip.instance="<urn:{instance}>"'
    fields = (f"Ringwake-Ticket: {ticket}",) if ticket else ()
    return phone.register(user, *fields, contact=contact, expires=7200)


async def stranger(world: TenantWorld, port: int = 6001) -> Stranger:
    return await Stranger(world, address=Address("10.9.9.8", port)).open()


async def challenged(world: TenantWorld) -> tuple[Phone, Stranger, str]:
    """Let bob's phone claim the token of alice's, and return both, and the ticket that was pushed there."""
    alice = await asleep(world)
    alice.wakes = False
    phone = await stranger(world)
    assert (await phone.ask_as("bob", claims(phone, alice.token))).status == 200
    await pause(1)
    (push,) = world.pushed("wake")
    assert push.token.reveal() == alice.token
    return alice, phone, push.notice.ticket


def caps(response: Response) -> list[str]:
    return response.headers.texts("feature-caps")


# ---- allow and reject


def test_where_it_is_allowed_both_have_it_and_nobody_is_asked() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        phone = await stranger(world)
        ok = await phone.ask_as("bob", claims(phone, alice.token))
        assert caps(ok)
        await pause(1)
        assert world.pushed("wake") == []
        assert (await bound(world, "bob")).push == (await bound(world, "alice")).push

    in_tenant_world(test)


def test_where_it_is_rejected_nothing_changes_and_the_phone_hears_why() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        known = await bound(world, "alice")
        phone = await stranger(world)
        refused = await phone.ask_as("bob", claims(phone, alice.token))
        assert refused.status == 403
        assert "another phone's" in (refused.headers.get("warning") or "")
        every = await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))
        assert every == (known,)
        assert (await phone.ask_as("bob", claims(phone, "a-token-of-its-own"))).status == 200

    in_tenant_world(test, token_claims=TokenClaims.REJECT)


@pytest.mark.parametrize("policy", TokenClaims)
def test_a_phone_with_two_accounts_is_not_doubted(policy: TokenClaims) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        carol = world.phone("carol")
        carol.token, carol.instance = alice.token, alice.instance
        await carol.wake()
        assert (await bound(world, "carol")).push == (await bound(world, "alice")).push
        assert world.pushed("wake") == []

    in_tenant_world(test, token_claims=policy)


# ---- challenge


def test_until_it_is_proved_the_claimer_has_no_push_and_the_holder_has_all() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        known = await bound(world, "alice")
        phone = await stranger(world)
        ok = await phone.ask_as("bob", claims(phone, alice.token))
        assert caps(ok) == [], "what is not kept is not promised"
        assert ok.headers.values("contact")[0].endswith(";expires=3600")
        claimer = await bound(world, "bob")
        assert (claimer.push, claimer.wakes.at) == (None, 0.0)
        assert await bound(world, "alice") == known
        boss = await awake(world)
        outgoing = call(boss, f"sip:bob@{DOMAIN}")
        await pause(1)
        assert world.pushed("call") == [], "bob's calls wake nobody else's phone"
        assert outgoing.state is CallState.TRYING
        call(boss, alice)
        await pause(1)
        assert len(alice.calls) == 1
        told = [event.fields["token"] for event in world.events if event.what is Happened.TOKEN_CHALLENGED]
        assert len(told) == 1
        assert alice.token not in str(told)

    in_tenant_world(test, token_claims=TokenClaims.CHALLENGE)


def test_a_phone_that_brings_the_ticket_back_has_the_token() -> None:
    async def test(world: TenantWorld) -> None:
        alice, phone, ticket = await challenged(world)
        ok = await phone.ask_as("bob", claims(phone, alice.token, ticket))
        assert caps(ok)
        assert (await bound(world, "bob")).push == (await bound(world, "alice")).push
        for seq in (2, 3):
            again = await phone.ask_as("bob", claims(phone, alice.token))
            assert (seq, len(caps(again))) == (seq, 1)
        assert len(world.pushed("wake")) == 1

    in_tenant_world(test, token_claims=TokenClaims.CHALLENGE)


def test_our_softphone_proves_a_token_that_its_last_owner_had() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.wakes = False  # the app is gone, and its account forgotten there
        bob = world.phone("bob")
        bob.token = alice.token
        await bob.wake()
        await pause(1)
        assert (await bound(world, "bob")).push is None
        await bob.register()
        assert (await bound(world, "bob")).push is not None
        await bob.sleep()
        call(await awake(world), bob)
        await pause(2)
        assert len(bob.calls) == 1

    in_tenant_world(test, token_claims=TokenClaims.CHALLENGE)


async def _without_a_password(phone: Stranger, alice: Phone, ticket: str) -> None:
    refused = await phone.ask(claims(phone, alice.token, ticket))
    assert refused is not None
    assert refused.status == 401


async def _as_another(phone: Stranger, alice: Phone, ticket: str) -> None:
    asked = claims(phone, alice.token, ticket, user="carol", instance="carol's")
    assert (await phone.ask_as("carol", asked)).status == 200


async def _from_another_phone(phone: Stranger, alice: Phone, ticket: str) -> None:
    asked = claims(phone, alice.token, ticket, instance="another")
    assert (await phone.ask_as("bob", asked)).status == 200


async def _for_another_token(phone: Stranger, alice: Phone, ticket: str) -> None:
    carol = phone.world.phone("carol")
    await carol.wake()
    assert (await phone.ask_as("bob", claims(phone, carol.token, ticket))).status == 200
    del alice


async def _too_late(phone: Stranger, alice: Phone, ticket: str) -> None:
    await pause(60)
    assert (await phone.ask_as("bob", claims(phone, alice.token, ticket))).status == 200


async def _forged(phone: Stranger, alice: Phone, ticket: str) -> None:
    assert (await phone.ask_as("bob", claims(phone, alice.token, ticket[:-4] + "AAAA"))).status == 200


@pytest.mark.parametrize(
    "bring", [_without_a_password, _as_another, _from_another_phone, _for_another_token, _too_late, _forged]
)
def test_a_ticket_proves_one_token_for_one_phone_of_one_account_and_no_name(
    bring: Callable[[Stranger, Phone, str], Awaitable[None]],
) -> None:
    async def test(world: TenantWorld) -> None:
        alice, phone, ticket = await challenged(world)
        known = await bound(world, "alice")
        await bring(phone, alice, ticket)
        every = await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))
        assert [each for each in every if each.push == known.push] == [known]

    in_tenant_world(test, token_claims=TokenClaims.CHALLENGE)


def test_a_holder_whose_phone_brings_the_ticket_is_not_held_to_have_forged_it() -> None:
    """Its app echoes every ticket, also that which was meant for another account."""

    async def test(world: TenantWorld) -> None:
        world.core.tickets = Tickets(world.keys, "one")  # or none is looked at
        alice, _, ticket = await challenged(world)
        other = await stranger(world, 6002)
        for _ in range(FAILURES + 1):
            asked = claims(other, alice.token, ticket, user="alice", instance=alice.instance.removeprefix("urn:"))
            assert (await other.ask_as("alice", asked)).status == 200
        assert (await bound(world, "alice")).push is not None
        assert (await bound(world, "bob")).push is None

    in_tenant_world(test, token_claims=TokenClaims.CHALLENGE)


def test_a_phone_is_not_woken_over_and_over_by_whoever_claims_its_token() -> None:
    async def test(world: TenantWorld) -> None:
        alice, phone, _ = await challenged(world)
        for _ in range(60):
            await phone.ask_as("bob", claims(phone, alice.token))
            await pause(20)
        assert len(world.pushed("wake")) == AN_HOUR
        reasons = {event.fields["reason"] for event in world.events if event.what is Happened.PUSH_SUPPRESSED}
        assert reasons == {"challenge_limit"}
        call(await awake(world), alice)
        await pause(1)
        assert len(world.pushed("call")) == 1, "its calls have their own budget"

    in_tenant_world(test, token_claims=TokenClaims.CHALLENGE)


def test_what_the_budget_holds_back_is_no_challenge_of_the_token() -> None:
    async def test(world: TenantWorld) -> None:
        alice, phone, _ = await challenged(world)
        await pause(60)
        (push,) = world.pushed("wake")
        for _ in range(breaker.FAILURES):
            world.core.means.budget.circuits.heard(push, Unreachable("down"), world.loop.time())
        for _ in range(A_MINUTE):
            await phone.ask_as("bob", claims(phone, alice.token))
        held = [event.fields["reason"] for event in world.events if event.what is Happened.PUSH_SUPPRESSED]
        assert held == [CIRCUIT] * A_MINUTE
        await pause(breaker.PAUSES[0])
        await phone.ask_as("bob", claims(phone, alice.token))
        await pause(1)
        assert len(world.pushed("wake")) == 2

    in_tenant_world(test, token_claims=TokenClaims.CHALLENGE)
