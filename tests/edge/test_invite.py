"""INVITE: parked, and its phones called or woken; and what a restart finds of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import answer, asleep, awake, call, cancel, hang_up, in_world, line_of, refuse
from tests.support.sip_messages import TCP, octets, request_fields
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone, World

from ringwake.edge.invite import MOST_UNDER_WAY, compose
from ringwake.edge.recovery import RECOVERY_SECONDS
from ringwake.model.account import Aor
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.events import Event, Happened
from ringwake.model.store_ops import Finish, ListBindings, Park, Recover, Recovered
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request
from ringwake.ua.call import CallState

ALICE = Aor(f"alice@{DOMAIN}")


def faulty(world: World) -> FaultyStore:
    assert isinstance(world.store, FaultyStore)
    return world.store


def noted(world: World, what: Happened) -> list[Event]:
    return [event for event in world.events if event.what is what]


async def calling(world: World, *more: str, transport: Transport = Transport.TCP) -> tuple[Stranger, Request]:
    """Let the boss call alice by hand; return it and its INVITE."""
    boss = await Stranger(world, transport=transport).open()
    contact = f"Contact: <sip:boss@{boss.address}>"
    invite = await boss.signed("boss", boss.request("INVITE", f"sip:{ALICE}", contact, *more))
    boss.send(invite)
    await pause(0.01)
    return boss, invite


async def restart(world: World) -> None:
    await world.stop()
    await pause(0.1)
    world.start()
    await world.recover()


def statuses(boss: Stranger, invite: Request) -> list[int]:
    return [response.status for response in boss.responses_to(invite)]


def test_the_100_waits_for_the_disk_and_the_push_does_not() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss = await Stranger(world).open()
        invite = await boss.signed("boss", boss.request("INVITE", f"sip:{ALICE}"))
        faulty(world).delay = 2.0
        boss.send(invite)
        await pause(0.1)
        assert len(world.pushed("call")) == 1
        boss.send(invite)
        await pause(1.8)
        assert statuses(boss, invite) == [], "retransmissions are absorbed meanwhile"
        await pause(0.5)
        assert statuses(boss, invite) == [100]
        assert [event.what for event in world.events if event.trace][:2] == [
            Happened.INVITE_RECEIVED,
            Happened.PUSH_SENT,
        ]

    in_world(test, store=FaultyStore)


def test_a_store_that_cannot_write_delays_nothing() -> None:
    """Reliability F10: the call is in memory, its caller hears 100, its phones are woken."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.on_call = answer
        faulty(world).broken = (Park,)
        boss, invite = await calling(world)
        assert statuses(boss, invite) == [100]
        assert len(world.pushed("call")) == 1
        (event,) = noted(world, Happened.STORE_FAILED)
        assert event.fields == {"op": "park", "reason": "the disk is full"}
        await pause(2)
        assert statuses(boss, invite)[-1] == 200
        assert len(alice.calls) == 1

    in_world(test, store=FaultyStore)


def test_no_100_follows_what_is_better() -> None:
    """The phone rings before the slow disk has answered."""

    async def test(world: World) -> None:
        await awake(world, "alice")
        for broken in ((), (Park,)):
            store = faulty(world)
            store.delay, store.broken = 1.0, broken
            boss, invite = await calling(world)
            await pause(3)
            assert statuses(boss, invite) == [180]
            store.delay = 0.0
            boss.send(boss.request("CANCEL", f"sip:{ALICE}", branch=invite.via.branch, call_id=invite.call_id))
            await pause(3)
            await boss.close()

    in_world(test, store=FaultyStore)


@pytest.mark.parametrize(("field", "seconds"), [("Expires: 5", 5), ("Expires: 0", 20), ("Expires: 600", 20)])
def test_an_invite_says_how_long_it_is_worth_waiting(field: str, seconds: int) -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss, invite = await calling(world, field)
        await pause(seconds - 1)
        assert statuses(boss, invite) == [100]
        await pause(2)
        assert statuses(boss, invite) == [100, 480]

    in_world(test)


