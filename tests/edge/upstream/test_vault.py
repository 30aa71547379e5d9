"""`upstream = "vault"`: we hold the account's password at the PBX, register with it, and answer for its phone."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.edge.upstream.calling import CALLEE, Call, call_in, call_out, invite, register, registered
from tests.support.pbx import REALM, pbx_password, pbx_user
from tests.support.pbx_world import PbxWorld, in_front_of_pbx
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause, run_virtual
from tests.support.world import DOMAIN

from ringwake.model.account import Aor
from ringwake.model.events import Happened
from ringwake.model.tenant import PbxAnswers, Upstream
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, BYE, CANCEL, INVITE, MESSAGE, PRACK, UPDATE
from ringwake.store.directory import MemoryDirectory

VAULT, TCP, UDP = Upstream.VAULT, Transport.TCP, Transport.UDP
USERS = ("alice", "bob", "boss")
ALICE = Aor(f"alice@{DOMAIN}")


def expiry(request: Request) -> str:
    return request.headers.get("expires") or ""


def takes_calls_with_credentials(world: PbxWorld, *, user: str = "alice", status: int = 407) -> None:
    """Let the PBX challenge each INVITE that has no right credentials."""
    key = "proxy-authorization" if status == 407 else "authorization"

    def judge(request: Request) -> None:
        is_first = request.method == INVITE and "tag=" not in (request.headers.get("to") or "")
        right = world.pbx.is_right(request, key=key, user=pbx_user(user), password=pbx_password(user))
        if is_first and not right:
            world.pbx.ask_for_credentials(request, status=status)

    world.pbx.on_request = judge


# ---- registered by ourselves


def test_the_phone_gives_its_password_here_and_we_ours_to_the_pbx() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        assert phone.statuses == [401, 200]
        first, second = world.pbx.registers()
        assert "authorization" not in first.headers
        assert f'username="{pbx_user("alice")}"' in (second.headers.get("authorization") or "")
        assert (first.call_id, second.cseq.number) == (second.call_id, 2)
        (bound,) = world.pbx.bound()
        assert "alice" not in bound.contact
        assert world.reasons(Happened.PBX_REGISTERED) == ["registered at the PBX"]

    in_front_of_pbx(test, VAULT, users=USERS)


def test_an_account_is_registered_for_as_long_as_a_phone_is_bound() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        ok = await register(phone, expires=0)
        assert ok.status == 200
        await pause(5)
        assert (expiry(world.pbx.registers()[-1]), world.pbx.bound()) == ("0", [])
        assert len(world.happened(Happened.PBX_LEFT)) == 1

    in_front_of_pbx(test, VAULT, users=USERS)


@pytest.mark.parametrize("grant", [60, 3600])
def test_it_is_refreshed_before_the_pbx_forgets_it_while_the_phone_sleeps(grant: int) -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.grant = grant
        phone = await registered(world)
        await phone.close()
        world.pbx.recorder.batches.clear()
        last = world.loop.time()
        for _ in range(5):
            known = len(world.pbx.registers())
            while len(world.pbx.registers()) == known:
                await pause(1)
            assert grant / 2 - 6 <= world.loop.time() - last < grant
            last = world.loop.time()
        assert world.provider.pushes == [], "and the phone sleeps"

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_wrong_password_is_tried_seldom_and_said_in_a_plain_sentence() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.is_looping = True
        phone = await registered(world)
        assert phone.statuses[-1] == 200, "the phone's own password was right"
        assert world.reasons(Happened.PBX_REFUSED) == ["the PBX refuses the password"]
        tries = len(world.pbx.registers())
        await pause(120)
        assert len(world.pbx.registers()) == tries
        await pause(3 * 3600)
        assert tries < len(world.pbx.registers()) < 30
        assert pbx_password("alice") not in str(world.events)

    in_front_of_pbx(test, VAULT, users=USERS)


class _KnownToTheStore(PbxWorld):
    """A world whose accounts may be changed."""

    def _directory(self) -> MemoryDirectory:
        fixed = super()._directory()
        known = MemoryDirectory(self.tenants, fixed.apps(DOMAIN), [])
        for account in fixed.accounts():
            known.put(account)
        return known


def test_a_corrected_password_is_used_as_soon_as_the_phone_registers() -> None:
    """Not when it is time for the next try with the wrong one, half an hour later."""

    async def main() -> None:
        world = _KnownToTheStore(VAULT, users=USERS)
        await world.open()
        directory = world.core.directory
        right = directory.account(ALICE)
        assert isinstance(directory, MemoryDirectory)
        assert right is not None
        assert right.pbx is not None
        directory.put(replace(right, pbx=replace(right.pbx, password=Secret("mistyped"))))
        phone = await registered(world)
        await pause(3 * 3600)
        assert world.pbx.bound() == []
        directory.put(right)
        await register(phone)
        await pause(5)
        assert len(world.pbx.bound()) == 1
        await world.close()

    run_virtual(main(), limit=86400.0)


def test_another_realm_than_that_of_its_registration_gets_nothing() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        asked = invite(phone)
        phone.send(asked)
        await pause(0.1)
        world.pbx.ask_for_credentials(world.pbx.requests(INVITE)[-1], realm="rogue.example")
        await pause(0.1)
        assert [r.status for r in phone.responses_to(asked)][-1] == 407
        assert len(world.pbx.requests(INVITE)) == 1

    in_front_of_pbx(test, VAULT, users=USERS)


def test_an_account_that_is_still_to_be_registered_at_the_pbx_may_call_out() -> None:
    """The realm is the PBX's: it is known as soon as any of its accounts is registered."""

    async def test(world: PbxWorld) -> None:
        await registered(world)
        world.pbx.is_silent = True
        bob = await registered(world, "bob", address=Address("10.0.0.52", 4000))
        asked = invite(bob, user="bob")
        bob.send(asked)
        await pause(0.1)
        world.pbx.ask_for_credentials(world.pbx.requests(INVITE)[-1])
        await pause(0.1)
        first, second = world.pbx.requests(INVITE)
        assert first.headers.texts("proxy-authorization") == []
        assert f'username="{pbx_user("bob")}"' in second.headers.texts("proxy-authorization")[0]

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_pbx_that_is_silent_is_asked_again_until_it_is_back() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.is_silent = True
        await registered(world)
        await pause(300)
        assert str(world.reasons(Happened.PBX_REFUSED)[0]).startswith("the PBX has not answered since ")
        world.pbx.is_silent = False
        await pause(70)
        assert len(world.pbx.bound()) == 1
        assert world.reasons(Happened.PBX_REGISTERED) == ["registered at the PBX"]

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_pbx_in_maintenance_is_left_alone_for_as_long_as_it_asks() -> None:
    async def test(world: PbxWorld) -> None:
        world.pbx.verdict = lambda _: (503, (("retry-after", "600"),))
        await registered(world)
        tries = len(world.pbx.registers())
        await pause(590)
        assert len(world.pbx.registers()) == tries
        world.pbx.verdict = lambda _: None
        await pause(120)
        assert len(world.pbx.bound()) == 1

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_pbx_that_is_back_gets_all_accounts_again_and_early_who_was_called_last() -> None:
    """It may have lost its bindings."""

    async def test(world: PbxWorld) -> None:
        for number, user in enumerate(USERS):
            phone = await registered(world, user, address=Address(f"10.0.0.6{number}", 4000))
            await phone.close()
        await pause(600)
        world.pbx.fork(user="bob")
        await pause(30)
        world.pbx.bindings.clear()
        await world.lose(60)
        back = world.loop.time()
        await pause(5)
        assert len(world.pbx.bound("bob")) == 1
        await pause(55)
        assert [len(world.pbx.bound(user)) for user in USERS] == [1, 1, 1]
        assert world.loop.time() - back <= 60

    in_front_of_pbx(test, VAULT, transport=TCP, users=USERS)


