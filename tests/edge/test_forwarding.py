"""Where calls go on to that are not for the phones of an account, or that these have not taken."""

from __future__ import annotations

import pytest
from tests.edge.boss_calls import ALICE, BOB, calling, deaf, forwarded, history, open_calls
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import answer, asleep, awake, refuse
from tests.support.tenant_world import PBX, VOICEMAIL, TenantWorld, in_tenant_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone

from ringwake.model.account import Aor
from ringwake.model.call_settings import Forwards
from ringwake.model.events import Happened
from ringwake.model.history import Entry, Outcome
from ringwake.model.history_ops import Log
from ringwake.model.store_ops import Finish
from ringwake.sip.methods import CANCEL
from ringwake.ua.call import IncomingCall
from ringwake.wake.means import Timing

CAROL = f"sip:carol@{DOMAIN}"


def diverted(reason: str, uri: str = ALICE) -> str:
    return f"<{uri}>;reason={reason};counter=1"


def of_alice(world: TenantWorld) -> Entry:
    """The one entry of alice."""
    (entry,) = [entry for entry in history(world) if entry.aor == f"alice@{DOMAIN}"]
    return entry


def kinds(phone: Phone) -> list[str]:
    return [push.notice.kind.value for push in phone.pushes]


def rings(phone: Phone, incoming: IncomingCall) -> None:
    """Nobody answers this phone."""


# ---- always


def test_all_calls_go_on_and_no_phone_is_woken_or_rung() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=BOB))
        sleeping, waking = await asleep(world), await awake(world, "alice")
        bob = await asleep(world, "bob")
        bob.on_call = answer
        call = await calling(world)
        await pause(3)
        assert call.statuses == [100, 180, 200]
        assert (sleeping.pushes, waking.calls) == ([], [])
        (rang,) = bob.calls
        assert rang.invite.headers.values("diversion") == [diverted("unconditional")]
        assert call.verdict.startswith(f"All calls of the account go on; the call went on to {BOB}. It was answered.")
        assert (of_alice(world).outcome, of_alice(world).status, of_alice(world).is_unread) == (
            Outcome.FORWARDED,
            0,
            False,
        )
        assert open_calls(world) == 0

    in_tenant_world(test)


def test_they_go_on_to_the_pbx() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=VOICEMAIL))
        pbx = await world.pbx()
        call = await calling(world)
        (invite,) = forwarded(pbx)
        assert invite.uri == VOICEMAIL
        assert invite.headers.values("diversion") == [diverted("unconditional")]
        pbx.answer(invite, 486)
        await pause(0.1)
        assert call.final.status == 486, "the word of the PBX is the caller's"
        assert open_calls(world) == 0

    in_tenant_world(test)


@pytest.mark.parametrize("redirects", [True, False])
def test_the_caller_is_told_where_to_where_we_cannot_reach_it(redirects: bool) -> None:
    """The tenant wants it so, or has no PBX."""

    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always="sip:alice@elsewhere.example"))
        if not redirects:
            world.trunks._ways.clear()
        alice = await asleep(world)
        call = await calling(world)
        assert call.statuses == [302]
        assert call.final.headers.values("contact") == ["<sip:alice@elsewhere.example>"]
        assert call.final.headers.values("diversion") == [diverted("unconditional")]
        assert (alice.pushes, of_alice(world).outcome, of_alice(world).status) == ([], Outcome.FORWARDED, 302)
        assert open_calls(world) == 0

    in_tenant_world(test, redirects=redirects)


def test_what_goes_round_in_a_circle_ends() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=BOB))
        world.choose("bob", forward=Forwards(always=ALICE))
        alice, bob = await asleep(world), await asleep(world, "bob")
        call = await calling(world)
        await pause(1)
        assert call.final.status == 480
        assert "the next account has been tried" in (call.final.headers.get("reason") or "")
        assert (alice.pushes, bob.pushes) == ([], [])
        assert [(entry.aor, entry.outcome) for entry in history(world)] == [
            (f"bob@{DOMAIN}", Outcome.NO_WAKE),
            (f"alice@{DOMAIN}", Outcome.FORWARDED),
        ]

    in_tenant_world(test)


