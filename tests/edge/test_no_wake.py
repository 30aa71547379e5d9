"""What becomes of a call that no phone came for."""

from __future__ import annotations

import pytest
from tests.edge.boss_calls import ALICE, BOB, Call, calling, deaf, forwarded, open_calls
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import answer, asleep, awake, refuse
from tests.support.stranger import Stranger
from tests.support.tenant_world import PBX, VOICEMAIL, TenantWorld, in_tenant_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN

from ringwake.model.account import Aor
from ringwake.model.events import Happened
from ringwake.model.push import Unregistered
from ringwake.model.store_ops import Finish, Park
from ringwake.model.tenant import Tenant, WhileWaking
from ringwake.sip.flow import Transport
from ringwake.sip.methods import ACK, BYE, CANCEL, INVITE, UPDATE
from ringwake.wake.called_phones import MOST_SECONDS
from ringwake.wake.means import Timing

DIVERTED = f"<{ALICE}>;reason=no-answer;counter=1"


# ---- 480 with the reason


def test_by_default_the_caller_hears_480_and_why() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        call = await calling(world)
        await pause(25)
        assert call.statuses == [100, 480]
        assert call.final.headers.get("reason") == 'Q.850;cause=20;text="No phone woke in 20 s"'

    in_tenant_world(test)


def test_the_reason_tells_who_has_no_phone_from_who_cannot_be_reached() -> None:
    async def test(world: TenantWorld) -> None:
        call = await calling(world)
        assert call.final.headers.get("reason") == 'Q.850;cause=20;text="No phone is registered that could be woken"'
        await call.boss.close()
        alice = await deaf(world)
        world.provider.answer = lambda _: Unregistered("gone", None)
        call = await calling(world)
        await pause(1)
        reason = call.final.headers.get("reason")
        assert reason == 'Q.850;cause=20;text="No phone could be reached"'
        assert alice.token not in call.final.encode().decode()

    in_tenant_world(test)


# ---- forward to an account


@pytest.mark.parametrize("is_known", [True, False])
def test_the_call_wakes_the_phone_of_the_next_account(is_known: bool) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await deaf(world) if is_known else None
        bob = await asleep(world, "bob")
        bob.on_call = answer
        call = await calling(world)
        if is_known:
            await pause(19)
            assert call.statuses == [100]
            assert bob.pushes == []
        await pause(3)
        assert call.statuses[:3] == [100, 180, 200]
        (rang,) = bob.calls
        assert rang.invite.headers.values("diversion") == [DIVERTED]
        assert rang.invite.headers.get("to") == call.invite.headers.get("to")
        assert rang.invite.headers.get("max-forwards") == "68"
        assert [p.notice.kind.value for p in bob.pushes] == ["call"]
        call.boss.send(call.in_dialog(ACK, seq=call.invite.cseq.number))
        bye = await call.boss.ask(call.in_dialog(BYE))
        assert bye is not None
        assert bye.status == 200
        assert call.final.status == 200
        if alice is not None:
            assert [p.notice.kind.value for p in alice.pushes] == ["call", "missed"]
            assert call.verdict.startswith(f"No phone woke in 20 s; the call went on to {BOB}. It was answered.")
        await pause(60)
        assert len(world.core.calls) == 2, "refresher and upkeep: nothing of it is kept"
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=BOB)


def test_a_phone_that_comes_when_the_call_has_gone_on_does_not_ring() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await deaf(world)
        bob = await asleep(world, "bob")
        call = await calling(world)
        await pause(22)
        await alice.wake()
        answer(bob, bob.calls[0])
        await pause(1)
        assert alice.calls == []
        assert call.final.status == 200

    in_tenant_world(test, no_wake=BOB)


@pytest.mark.parametrize("status", [486, 603, 480])
def test_a_phone_that_refuses_has_answered(status: int) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.on_call = refuse(status)
        await deaf(world)
        bob = await asleep(world, "bob")
        call = await calling(world)
        await pause(25)
        assert call.final.status == status
        assert bob.pushes == []

    in_tenant_world(test, no_wake=BOB)