def test_a_restart_takes_all_accounts_up_again() -> None:
    async def test(world: PbxWorld) -> None:
        phones = [await registered(world, user) for user in ("alice", "bob")]
        for phone in phones:
            await phone.close()
        known = len(world.pbx.received)
        await world.restart()
        await pause(10)
        again = {r.headers.get("to") for r in world.pbx.registers("alice") + world.pbx.registers("bob")}
        assert len(world.pbx.received) > known
        assert again == {f"<sip:alice@{DOMAIN}>", f"<sip:bob@{DOMAIN}>"}
        assert (len(world.pbx.bound()), len(world.pbx.bound("bob"))) == (1, 1), "by the same Contacts as before"

    in_front_of_pbx(test, VAULT, users=USERS)


# ---- calls out: the challenge is answered for the phone


@pytest.mark.parametrize("status", [401, 407])
def test_the_pbxs_challenge_is_answered_and_the_phone_hears_nothing_of_it(status: int) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        takes_calls_with_credentials(world, status=status)
        await call_out(world, phone)
        first, second = world.pbx.requests(INVITE)
        assert (first.cseq.number, second.cseq.number) == (1, 2)
        assert first.via.branch != second.via.branch
        assert status not in phone.statuses[2:]
        assert len([r for r in world.pbx.heard if isinstance(r, Request) and r.method == ACK]) == 2

    in_front_of_pbx(test, VAULT, users=USERS)