@pytest.mark.parametrize(("transport", "status"), [(Transport.TLS, 180), (Transport.TCP, 480)])
def test_a_sips_call_reaches_phones_over_tls_only(transport: Transport, status: int) -> None:
    async def test(world: World) -> None:
        await awake(world, "alice", transport=transport)
        boss = await Stranger(world, transport=Transport.TLS).open()
        boss.send(invite := await boss.signed("boss", boss.request("INVITE", f"sips:{ALICE}")))
        await pause(0.1)
        assert statuses(boss, invite)[-1] == status

    in_world(test)


def test_a_phone_that_wakes_for_a_sips_call_without_tls_does_not_get_it() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.transport = Transport.TCP
        boss = await Stranger(world, transport=Transport.TLS).open()
        boss.send(invite := await boss.signed("boss", boss.request("INVITE", f"sips:{ALICE}")))
        await pause(5)
        assert len(world.pushed("call")) == 1
        assert alice.calls == []
        await pause(20)
        assert statuses(boss, invite) == [100, 480]

    in_world(test)


def test_a_call_to_nobody_is_480_without_a_100() -> None:
    async def test(world: World) -> None:
        boss, invite = await calling(world)
        assert statuses(boss, invite) == [480]
        (event,) = noted(world, Happened.CALL_ENDED)
        assert event.fields == {"end": "no_wake", "status": 480}

    in_world(test)


def test_the_phone_gets_the_invite_at_its_contact_with_our_routes_on_top() -> None:
    async def test(world: World) -> None:
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        contact = f"<sip:line-1@{phone.address};x=y>"
        await phone.ask_as("alice", phone.register("alice", contact=contact))
        boss, invite = await calling(world, "Record-Route: <sip:before.example.net;lr>", "X-Custom: kept")
        await pause(0.5)
        (arrived,) = phone.requests
        assert arrived.uri == f"sip:line-1@{phone.address};x=y"
        assert arrived.headers.get("max-forwards") == "69"
        assert arrived.headers.get("x-custom") == "kept"
        assert "proxy-authorization" not in arrived.headers, "the caller's credentials are ours alone"
        routes = arrived.headers.values("record-route")
        assert len(routes) == 3
        assert routes[2] == "<sip:before.example.net;lr>"
        assert len(arrived.headers.values("via")) == 2
        assert arrived.call_id == invite.call_id
        phone.answer(arrived, 486)
        await pause(1)
        assert statuses(boss, invite)[-1] == 486

    in_world(test)


def test_the_same_invite_again_composes_the_same_branch() -> None:
    """So that after a crash it is a retransmission to the phone, and not a second call."""

    async def test(world: World) -> None:
        await awake(world, "alice")
        (binding,) = await world.store.do(ListBindings(aor=ALICE, wall=0.0))
        invite = octets(f"INVITE sip:{ALICE} SIP/2.0", *request_fields("INVITE"), "Content-Length: 0")
        record = CallRecord(id="1", trace="t", aor=ALICE, invite=invite, flow=TCP, received_at=0.0, wake_until=0.0)
        branches = [compose(world.core, record, binding, flow).via.branch for flow in (TCP, TCP._replace(serial=9))]
        await restart(world)
        branches.append(compose(world.core, record, binding, TCP).via.branch)
        assert len(set(branches)) == 1
        assert compose(world.core, replace(record, id="2"), binding, TCP).via.branch != branches[0]

    in_world(test)


@pytest.mark.parametrize("is_over", [False, True])
def test_another_copy_of_an_invite_neither_rings_again_nor_takes_the_place_of_the_first(*, is_over: bool) -> None:
    """RFC 3261 section 8.2.2.2: by another way while the call is under way, or late, when it has just ended."""

    async def test(world: World) -> None:
        alice = await awake(world, "alice")
        alice.on_call = refuse(486) if is_over else lambda *_: None
        world.core.gate = replace(world.core.gate, peers=(ip_network("203.0.113.0/24"),))
        boss = await Stranger(world, transport=Transport.UDP).open()
        invite = boss.request("INVITE", f"sip:{ALICE}", f"Contact: <sip:boss@{boss.address}>")
        boss.send(invite)
        await pause(0.1)
        if is_over:
            tag = boss.responses_to(invite)[-1].headers.get("to") or ""
            boss.send(boss.request("ACK", f"sip:{ALICE}", to=tag, branch=invite.via.branch, call_id=invite.call_id))
            await pause(6)  # timer I: the server transaction has ended
            copy = invite
        else:
            copy = invite.copy()
            via = (invite.headers.get("via") or "").replace(str(boss.address), "pbx.example.net:5060")
            copy.headers.replace_values("via", [via])
        known = len(boss.responses_to(invite))
        boss.send(copy)
        await pause(1)
        assert [answer.status for answer in boss.responses_to(invite)][known:] == [482]
        assert len(noted(world, Happened.INVITE_RECEIVED)) == len(alice.calls) == 1
        if not is_over:
            answer(alice, alice.calls[0])
            await pause(1)
            assert statuses(boss, invite)[-1] == 200

    in_world(test)