def test_a_phone_that_refused_before_a_restart_has_answered_too() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        alice.on_call = refuse(480)
        await deaf(world)
        bob = await asleep(world, "bob")
        call = await calling(world)
        await pause(2)
        await world.restart()
        await pause(30)
        assert call.final.status == 480
        assert bob.pushes == []

    in_tenant_world(test, no_wake=BOB)


def test_a_phone_that_rang_has_come() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await asleep(world)
        bob = await asleep(world, "bob")
        call = await calling(world)
        await pause(90)
        assert len(alice.calls) == 1
        assert call.final.status == 480
        assert bob.pushes == []
        assert call.verdict.startswith("It rang, and nobody answered.")

    in_tenant_world(test, no_wake=BOB)


def test_an_account_that_sends_to_itself_ends_there() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        call = await calling(world)
        await pause(25)
        assert call.final.status == 480
        assert "the next account has been tried" in (call.final.headers.get("reason") or "")

    in_tenant_world(test, no_wake=ALICE)


def test_a_chain_ends_where_it_would_come_again() -> None:
    """Alice's calls go on to bob, and so would bob's."""

    async def test(world: TenantWorld) -> None:
        await deaf(world)
        bob = await deaf(world, "bob")
        call = await calling(world)
        await pause(60)
        assert call.final.status == 480
        assert [p.notice.kind.value for p in bob.pushes] == ["call", "missed"]
        assert call.statuses.count(100) == 1
        assert f"the call went on to {BOB}. The push service took the push" in call.verdict

    in_tenant_world(test, no_wake=BOB)


def test_a_call_that_has_come_from_here_before_goes_nowhere_again() -> None:
    """A PBX has sent it back, with the Diversion that we wrote."""

    async def test(world: TenantWorld) -> None:
        await deaf(world)
        call = await calling(world, f"Diversion: <sip:500@pbx.example>;reason=no-answer, {DIVERTED}")
        await pause(25)
        assert call.final.status == 480
        assert "has gone on from here before" in (call.final.headers.get("reason") or "")

    in_tenant_world(test, no_wake=BOB)


def test_a_call_without_hops_left_goes_nowhere() -> None:
    async def test(world: TenantWorld) -> None:
        boss = await Stranger(world).open()
        asked = boss.request(INVITE, ALICE, f"Contact: <sip:boss@{boss.address}>")
        asked.headers.set("max-forwards", "1")
        invite = await boss.signed("boss", asked)
        boss.send(invite)
        await pause(0.1)
        call = Call(world, boss, invite)
        assert call.final.status == 480
        assert "Max-Forwards" in (call.final.headers.get("reason") or "")

    in_tenant_world(test, no_wake=BOB)


def test_a_call_that_has_waited_long_goes_nowhere() -> None:
    """Proxies on the way give up three minutes after the last response above 100."""

    async def test(world: TenantWorld) -> None:
        await deaf(world)
        bob = await asleep(world, "bob")
        call = await calling(world)
        await pause(MOST_SECONDS - 60 + 1)
        assert "no time is left" in (call.final.headers.get("reason") or "")
        assert bob.pushes == []

    in_tenant_world(test, no_wake=BOB, timing=Timing(wake=114.0, ring=60.0))


def test_the_next_phone_rings_no_longer_than_a_call_may() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        bob = await asleep(world, "bob")
        call = await calling(world)
        await pause(101)
        assert len(bob.calls) == 1
        await bob.sleep()
        await pause(11)
        await bob.wake()
        assert call.statuses[-1] == 180
        await pause(MOST_SECONDS - 101 - 11)
        assert call.final.status == 480

    in_tenant_world(test, no_wake=BOB, timing=Timing(wake=100.0, ring=70.0))