def test_what_a_phone_says_in_the_realm_of_the_pbx_goes_no_further() -> None:
    """It has heard the PBX's 401 once, and is as sure as wrong: its password is for us, and would stand in our way."""

    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        takes_calls_with_credentials(world, status=401)
        wrong = f'Digest username="alice", realm="{REALM}", nonce="n", uri="sip:x", response="{"0" * 32}"'
        other = wrong.replace(REALM, "elsewhere.example")
        phone.send(invite(phone, f"Authorization: {wrong}"))
        await pause(0.1)
        first, second = (request.headers.texts("authorization") for request in world.pbx.requests(INVITE))
        assert first == []
        assert f'username="{pbx_user("alice")}"' in second[-1]
        phone.send(invite(phone, *(f"Authorization: {text}" for text in (wrong, other, "Digest", "Basic x"))))
        await pause(0.1)
        assert world.pbx.requests(INVITE)[-1].headers.texts("authorization") == [other, "Digest", "Basic x"]

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_second_challenge_is_somebody_elses_and_goes_to_the_phone() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        asked = invite(phone)
        phone.send(asked)
        for _ in range(2):
            await pause(0.1)
            world.pbx.ask_for_credentials(world.pbx.requests(INVITE)[-1])
        await pause(0.1)
        assert len(world.pbx.requests(INVITE)) == 2
        final = phone.responses_to(asked)[-1]
        assert (final.status, final.cseq.number) == (407, 1)

    in_front_of_pbx(test, VAULT, users=USERS)


def test_who_lets_it_ring_first_gets_no_credentials() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        asked = invite(phone)
        phone.send(asked)
        await pause(0.1)
        arrived = world.pbx.requests(INVITE)[-1]
        world.pbx.answer(arrived, 180)
        await pause(0.1)
        world.pbx.ask_for_credentials(arrived)
        await pause(0.1)
        assert ([r.status for r in phone.responses_to(asked)][-1], len(world.pbx.requests(INVITE))) == (407, 1)

    in_front_of_pbx(test, VAULT, users=USERS)


def test_where_the_operator_does_not_want_it_the_phone_hears_the_challenge() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        takes_calls_with_credentials(world)
        asked = invite(phone)
        answer = await phone.ask(asked)
        assert answer is not None
        assert (answer.status, len(world.pbx.requests(INVITE))) == (407, 1)

    in_front_of_pbx(test, VAULT, users=USERS, pbx_answers=PbxAnswers.NEVER)


def test_the_credentials_that_a_phone_gives_to_us_do_not_go_to_the_pbx() -> None:
    async def test(world: PbxWorld) -> None:
        await registered(world)
        other = await Stranger(world).open()
        signed = await other.signed("alice", invite(other))
        assert "proxy-authorization" in signed.headers
        other.send(signed)
        await pause(0.1)
        assert "proxy-authorization" not in world.pbx.requests(INVITE)[-1].headers

    in_front_of_pbx(test, VAULT, users=USERS)


# ---- CSeq, where the PBX counts one higher than the phone


async def shifted(world: PbxWorld) -> Call:
    phone = await registered(world)
    takes_calls_with_credentials(world)
    return await call_out(world, phone)


def sequence(world: PbxWorld, method: str) -> int:
    found = [r for r in world.pbx.heard if isinstance(r, Request) and r.method == method]
    return found[-1].cseq.number


def test_the_ack_is_that_of_the_invite_that_the_pbx_took() -> None:
    async def test(world: PbxWorld) -> None:
        await shifted(world)
        ack = [r for r in world.pbx.heard if isinstance(r, Request) and r.method == ACK][-1]
        assert (ack.cseq.number, "tag=pbx" in (ack.headers.get("to") or "")) == (2, True)
        assert "proxy-authorization" not in ack.headers

    in_front_of_pbx(test, VAULT, users=USERS)