# ---- after a restart


def test_a_parked_call_survives_the_server_and_rings_when_its_phone_comes() -> None:
    """Reliability F7, P5."""

    async def test(world: World) -> None:
        alice = await asleep(world, transport=Transport.UDP)
        alice.wakes = False
        alice.on_call = answer
        boss, invite = await calling(world, transport=Transport.UDP)
        assert statuses(boss, invite) == [100]
        await restart(world)
        (event,) = noted(world, Happened.CALL_RECOVERED)
        assert event.fields == {"aor": ALICE, "call_id": invite.call_id}
        await pause(1)
        pushes = world.pushed("call")
        assert len(pushes) == 2
        assert len({push.notice.id for push in pushes}) == 1, "the phone knows it for a repeat"
        await alice.wake()
        await pause(2)
        assert len(alice.calls) == 1
        assert statuses(boss, invite)[-1] == 200
        assert len({s for s in statuses(boss, invite) if s >= 200}) == 1

    in_world(test)


def test_a_retransmission_after_the_restart_is_the_same_call() -> None:
    """Reliability F8."""

    async def test(world: World) -> None:
        alice = await asleep(world, transport=Transport.UDP)
        alice.wakes = False
        boss, invite = await calling(world, transport=Transport.UDP)
        await restart(world)
        await pause(0.5)
        for _ in range(3):
            boss.send(invite)
            await pause(0.5)
        assert len(noted(world, Happened.INVITE_RECEIVED)) == 1
        await alice.wake()
        await pause(2)
        assert len(alice.calls) == 1
        boss.send(boss.request("CANCEL", f"sip:{ALICE}", branch=invite.via.branch, call_id=invite.call_id))
        await pause(2)
        assert statuses(boss, invite)[-1] == 487
        assert alice.calls[0].ending == "cancelled"

    in_world(test)


def test_a_recovered_call_that_nobody_takes_gets_its_final_answer() -> None:
    """P1: exactly one final, also when its own time was over before the restart."""

    async def test(world: World) -> None:
        alice = await asleep(world, transport=Transport.UDP)
        alice.wakes = False
        boss, invite = await calling(world, transport=Transport.UDP)
        await world.stop()
        await pause(50)
        world.start()
        started = world.loop.time()
        await world.recover()
        while statuses(boss, invite)[-1] < 200:
            await pause(0.1)
        assert statuses(boss, invite)[-1] == 480
        assert RECOVERY_SECONDS <= world.loop.time() - started <= RECOVERY_SECONDS + 0.5
        await pause(10)
        assert {status for status in statuses(boss, invite) if status >= 200} == {480}

    in_world(test)


def test_a_call_that_nobody_can_be_waiting_for_any_more_wakes_no_phone() -> None:
    """P3: after an hour of downtime the caller is gone; whatever still listens there gets its final answer."""

    async def test(world: World) -> None:
        alice = await asleep(world, transport=Transport.UDP)
        alice.wakes = False
        boss, invite = await calling(world, transport=Transport.UDP)
        pushes = len(world.pushed("call"))
        await world.stop()
        await pause(3600)
        world.start()
        await world.recover()
        await pause(0.1)
        assert statuses(boss, invite)[-1] == 480
        await pause(60)
        assert len(world.pushed("call")) == pushes
        assert len(world.pushed("missed")) == 1, "it is told that it was missed"
        assert {status for status in statuses(boss, invite) if status >= 200} == {480}
        assert (await world.store.do(Recover(wall=0.0))).calls == ()

    in_world(test)