def test_a_call_that_a_pbx_sends_back_ends() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=VOICEMAIL))
        pbx = await world.pbx()
        call = await calling(world, f"Diversion: {diverted('unconditional')}")
        assert call.final.status == 480
        assert "has gone on from here before" in (call.final.headers.get("reason") or "")
        assert (pbx.requests, of_alice(world).outcome) == ([], Outcome.NO_WAKE)

    in_tenant_world(test)


def test_a_chain_is_followed_as_long_as_it_is_none() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=BOB))
        world.choose("bob", forward=Forwards(unreachable=CAROL))
        bob, carol = await deaf(world, "bob"), await asleep(world, "carol")
        carol.on_call = answer
        call = await calling(world)
        await pause(23)
        assert call.final.status == 200
        (rang,) = carol.calls
        assert rang.invite.headers.values("diversion") == [
            diverted("unavailable", BOB),
            diverted("unconditional"),
        ]
        assert kinds(bob) == ["call", "missed"]
        assert {entry.aor[:3]: entry.outcome for entry in history(world)} == {
            "ali": Outcome.FORWARDED,
            "bob": Outcome.NO_WAKE,
            "car": Outcome.ANSWERED,
        }

    in_tenant_world(test)


def test_the_trace_follows_a_call_that_goes_on_twice_at_once() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=BOB))
        world.choose("bob", forward=Forwards(always=VOICEMAIL))
        pbx = await world.pbx()
        call = await calling(world)
        assert call.verdict.endswith(f"the call went on to {VOICEMAIL}. It is still under way there.")
        pbx.answer(forwarded(pbx)[0], 486)
        await pause(0.1)
        why = "All calls of the account go on"
        assert (
            call.verdict
            == f"{why}; the call went on to {BOB}. {why}; the call went on to {VOICEMAIL}. It was declined."
        )

    in_tenant_world(test)


def test_a_call_that_cannot_go_on_says_why_in_the_trace() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=VOICEMAIL))
        world.way.is_up = False
        call = await calling(world)
        assert call.final.status == 480
        assert call.verdict == "All calls of the account go on, and the PBX could not be reached."
        assert (of_alice(world).outcome, of_alice(world).status) == (Outcome.NO_WAKE, 480)

    in_tenant_world(test)


def test_a_disk_that_cannot_write_stops_no_call() -> None:
    async def test(world: TenantWorld) -> None:
        store = world.store
        assert isinstance(store, FaultyStore)
        store.broken = (Log,)
        world.choose("alice", forward=Forwards(always=BOB))
        bob = await awake(world, "bob")
        bob.on_call = answer
        call = await calling(world)
        await pause(1)
        assert call.final.status == 200
        (failed,) = [event for event in world.events if event.what is Happened.STORE_FAILED]
        assert failed.fields["op"] == "log"

    in_tenant_world(test, store=FaultyStore)


# ---- do not disturb


def test_who_does_not_want_to_be_disturbed_has_calls_go_on_as_if_busy() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", do_not_disturb=True, forward=Forwards(busy=BOB))
        alice, bob = await asleep(world), await asleep(world, "bob")
        bob.on_call = answer
        call = await calling(world)
        await pause(3)
        assert call.final.status == 200
        assert bob.calls[0].invite.headers.values("diversion") == [diverted("do-not-disturb")]
        assert "call" not in kinds(alice)
        assert of_alice(world).outcome is Outcome.SILENCED

    in_tenant_world(test)


def test_when_it_cannot_go_on_the_caller_hears_480() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", do_not_disturb=True, forward=Forwards(busy=ALICE))
        await asleep(world)
        call = await calling(world)
        assert call.final.status == 480
        assert of_alice(world).outcome is Outcome.SILENCED

    in_tenant_world(test)