@pytest.mark.parametrize("method", [BYE, UPDATE, INVITE, "INFO"])
def test_what_follows_in_the_dialog_is_counted_on(method: str) -> None:
    async def test(world: PbxWorld) -> None:
        call = await shifted(world)
        sent = call.by_phone(method)
        await pause(0.1)
        arrived = world.pbx.requests(method)[-1]
        assert (sent.cseq.number, arrived.cseq.number) == (2, 3)
        world.pbx.answer(arrived, 200)
        await pause(0.1)
        answer = call.phone.responses_to(sent)[-1]
        assert (answer.status, answer.cseq.number) == (200, 2)
        if method == INVITE:
            call.by_phone(ACK, seq=2)
            await pause(0.1)
            assert sequence(world, ACK) == 3

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_reliable_provisional_response_is_acknowledged_by_the_pbxs_count() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        takes_calls_with_credentials(world)
        asked = invite(phone)
        phone.send(asked)
        await pause(0.1)
        arrived = world.pbx.requests(INVITE)[-1]
        world.pbx.answer(arrived, 183, ("require", "100rel"), ("rseq", "7"))
        await pause(0.1)
        early = phone.responses_to(asked)[-1]
        assert (early.status, early.cseq.number) == (183, 1)
        routes = [f"Route: {r}" for r in reversed(early.headers.values("record-route"))]
        prack = phone.request(
            PRACK, "sip:pbx@10.9.9.9", "RAck: 7 1 INVITE", *routes,
            sender=f"sip:alice@{DOMAIN}", to=early.headers.get("to") or "", call_id=asked.call_id, seq=2,
        )  # fmt: skip
        phone.send(prack)
        await pause(0.1)
        got = world.pbx.requests(PRACK)[-1]
        assert (got.headers.get("rack"), got.cseq.number) == ("7 2 INVITE", 3)

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_200_that_comes_again_reaches_the_phone_again_under_its_own_cseq() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        takes_calls_with_credentials(world)
        call = await call_out(world, phone, acknowledges=False)
        known = len(phone.responses_to(call.asked))
        for _ in range(2):
            world.pbx.answer(call.arrived, 200)
            await pause(0.5)
        again = phone.responses_to(call.asked)[known:]
        assert [(r.status, r.cseq.number) for r in again] == [(200, 1)] * 2

    in_front_of_pbx(test, VAULT, users=USERS)


def test_requests_of_the_pbx_have_a_count_of_their_own() -> None:
    async def test(world: PbxWorld) -> None:
        call = await shifted(world)
        sent = call.by_pbx(BYE)
        await pause(0.1)
        arrived = call.phone.requests[-1]
        assert (arrived.method, arrived.cseq.number) == (BYE, sent.cseq.number)
        call.phone.answer(arrived, 200)
        await pause(0.1)
        assert [r.cseq.number for r in world.pbx.responses(sent)] == [sent.cseq.number]

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_challenge_inside_the_dialog_is_answered_under_the_same_cseq() -> None:
    """The phone could not be told of another one."""

    async def test(world: PbxWorld) -> None:
        call = await shifted(world)
        sent = call.by_phone(INVITE)
        await pause(0.1)
        world.pbx.ask_for_credentials(world.pbx.requests(INVITE)[-1])
        await pause(0.1)
        again = world.pbx.requests(INVITE)[-1]
        assert (again.cseq.number, "proxy-authorization" in again.headers) == (3, True)
        world.pbx.answer(again, 200)
        await pause(0.1)
        answer = call.phone.responses_to(sent)[-1]
        assert (answer.status, answer.cseq.number) == (200, 2)

    in_front_of_pbx(test, VAULT, users=USERS)


def test_the_shift_outlives_a_restart() -> None:
    async def test(world: PbxWorld) -> None:
        call = await shifted(world)
        await call.phone.close()
        await world.restart()
        call.phone = await registered(world)
        sent = call.by_phone(BYE)
        await pause(0.1)
        assert (sent.cseq.number, sequence(world, BYE)) == (2, 3)

    in_front_of_pbx(test, VAULT, users=USERS)


# ---- CANCEL


