"""Who is woken for a call, and who is handed it: what a REGISTER promised, and nothing else (RFC 8599)."""

from __future__ import annotations

import pytest
from tests.support.in_world import answer, asleep, awake, call, in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, World

from ringwake.model.events import Happened
from ringwake.model.push import Accepted, Outcome, Unreachable
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request
from ringwake.ua.call import CallState

ALICE = f"sip:alice@{DOMAIN}"
INSTANCE = '+sip.instance="<urn:uuid:1>"'
PHONE, ANEW = Address("10.0.0.50", 4000), Address("10.0.0.51", 4001)


def contact(at: Address, params: str) -> str:
    return f"<sip:alice@{at}{params}>;{INSTANCE}"


def with_token(token: str) -> str:
    return f";pn-provider=fcm;pn-param={PROJECT};pn-prid={token}"


async def registered(world: World, params: str, *, at: Address = PHONE, expires: int = 3600) -> Stranger:
    """Register a phone of alice, written by hand."""
    phone = await Stranger(world, address=at).open()
    ok = await phone.ask_as("alice", phone.register("alice", contact=contact(at, params), expires=expires))
    assert ok.status == 200
    return phone


async def invites(phone: Stranger) -> list[Request]:
    """Return the INVITEs that a phone was sent, and decline them."""
    await pause(0.5)
    found = [request for request in phone.requests if request.method == "INVITE"]
    for invite in found:
        phone.answer(invite, 486)
    return found


@pytest.mark.parametrize("query", [";pn-provider", ";pn-provider=", ";pn-provider=fcm"])
def test_who_only_asked_what_is_offered_is_never_pushed_to(query: str) -> None:
    """Section 5.5: a binding without pn-prid."""

    async def test(world: World) -> None:
        phone = await registered(world, query)
        await phone.close()
        outgoing = call(await awake(world), ALICE)
        await pause(1)
        assert (outgoing.status, world.provider.pushes) == (480, [])

    in_world(test)


def test_a_query_takes_no_promise_back() -> None:
    async def test(world: World) -> None:
        phone = await registered(world, with_token("token-of-alice"))
        query = phone.register("alice", contact=contact(PHONE, ";pn-provider"), expires=600)
        assert (await phone.ask_as("alice", query)).status == 200
        await phone.close()
        call(await awake(world), ALICE)
        await pause(1)
        assert [push.token.reveal() for push in world.pushed("call")] == ["token-of-alice"]

    in_world(test)


@pytest.mark.parametrize("params", ["", with_token("token-of-alice"), with_token("another-token"), ";pn-provider"])
def test_who_has_left_is_not_pushed_to_whatever_it_said_in_leaving(params: str) -> None:
    """Sections 4.1.2 and 5.5: who leaves sends no pn-prid; whoever does is let go as well."""

    async def test(world: World) -> None:
        phone = await registered(world, with_token("token-of-alice"))
        gone = phone.register("alice", contact=contact(PHONE, params), expires=0)
        assert (await phone.ask_as("alice", gone)).status == 200
        await phone.close()
        outgoing = call(await awake(world), ALICE)
        await pause(1)
        assert (outgoing.status, world.provider.pushes) == (480, [])

    in_world(test)


@pytest.mark.parametrize("outcome", [Accepted("1"), Unreachable("down")])
def test_who_has_expired_is_pushed_to_no_more_whatever_the_reason(outcome: Outcome) -> None:
    """Section 5.5: neither silently nor for a call, and the last silent push is two minutes early."""

    async def test(world: World) -> None:
        await world.stop()
        world.grant = 900
        world.start()
        alice = await asleep(world)
        alice.wakes = False
        world.provider.answer = lambda _: outcome
        expires = world.loop.time() - 60 + 900
        await pause(2 * 900)
        moments = [at for at, _ in world.provider.pushes]
        assert moments[-1] <= expires - 120
        outgoing = call(await awake(world), ALICE)
        await pause(1)
        assert (outgoing.status, len(world.provider.pushes)) == (480, len(moments))

    in_world(test)