def test_the_next_account_may_want_silence_itself() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(unreachable=BOB))
        world.choose("bob", do_not_disturb=True)
        await deaf(world)
        bob = await asleep(world, "bob")
        call = await calling(world)
        await pause(22)
        assert call.final.status == 480
        assert (bob.calls, "call" in kinds(bob)) == ([], False)
        assert {entry.aor[:3]: entry.outcome for entry in history(world)} == {
            "ali": Outcome.NO_WAKE,
            "bob": Outcome.SILENCED,
        }
        assert open_calls(world) == 0

    in_tenant_world(test)


def test_a_caller_that_the_next_account_has_blocked_hears_603() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=BOB))
        world.choose("bob", block=(f"boss@{DOMAIN}",))
        call = await calling(world)
        assert call.final.status == 603

    in_tenant_world(test)


# ---- busy


@pytest.mark.parametrize("status", [486, 600])
def test_a_busy_account_has_calls_go_on(status: int) -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(busy=BOB))
        alice, bob = await awake(world, "alice"), await asleep(world, "bob")
        alice.on_call, bob.on_call = refuse(status), answer
        call = await calling(world)
        await pause(3)
        assert call.final.status == 200
        assert bob.calls[0].invite.headers.values("diversion") == [diverted("user-busy")]
        assert call.verdict.startswith(f"The account is busy; the call went on to {BOB}. It was answered.")
        assert (of_alice(world).outcome, of_alice(world).is_unread) == (Outcome.FORWARDED, False)
        assert open_calls(world) == 0

    in_tenant_world(test)


def test_an_account_is_busy_when_all_its_phones_are() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(busy=BOB))
        first, second, bob = await awake(world, "alice"), await awake(world, "alice"), await awake(world, "bob")
        first.on_call, second.on_call = refuse(486), rings
        await calling(world)
        await pause(5)
        assert (len(first.calls), len(second.calls), bob.calls) == (1, 1, [])
        refuse(486)(second, second.calls[0])
        await pause(1)
        assert len(bob.calls) == 1

    in_tenant_world(test)


@pytest.mark.parametrize("status", [603, 404])
def test_another_word_of_a_phone_is_the_callers(status: int) -> None:
    async def test(world: TenantWorld) -> None:
        everywhere = Forwards(busy=BOB, no_answer=BOB, unreachable=BOB)
        world.choose("alice", forward=everywhere)
        alice, bob = await awake(world, "alice"), await asleep(world, "bob")
        alice.on_call = refuse(status)
        call = await calling(world)
        await pause(3)
        assert (call.final.status, bob.pushes) == (status, [])

    in_tenant_world(test)


def test_a_busy_account_that_has_nowhere_to_go_says_so() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(unreachable=BOB))
        alice = await awake(world, "alice")
        alice.on_call = refuse(486)
        call = await calling(world)
        await pause(1)
        assert call.final.status == 486
        assert of_alice(world).outcome is Outcome.DECLINED

    in_tenant_world(test, no_wake=BOB)


def test_a_call_that_cannot_go_on_hears_the_phones_word() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(busy=ALICE))
        alice = await awake(world, "alice")
        alice.on_call = refuse(486)
        call = await calling(world)
        await pause(1)
        assert call.final.status == 486

    in_tenant_world(test)


# ---- no answer


def test_a_call_that_nobody_answers_in_time_goes_on() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", no_answer=15.0, forward=Forwards(no_answer=VOICEMAIL))
        alice, pbx = await awake(world, "alice"), await world.pbx()
        alice.on_call = rings
        call = await calling(world)
        await pause(14)
        assert forwarded(pbx) == []
        await pause(2)
        (invite,) = forwarded(pbx)
        assert invite.headers.values("diversion") == [diverted("no-answer")]
        assert call.verdict.startswith("Nobody answered in 15 s; the call went on to")
        assert (of_alice(world).outcome, of_alice(world).is_unread) == (Outcome.NO_ANSWER, True)
        pbx.answer(invite, 180)
        await pause(0.1)
        call.cancel()
        await pause(0.1)
        (cancelled,) = forwarded(pbx, CANCEL)
        pbx.answer(cancelled, 200)
        pbx.answer(invite, 487)
        await pause(1)
        assert call.final.status == 487
        assert open_calls(world) == 0

    in_tenant_world(test)