def cancel(phone: Stranger, asked: Request) -> None:
    made = asked.copy()
    made.method = CANCEL
    made.headers.set("cseq", f"{asked.cseq.number} {CANCEL}")
    phone.send(made)


@pytest.mark.parametrize("when", ["before the challenge", "after it", "while it rings"])
def test_a_caller_that_hangs_up_ends_the_call_at_the_pbx(when: str) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        asked = invite(phone)
        phone.send(asked)
        await pause(0.1)
        if when == "before the challenge":
            cancel(phone, asked)
            await pause(0.1)
            world.pbx.ask_for_credentials(world.pbx.requests(INVITE)[-1])
            await pause(1)
            assert len(world.pbx.requests(INVITE)) == 1, "nothing is begun for somebody who has hung up"
        else:
            world.pbx.ask_for_credentials(world.pbx.requests(INVITE)[-1])
            await pause(0.1)
            ringing = world.pbx.requests(INVITE)[-1]
            if when == "while it rings":
                world.pbx.answer(ringing, 180)
                await pause(0.1)
            cancel(phone, asked)
            await pause(0.1)
            if when == "after it":
                assert world.pbx.requests(CANCEL) == [], "not before a provisional response (section 9.1)"
                world.pbx.answer(ringing, 180)
                await pause(0.1)
            (cancelled,) = world.pbx.requests(CANCEL)
            assert (cancelled.via.branch, cancelled.cseq.number) == (ringing.via.branch, 2)
            world.pbx.answer(ringing, 487)
            await pause(0.1)
        finals = [r for r in phone.responses_to(asked) if r.status >= 200]
        assert [(r.status, r.cseq.number) for r in finals] == [(487, 1)]

    in_front_of_pbx(test, VAULT, users=USERS)


# ---- the other direction


def test_a_call_from_the_pbx_is_left_as_it_is() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        call = await call_in(world, phone)
        assert (call.arrived.call_id, call.arrived.cseq) == (call.asked.call_id, call.asked.cseq)
        sent = call.by_phone(BYE)
        await pause(0.1)
        assert world.pbx.requests(BYE)[-1].cseq == sent.cseq

    in_front_of_pbx(test, VAULT, users=USERS)


def test_inside_a_call_from_the_pbx_its_challenge_is_answered_too() -> None:
    async def test(world: PbxWorld) -> None:
        call = await call_in(world, await registered(world))
        sent = call.by_phone(INVITE)
        await pause(0.1)
        world.pbx.ask_for_credentials(world.pbx.requests(INVITE)[-1])
        await pause(0.1)
        again = world.pbx.requests(INVITE)[-1]
        assert ("proxy-authorization" in again.headers, again.cseq) == (True, sent.cseq)

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_rogue_phone_that_asks_for_the_pbxs_realm_gets_nothing() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        (asked,) = world.pbx.fork()
        await pause(0.1)
        phone.answer(phone.requests[-1], 407, ("proxy-authenticate", world.pbx.challenge(REALM)))
        await pause(0.5)
        assert len([r for r in phone.requests if r.method == INVITE]) == 1
        assert [r.status for r in world.pbx.responses(asked)][-1] == 407
        assert not any("authorization" in r.headers for r in phone.requests)

    in_front_of_pbx(test, VAULT, users=USERS)


def test_a_challenged_message_goes_out_with_our_credentials() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        sent = phone.request(MESSAGE, CALLEE, sender=f"sip:alice@{DOMAIN}", body=b"hello")
        phone.send(sent)
        await pause(0.1)
        world.pbx.ask_for_credentials(world.pbx.requests(MESSAGE)[-1])
        await pause(0.1)
        again = world.pbx.requests(MESSAGE)[-1]
        user, password = pbx_user("alice"), pbx_password("alice")
        assert world.pbx.is_right(again, key="proxy-authorization", user=user, password=password)
        assert again.body == b"hello"
        world.pbx.answer(again, 202)
        await pause(0.1)
        assert [(r.status, r.cseq.number) for r in phone.responses_to(sent)] == [(202, 1)]

    in_front_of_pbx(test, VAULT, users=USERS)


def test_no_event_shows_a_password() -> None:
    async def test(world: PbxWorld) -> None:
        await shifted(world)
        told = str(world.events)
        assert not re.search("-at-the-pbx|-password", told)

    in_front_of_pbx(test, VAULT, users=USERS)