def test_a_register_releases_the_call_to_its_own_phone_only() -> None:
    """Section 5.6.2: the 200 lists all phones of the account, but one has come."""

    async def test(world: World) -> None:
        phones = [await asleep(world) for _ in range(3)]
        for phone in phones:
            phone.wakes = False
        outgoing = call(await awake(world), ALICE)
        await pause(1)
        await phones[1].wake()
        await pause(1)
        assert [len(phone.calls) for phone in phones] == [0, 1, 0]
        assert [event.what for event in world.events].count(Happened.INVITE_SENT) == 1
        assert outgoing.state is CallState.RINGING

    in_world(test)


@pytest.mark.parametrize("token", ["token-of-alice", "a-new-token-of-alice"])
def test_a_phone_that_comes_with_another_address_or_token_is_the_one_that_was_woken(token: str) -> None:
    """Section 5.3 would not match a token that changed between the push and the REGISTER: the instance does."""

    async def test(world: World) -> None:
        phone = await registered(world, with_token("token-of-alice"))
        await phone.close()
        outgoing = call(await awake(world), ALICE)
        await pause(1)
        again = await registered(world, with_token(token), at=ANEW)
        (invite,) = await invites(again)
        assert invite.uri == f"sip:alice@{ANEW}"
        await pause(1)
        assert outgoing.status == 486

    in_world(test)


def test_a_phone_that_was_not_there_when_the_call_came_joins_it() -> None:
    """RFC 3261 section 16.5: a target set may grow."""

    async def test(world: World) -> None:
        await awake(world, "alice")
        call(await awake(world), ALICE)
        await pause(2)
        late = await registered(world, "", at=ANEW)
        assert len(await invites(late)) == 1

    in_world(test)


@pytest.mark.parametrize(
    ("params", "expires", "status"), [(with_token("token-of-alice"), 60, 423), (";pn-provider=x;pn-prid=x", 600, 555)]
)
def test_a_register_that_is_refused_leaves_the_call_parked(params: str, expires: int, status: int) -> None:
    """Section 5.6.2 would end it; but the phone may ask again, and what somebody else sends must end no call."""

    async def test(world: World) -> None:
        phone = await registered(world, with_token("token-of-alice"))
        await phone.close()
        outgoing = call(await awake(world), ALICE)
        await pause(1)
        again = await Stranger(world, address=ANEW).open()
        refused = again.register("alice", contact=contact(ANEW, params), expires=expires)
        assert (await again.ask_as("alice", refused)).status == status
        await pause(1)
        assert outgoing.status == 100
        assert len(await invites(await registered(world, with_token("token-of-alice"), at=PHONE))) == 1

    in_world(test)


def test_a_phone_takes_a_call_before_its_200_has_come() -> None:
    """Section 4.1.3: datagrams overtake each other."""
    early: list[bool] = []

    async def test(world: World) -> None:
        alice = await asleep(world, transport=Transport.UDP)
        alice.wakes, alice.on_call = False, answer
        outgoing = call(await awake(world), ALICE)
        await pause(1)
        world.network.weather.jitter = 0.4
        await alice.wake()
        early.append(bool(alice.calls))
        await pause(5)
        assert (outgoing.state, len(alice.calls)) == (CallState.UP, 1)

    for seed in range(8):
        in_world(test, seed=seed)
    assert set(early) == {True, False}


def test_the_reason_of_a_cancel_is_passed_on() -> None:
    """RFC 3326 section 2."""

    async def test(world: World) -> None:
        phone = await registered(world, "")
        boss = await Stranger(world).open()
        invite = await boss.signed("boss", boss.request("INVITE", ALICE))
        boss.send(invite)
        await pause(0.1)
        (arrived,) = phone.requests
        phone.answer(arrived, 180)
        reasons = ("Reason: SIP;cause=487", 'Reason: Q.850;cause=16;text="bye, bye"')
        boss.send(boss.request("CANCEL", ALICE, *reasons, branch=invite.via.branch, call_id=invite.call_id))
        await pause(0.1)
        assert phone.requests[-1].method == "CANCEL"
        assert phone.requests[-1].headers.values("reason") == ["SIP;cause=487", 'Q.850;cause=16;text="bye, bye"']

    in_world(test)