def test_a_recovered_call_says_100_again_for_the_first_may_have_died_with_the_server() -> None:
    """Or its caller goes on sending the INVITE, and gives up after 32 seconds (RFC 3261 section 17.1.1.2)."""

    async def test(world: World) -> None:
        alice = await asleep(world, transport=Transport.UDP)
        alice.wakes = False
        boss = await Stranger(world, transport=Transport.UDP).open()
        invite = await boss.signed("boss", boss.request("INVITE", f"sip:{ALICE}"))
        faulty(world).delay = 0.01
        boss.send(invite)
        await pause(0.005)
        await world.stop()  # between the commit and the 100
        await pause(0.1)
        assert statuses(boss, invite) == []
        world.start()
        await world.recover()
        await pause(0.1)
        assert statuses(boss, invite) == [100]
        boss.send(invite)
        await pause(0.1)
        assert statuses(boss, invite) == [100, 100]

    in_world(test, store=FaultyStore)


def test_a_caller_that_reconnects_after_the_restart_and_hangs_up_hears_the_487() -> None:
    """Its old connection died with the server: the answer goes down the one of the CANCEL (RFC 3261 section 18.2.2)."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss, invite = await calling(world)
        assert statuses(boss, invite) == [100]
        await restart(world)
        await pause(1)
        await boss.open()
        boss.send(boss.request("CANCEL", f"sip:{ALICE}", branch=invite.via.branch, call_id=invite.call_id))
        await pause(1)
        assert statuses(boss, invite)[-1] == 487
        await alice.wake()
        await pause(5)
        assert alice.calls == []

    in_world(test)


def test_a_phone_that_had_the_invite_is_awaited_and_not_pushed_again() -> None:
    """It was ringing, lost its connection with the server, and comes back by itself."""

    async def test(world: World) -> None:
        phone = await awake(world, "alice")
        boss, invite = await calling(world, transport=Transport.UDP)
        await pause(1)
        assert statuses(boss, invite) == [100, 180]
        await restart(world)
        await pause(1)
        assert world.provider.pushes == []
        await reconnect(phone)
        await pause(2)
        assert len(phone.calls) == 1, "a retransmission to it, not another call"
        answer(phone, phone.calls[0])
        await pause(1)
        assert statuses(boss, invite)[-1] == 200

    async def reconnect(phone: Phone) -> None:
        assert phone.line is not None
        await phone.line.open()
        await phone.register()

    in_world(test)


def test_a_caller_that_moves_after_the_restart_is_found_by_the_callees_bye() -> None:
    """Who calls is on disk with the call: the new life has never heard of the caller's registration."""

    async def test(world: World) -> None:
        alice = await asleep(world, transport=Transport.UDP)
        alice.wakes, alice.on_call = False, answer
        boss = await awake(world, transport=Transport.UDP)
        outgoing = call(boss, alice)
        await pause(1)
        await restart(world)
        await alice.wake()
        await pause(2)
        assert outgoing.state.value == "up"
        left = world.network.host(Transport.UDP, line_of(boss).flow.local)
        assert left is not None
        world.network.forget(left)
        await line_of(boss).open()
        await boss.register()
        hang_up(alice, alice.calls[0])
        await pause(1)
        assert outgoing.state is CallState.ENDED

    in_world(test)


def test_a_call_to_an_account_that_is_gone_is_404_and_finished() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world, transport=Transport.UDP)
        alice.wakes = False
        boss, invite = await calling(world, transport=Transport.UDP)
        await world.stop()
        world.start()
        del world.directory._fixed[ALICE]
        await world.recover()
        await pause(1)
        assert statuses(boss, invite)[-1] == 404
        ended = [op for op in faulty(world).submitted if isinstance(op, Finish)]
        assert [op.end for op in ended] == [CallEnd.ERROR]

    in_world(test, store=FaultyStore)