def test_a_call_that_has_gone_on_is_not_too_old_after_a_restart() -> None:
    """It may ring longer than a call that waits for its first account."""

    async def test(world: TenantWorld) -> None:
        await deaf(world)
        bob = await deaf(world, "bob")
        call = await calling(world)
        await pause(112)
        await bob.wake()
        await pause(52)
        assert len(bob.calls) == 1
        await world.restart()
        bob.on_call = answer
        await bob.wake()
        await pause(1)
        assert call.final.status == 200

    in_tenant_world(test, no_wake=BOB, timing=Timing(wake=100.0, ring=60.0))


def test_the_next_account_is_not_called_more_often_than_callers_may() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        bob = await deaf(world, "bob")
        for _ in range(3):
            world.core.means.callers.asked(f" boss@{DOMAIN}", bob.aor[4:], world.loop.time() + 20)
        call = await calling(world)
        await pause(25)
        assert "the next account is called too often" in (call.final.headers.get("reason") or "")
        assert bob.pushes == []

    in_tenant_world(test, no_wake=BOB)


@pytest.mark.parametrize("after", [5.0, 21.0, 23.0])
def test_cancel_ends_the_call_wherever_it_is(after: float) -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        bob = await asleep(world, "bob")
        call = await calling(world)
        await pause(after)
        call.cancel()
        await pause(70)
        assert call.final.status == 487
        assert len(bob.calls) == (after > 20)
        assert "The caller hung up." in call.verdict or "The caller hung up before" in call.verdict
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=BOB)


@pytest.mark.parametrize("after", [0.0, 0.02, 2.0])
def test_a_restart_loses_nothing_of_a_call_that_has_gone_on(after: float) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await deaf(world)
        bob = await asleep(world, "bob")
        bob.wakes = False
        call = await calling(world)
        await pause(19.9 + after)
        await world.restart()
        bob.wakes = True
        bob.on_call = answer
        await pause(12)
        await bob.wake()
        await pause(5)
        assert call.final.status == 200
        assert len(bob.calls) == 1
        assert alice.calls == []
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=BOB)


def test_a_crash_between_the_two_writes_leaves_one_call() -> None:
    """The next call is on disk, and the end of the first is not."""

    async def test(world: TenantWorld) -> None:
        await deaf(world)
        bob = await deaf(world, "bob")
        call = await calling(world)
        store = world.store
        assert isinstance(store, FaultyStore)
        store.broken = (Finish,)
        await pause(21)
        assert open_calls(world) == 2
        store.broken = ()
        await world.restart()
        assert open_calls(world) == 1
        bob.on_call = answer
        await bob.wake()
        await pause(2)
        assert call.final.status == 200
        await pause(60)
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=BOB, store=FaultyStore)


def test_our_early_dialog_goes_along_with_the_call() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        await deaf(world, "bob")
        call = await calling(world)
        await pause(22)
        assert call.statuses == [100, 180]
        early = call.responses[-1]
        asked = call.boss.request(
            UPDATE, "sip:10.0.0.1", to=early.headers.get("to") or "", call_id=call.invite.call_id, seq=5
        )
        asked.headers.set("from", call.invite.headers.get("from") or "")
        found = await call.boss.ask(asked)
        assert found is not None
        assert found.status == 200
        await pause(60)
        assert call.final.status == 480

    in_tenant_world(test, no_wake=BOB, while_waking=WhileWaking.RINGING)


def test_the_next_account_may_begin_the_early_dialog() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world, "bob")
        call = await calling(world)
        assert call.statuses == [100, 180]

    in_tenant_world(test, no_wake=BOB, while_waking=WhileWaking.RINGING)


def test_a_call_goes_on_between_tenants() -> None:
    async def test(world: TenantWorld) -> None:
        world.directory._tenants["other.example"] = Tenant(domain="other.example", no_wake=ALICE)
        await deaf(world)
        call = await calling(world)
        await pause(25)
        assert call.final.status == 480
        assert "the PBX could not be reached" in (call.final.headers.get("reason") or "")

    in_tenant_world(lambda world: _cut(world, test), no_wake="sip:nobody@other.example")


async def _cut(world: TenantWorld, test: object) -> None:
    world.way.is_up = False
    await test(world)  # type: ignore[operator]


# ---- forward to the PBX