def test_without_a_time_of_the_owners_it_is_the_servers() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(no_answer=BOB))
        alice, bob = await awake(world, "alice"), await awake(world, "bob")
        alice.on_call = rings
        await calling(world)
        await pause(29)
        assert bob.calls == []
        await pause(3)
        assert len(bob.calls) == 1

    in_tenant_world(test, timing=Timing(ring=30.0))


def test_a_phone_that_gives_up_by_itself_has_not_answered() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(no_answer=BOB))
        alice, bob = await awake(world, "alice"), await awake(world, "bob")
        alice.on_call = refuse(480)
        await calling(world)
        await pause(1)
        assert len(bob.calls) == 1

    in_tenant_world(test)


def test_the_owner_has_a_second_to_answer_while_the_call_is_taken_away() -> None:
    """The phone answers when its CANCEL is on the way."""

    async def test(world: TenantWorld) -> None:
        world.choose("alice", no_answer=10.0, forward=Forwards(no_answer=BOB))
        alice, bob = await awake(world, "alice"), await awake(world, "bob")
        alice.on_call = rings
        call = await calling(world)
        await pause(9.9)
        answer(alice, alice.calls[0])
        await pause(2)
        assert (call.final.status, bob.calls) == (200, [])

    in_tenant_world(test)


# ---- unreachable


@pytest.mark.parametrize("is_known", [True, False])
def test_the_owners_choice_comes_before_the_tenants(is_known: bool) -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(unreachable=BOB))
        if is_known:
            await deaf(world)
        bob, pbx = await awake(world, "bob"), await world.pbx()
        await calling(world)
        await pause(21)
        assert pbx.requests == []
        assert bob.calls[0].invite.headers.values("diversion") == [diverted("unavailable")]

    in_tenant_world(test, no_wake=VOICEMAIL)


def test_a_call_that_nobody_came_for_is_missed_whoever_takes_it_then() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(unreachable=BOB))
        alice, bob = await deaf(world), await asleep(world, "bob")
        bob.on_call = answer
        await calling(world)
        await pause(25)
        assert kinds(alice) == ["call", "missed"]
        assert (of_alice(world).outcome, of_alice(world).is_unread) == (Outcome.NO_WAKE, True)

    in_tenant_world(test)


def test_a_phone_that_refused_before_a_restart_was_reached() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(unreachable=BOB, no_answer=CAROL))
        alice = await asleep(world)
        alice.on_call = refuse(480)
        await deaf(world)
        bob, carol = await deaf(world, "bob"), await deaf(world, "carol")
        await calling(world)
        await pause(2)
        await world.restart()
        await pause(30)
        assert (bob.pushes, kinds(carol)[:1]) == ([], ["call"])

    in_tenant_world(test)


# ---- what may happen meanwhile


@pytest.mark.parametrize("forwards", [Forwards(busy=VOICEMAIL), Forwards(always=VOICEMAIL)])
def test_a_restart_sends_the_same_invite_to_the_pbx(forwards: Forwards) -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=forwards)
        alice, pbx = await awake(world, "alice"), await world.pbx()
        alice.on_call = refuse(486)
        call = await calling(world)
        await pause(1)
        (before,) = forwarded(pbx)
        await alice.sleep()
        await world.restart()
        await pause(1)
        (invite,) = forwarded(pbx)
        assert invite.via.branch == before.via.branch
        routes = [("record-route", text) for text in invite.headers.texts("record-route")]
        pbx.answer(invite, 200, *routes, ("contact", f"<sip:500@{PBX}>"))
        await pause(0.5)
        assert call.final.status == 200
        assert len(alice.calls) == (1 if forwards.busy else 0)
        assert open_calls(world) == 0

    in_tenant_world(test)