@pytest.mark.parametrize("status", [486, 603])
def test_a_phone_that_refused_just_before_the_crash_is_not_asked_again(status: int) -> None:
    """One that declines for all ends the call, though others had not answered when the server died."""

    async def test(world: World) -> None:
        refusing, other = [await awake(world, "alice", transport=Transport.UDP) for _ in range(2)]
        boss, invite = await calling(world, transport=Transport.UDP)
        await pause(0.5)
        assert len(other.calls) == 1
        await other.sleep()
        refuse(status)(refusing, refusing.calls[0])
        await pause(0.1)
        assert max(statuses(boss, invite)) == 180
        await restart(world)
        await pause(0.1)
        if status == 603:
            assert statuses(boss, invite)[-1] == 603
        await refusing.register()
        await pause(0.1)
        to = [flow.remote.host for _, flow, octets in world.network.sent if octets.startswith(b"INVITE sip:alice")]
        assert (to.count(refusing.address.host), len(refusing.calls)) == (1, 1)
        await pause(60)
        assert statuses(boss, invite)[-1] == status

    in_world(test)


def test_what_is_no_request_in_the_store_is_left_alone() -> None:
    async def test(world: World) -> None:
        record = CallRecord(
            id="1",
            trace="t",
            aor=ALICE,
            invite=octets("SIP/2.0 200 OK", *request_fields()),
            flow=TCP,
            received_at=0.0,
            wake_until=0.0,
        )
        world.server.recover(Recovered(((record, ()),)), world.loop.time(), world.stack.adopt)
        assert noted(world, Happened.CALL_RECOVERED) == []

    in_world(test)


def test_two_forks_of_one_call_by_different_ways_are_two_calls() -> None:
    """A PBX that calls twice under one Call-ID has two branches (RFC 3261 section 8.2.2.2 is the phone's to judge)."""

    async def test(world: World) -> None:
        alice = await awake(world, "alice")
        boss = await Stranger(world).open()
        first = boss.request("INVITE", f"sip:{ALICE}", call_id="same", branch="z9hG4bK-a")
        second = boss.request("INVITE", f"sip:{ALICE}", call_id="same", branch="z9hG4bK-b")
        for invite in (first, second):
            boss.send(await boss.signed("boss", invite))
        await pause(2)
        assert len(alice.calls) == 1
        assert max(boss.statuses) == 480, "the phone's 482 is never the call's answer"

    in_world(test)


def test_a_caller_without_a_contact_is_the_phones_to_refuse() -> None:
    async def test(world: World) -> None:
        alice = await awake(world, "alice")
        alice.on_call = answer
        boss = await Stranger(world).open()
        invite = await boss.signed("boss", boss.request("INVITE", f"sip:{ALICE}"))
        boss.send(invite)
        await pause(2)
        assert statuses(boss, invite)[-1] == 400
        assert alice.calls[0].state is CallState.ENDED
        assert call(alice, "sip:nobody@example.com").state is CallState.TRYING

    in_world(test)


def test_who_has_called_a_sleeping_phone_too_often_may_call_it_when_it_is_awake_but_not_without_end() -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        alice.wakes = False

        async def called() -> int | None:
            outgoing = call(boss, alice)
            await pause(1)
            status = 180 if outgoing.state is CallState.RINGING else outgoing.status
            cancel(boss, outgoing)
            await pause(1)
            return status

        assert [await called() for _ in range(4)][3] == 480, "three of one caller in a minute"
        await alice.wake()
        assert [await called() for _ in range(MOST_UNDER_WAY - 3)] == [180] * (MOST_UNDER_WAY - 3)
        assert await called() == 480, "so many calls at once are no caller who tries again"

    in_world(test)


@pytest.mark.parametrize("is_full", [False, True])
def test_who_calls_too_often_is_turned_away_once_whatever_ails_the_store(*, is_full: bool) -> None:
    async def test(world: World) -> None:
        await asleep(world)
        world.phones[0].wakes = False
        boss = await Stranger(world).open()
        for number in range(4):
            invite = await boss.signed("boss", boss.request("INVITE", f"sip:{ALICE}", f"Contact: <sip:{boss.address}>"))
            faulty(world).is_full = is_full and number == 3
            faulty(world).broken = (ListBindings,)
            boss.send(invite)
            await pause(1)
            assert [status for status in statuses(boss, invite) if status > 100] == ([480] if number == 3 else [])

    in_world(test, store=FaultyStore)