@pytest.mark.parametrize("is_known", [True, False])
def test_the_pbx_takes_the_call_that_no_phone_came_for(is_known: bool) -> None:
    async def test(world: TenantWorld) -> None:
        alice = await deaf(world) if is_known else None
        pbx = await world.pbx()
        call = await calling(world)
        await pause(21 if is_known else 0.5)
        (invite,) = forwarded(pbx)
        assert invite.uri == VOICEMAIL
        assert invite.headers.values("diversion") == [DIVERTED]
        assert "pn-" not in invite.encode().decode()
        assert "proxy-authorization" not in invite.headers
        routes = [("record-route", text) for text in invite.headers.texts("record-route")]
        contact = ("contact", f"<sip:500@{PBX}>")
        pbx.answer(invite, 183, *routes, contact)
        await pause(0.1)
        pbx.answer(invite, 200, *routes, contact)
        await pause(0.1)
        assert call.statuses == [100, 183, 200]
        call.boss.send(call.in_dialog(ACK, seq=call.invite.cseq.number))
        call.boss.send(call.in_dialog(BYE))
        await pause(0.1)
        assert [r.method for r in pbx.requests][-2:] == [ACK, BYE]
        pbx.answer(pbx.requests[-1], 200)
        assert open_calls(world) == 0
        if alice is not None:
            assert [p.notice.kind.value for p in alice.pushes] == ["call", "missed"]
            assert call.verdict == f"No phone woke in 20 s; the call went on to {VOICEMAIL}. It was answered."
        await pause(60)
        assert len(world.core.calls) == 2

    in_tenant_world(test, no_wake=VOICEMAIL)


@pytest.mark.parametrize(("said", "heard"), [(486, 486), (404, 404), (401, 480), (407, 480), (503, 500)])
def test_the_word_of_the_pbx_is_passed_on_but_for_its_challenge(said: int, heard: int) -> None:
    async def test(world: TenantWorld) -> None:
        pbx = await world.pbx()
        call = await calling(world)
        pbx.answer(forwarded(pbx)[0], said)
        await pause(1)
        assert call.final.status == heard
        assert "www-authenticate" not in call.final.headers
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_pbx_that_says_nothing_is_480() -> None:
    async def test(world: TenantWorld) -> None:
        call = await calling(world)
        await pause(40)
        assert call.final.status == 480
        assert "the PBX could not be reached" in (call.final.headers.get("reason") or "")

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_timer_c_ends_what_rings_at_the_pbx_for_too_long() -> None:
    async def test(world: TenantWorld) -> None:
        pbx = await world.pbx()
        call = await calling(world)
        (invite,) = forwarded(pbx)
        pbx.answer(invite, 180)
        await pause(182)
        (cancelled,) = forwarded(pbx, CANCEL)
        pbx.answer(cancelled, 200)
        pbx.answer(invite, 487)
        await pause(1)
        assert call.final.status == 480

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_pbx_that_cannot_be_reached_is_480() -> None:
    async def test(world: TenantWorld) -> None:
        world.way.is_up = False
        call = await calling(world)
        assert call.final.status == 480
        assert "the PBX could not be reached" in (call.final.headers.get("reason") or "")

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_sips_call_does_not_leave_in_the_clear() -> None:
    async def test(world: TenantWorld) -> None:
        pbx = await world.pbx()
        call = await calling(world, uri=f"sips:alice@{DOMAIN}", transport=Transport.TLS)
        assert call.final.status == 480
        assert pbx.requests == []

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_sips_call_stays_one_for_the_next_account() -> None:
    async def test(world: TenantWorld) -> None:
        bob = await awake(world, "bob")
        await calling(world, uri=f"sips:alice@{DOMAIN}", transport=Transport.TLS)
        (event,) = [e for e in world.events if e.what is Happened.CALL_FORWARDED]
        assert event.fields["to"] == f"sips:bob@{DOMAIN}"
        assert len(bob.calls) == 1

    in_tenant_world(test, no_wake=BOB)