@pytest.mark.parametrize(
    ("forwards", "outcome"),
    [(Forwards(busy=BOB), Outcome.FORWARDED), (Forwards(unreachable=BOB), Outcome.NO_WAKE)],
)
def test_a_crash_between_the_two_writes_leaves_one_call_and_both_entries(forwards: Forwards, outcome: Outcome) -> None:
    """The next call is on disk, and the end of the first is not."""

    async def test(world: TenantWorld) -> None:
        store = world.store
        assert isinstance(store, FaultyStore)
        world.choose("alice", forward=forwards)
        bob = await deaf(world, "bob")
        if forwards.busy:
            alice = await awake(world, "alice")
            alice.on_call = refuse(486)
        else:
            await deaf(world)
        store.broken = (Finish,)
        call = await calling(world)
        await pause(1 if forwards.busy else 21)
        assert open_calls(world) == 2
        store.broken = ()
        await world.restart()
        assert of_alice(world).outcome is outcome
        bob.on_call = answer
        await bob.wake()
        await pause(2)
        assert call.final.status == 200
        assert open_calls(world) == 0

    in_tenant_world(test, store=FaultyStore)


def test_a_call_that_was_cancelled_before_a_crash_is_listed_after_it() -> None:
    """That it was is on disk, and the end is not."""

    async def test(world: TenantWorld) -> None:
        store = world.store
        assert isinstance(store, FaultyStore)
        alice = await awake(world, "alice")
        alice.on_call = rings
        call = await calling(world)
        store.broken = (Finish,)
        call.cancel()
        await pause(1)
        assert open_calls(world) == 1
        store.broken = ()
        await world.restart()
        assert (of_alice(world).outcome, of_alice(world).is_unread) == (Outcome.CANCELLED, True)
        assert open_calls(world) == 0

    in_tenant_world(test, store=FaultyStore)


def test_an_account_that_is_gone_meanwhile_goes_nowhere() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(unreachable=BOB))
        await deaf(world)
        call = await calling(world)
        del world.directory._fixed[Aor(f"alice@{DOMAIN}")]
        await pause(25)
        assert call.final.status == 480

    in_tenant_world(test)


def test_a_change_of_mind_counts_for_a_call_that_waits() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        bob = await awake(world, "bob")
        await calling(world)
        await pause(5)
        world.choose("alice", forward=Forwards(unreachable=BOB))
        await pause(20)
        assert len(bob.calls) == 1

    in_tenant_world(test)


def test_our_early_dialog_is_silent_for_a_call_that_goes_on_at_once() -> None:
    async def test(world: TenantWorld) -> None:
        world.choose("alice", forward=Forwards(always=BOB))
        bob = await awake(world, "bob")
        bob.on_call = answer
        call = await calling(world)
        await pause(1)
        assert call.statuses == [100, 180, 200]
        assert [e.fields["by"] for e in world.events if e.what is Happened.CALL_FORWARDED] == ["account"]

    in_tenant_world(test)


def test_a_call_that_a_pbx_sends_back_is_no_call_that_has_gone_on_after_a_restart() -> None:
    """Its own Diversion names the account."""

    async def test(world: TenantWorld) -> None:
        alice = await deaf(world)
        call = await calling(world, f"Diversion: {diverted('user-busy')}")
        await world.restart()
        alice.on_call = answer
        await alice.wake()
        await pause(1)
        assert call.final.status == 200

    in_tenant_world(test)


def test_a_call_beside_one_that_the_pbx_has_diverted_is_taken_up_after_a_restart() -> None:
    """The PBX calls two accounts at once, and says of the second that the first has its calls go there, too."""

    async def test(world: TenantWorld) -> None:
        alice, bob = await deaf(world), await deaf(world, "bob")
        first = await calling(world)
        asked = first.invite.copy()
        asked.uri = BOB
        asked.headers.set("diversion", diverted("user-busy"))
        via = asked.headers.values("via")[0].replace("branch=z9hG4bK", "branch=z9hG4bKb")
        asked.headers.replace_values("via", [via])
        asked.headers.remove("authorization", "proxy-authorization")
        first.boss.send(await first.boss.signed("boss", asked))
        await pause(0.5)
        assert open_calls(world) == 2
        await world.restart()
        alice.on_call = answer
        await alice.wake()
        await pause(1)
        assert first.final.status == 200
        assert bob.calls == []

    in_tenant_world(test)