def test_cancel_reaches_the_pbx() -> None:
    async def test(world: TenantWorld) -> None:
        pbx = await world.pbx()
        call = await calling(world)
        (invite,) = forwarded(pbx)
        pbx.answer(invite, 180)
        await pause(0.1)
        call.cancel()
        await pause(0.1)
        (cancelled,) = forwarded(pbx, CANCEL)
        pbx.answer(cancelled, 200)
        pbx.answer(invite, 487)
        await pause(1)
        assert call.final.status == 487
        assert call.verdict.endswith("The caller hung up before a phone rang.") is False
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_restart_sends_the_same_invite_to_the_pbx_as_soon_as_that_is_reached() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await deaf(world)
        pbx = await world.pbx()
        call = await calling(world)
        await pause(21)
        world.way.is_up = False
        await world.restart()
        await pause(2)
        pushes = len(alice.pushes)
        world.way.is_up = True
        await pause(1)
        (invite,) = forwarded(pbx)
        routes = [("record-route", text) for text in invite.headers.texts("record-route")]
        pbx.answer(invite, 200, *routes, ("contact", f"<sip:500@{PBX}>"))
        await pause(0.5)
        assert call.final.status == 200
        assert len(alice.pushes) == pushes, "nobody is woken for it again"
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_restart_without_the_pbx_ends_the_call() -> None:
    async def test(world: TenantWorld) -> None:
        await world.pbx()
        call = await calling(world)
        world.way.is_up = False
        await world.restart()
        await pause(10)
        assert call.final.status == 480
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_call_to_the_pbx_that_is_too_old_is_not_sent_again() -> None:
    async def test(world: TenantWorld) -> None:
        pbx = await world.pbx()
        call = await calling(world)
        await world.stop()
        await pause(MOST_SECONDS + 1)
        known = len(pbx.requests)
        world.start()
        await world.recover()
        await pause(1)
        assert call.final.status in (404, 480)
        assert len(pbx.requests) == known
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_cancel_before_a_restart_is_not_forgotten() -> None:
    """The PBX has not yet answered it."""

    async def test(world: TenantWorld) -> None:
        pbx = await world.pbx()
        call = await calling(world)
        pbx.answer(forwarded(pbx)[0], 180)
        await pause(0.1)
        call.cancel()
        await pause(0.1)
        known = len(forwarded(pbx))
        await world.restart()
        await pause(1)
        assert call.final.status == 487
        assert len(forwarded(pbx)) == known

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_disk_that_cannot_write_delays_nothing() -> None:
    async def test(world: TenantWorld) -> None:
        store = world.store
        assert isinstance(store, FaultyStore)
        store.broken = (Park,)
        pbx = await world.pbx()
        call = await calling(world)
        pbx.answer(forwarded(pbx)[0], 486)
        await pause(1)
        assert call.final.status == 486
        assert Happened.STORE_FAILED in {event.what for event in world.events}

    in_tenant_world(test, no_wake=VOICEMAIL, store=FaultyStore)


# ---- redirect


def test_the_caller_is_told_where_to_call() -> None:
    async def test(world: TenantWorld) -> None:
        alice = await deaf(world)
        pbx = await world.pbx()
        call = await calling(world)
        await pause(21)
        assert call.statuses == [100, 302]
        assert call.final.headers.values("contact") == [f"<{VOICEMAIL}>"]
        assert call.final.headers.values("diversion") == [DIVERTED]
        assert pbx.requests == []
        assert [p.notice.kind.value for p in alice.pushes] == ["call", "missed"]
        assert call.verdict == f"No phone woke in 20 s; the caller was told to call {VOICEMAIL}."
        assert open_calls(world) == 0

    in_tenant_world(test, no_wake=VOICEMAIL, redirects=True)


def test_a_recovered_call_goes_on_as_well() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        pbx = await world.pbx()
        call = await calling(world)
        await world.restart()
        await pause(21)
        assert len(forwarded(pbx)) == 1
        assert Aor("alice@example.com") in {event.fields.get("aor") for event in world.events}
        call.cancel()

    in_tenant_world(test, no_wake=VOICEMAIL)
