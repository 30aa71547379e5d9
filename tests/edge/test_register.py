"""REGISTER: on disk, then 200, then exactly what waited for the phone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import answer, asleep, awake, call, cancel, in_world, line_of
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, World

from ringwake.model.account import Aor
from ringwake.model.events import Event, Happened
from ringwake.model.push import Unreachable
from ringwake.model.store_ops import ListBindings, Park, Register
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request
from ringwake.ua.call import CallState


def faulty(world: World) -> FaultyStore:
    assert isinstance(world.store, FaultyStore)
    return world.store


def noted(world: World, what: Happened) -> list[Event]:
    return [event for event in world.events if event.what is what]


def test_the_200_names_what_is_bound_and_what_is_promised() -> None:
    async def test(world: World) -> None:
        phone = await Stranger(world).open()
        contact = f"<sip:alice@{phone.address};pn-provider=fcm;pn-param=demo-project;pn-prid=abcdefgh>"
        ok = await phone.ask_as("alice", phone.register("alice", contact=contact, expires=3600))
        assert ok.status == 200
        (own,) = ok.headers.values("contact")
        assert own.startswith(contact), "its own Contact comes back as it wrote it"
        assert own.endswith(f";expires={30 * 86400}"), "the grant is ours, not what it asked for"
        assert '+sip.pns="fcm"' in (ok.headers.get("feature-caps") or "")
        other = await Stranger(world, address=Address("203.0.113.67", 5062)).open()
        ok = await other.ask_as("alice", other.register("alice"))
        assert len(ok.headers.values("contact")) == 2
        assert "pn-" not in ",".join(ok.headers.values("contact")), "no phone sees another's token"

    in_world(test)


def test_a_fetch_changes_nothing_and_a_star_removes_all() -> None:
    async def test(world: World) -> None:
        phone = await Stranger(world).open()
        aor = f"sip:alice@{DOMAIN}"
        await phone.ask_as("alice", phone.register("alice"))
        for _ in range(2):
            shown = await phone.ask_as("alice", phone.request("REGISTER", f"sip:{DOMAIN}", sender=aor, to=f"<{aor}>"))
            assert len(shown.headers.values("contact")) == 1
        star = phone.request("REGISTER", f"sip:{DOMAIN}", "Contact: *", "Expires: 0", sender=aor, to=f"<{aor}>")
        ok = await phone.ask_as("alice", star)
        assert (ok.status, ok.headers.values("contact")) == (200, [])
        assert [event.fields for event in noted(world, Happened.UNREGISTERED)] == [{"aor": f"alice@{DOMAIN}"}]
        assert len(noted(world, Happened.REGISTERED)) == 1

    in_world(test)


def test_a_cseq_that_does_not_rise_changes_nothing() -> None:
    async def test(world: World) -> None:
        phone = await Stranger(world).open()

        def register(seq: int, expires: int) -> Request:
            return phone.request(
                "REGISTER",
                f"sip:{DOMAIN}",
                f"Contact: <sip:alice@{phone.address}>;expires={expires}",
                sender=f"sip:alice@{DOMAIN}",
                to=f"<sip:alice@{DOMAIN}>",
                call_id="the-same",
                seq=seq,
            )

        assert (await phone.ask_as("alice", register(10, 600))).status == 200
        assert (await phone.ask_as("alice", register(5, 0))).status == 500
        assert len((await phone.ask_as("alice", register(20, 600))).headers.values("contact")) == 1

    in_world(test)


def test_a_registration_is_noted_with_how_long_it_took() -> None:
    async def test(world: World) -> None:
        faulty(world).delay = 0.25
        await awake(world, "alice", push=True)
        (event,) = noted(world, Happened.REGISTERED)
        assert event.fields["took_ms"] == pytest.approx(250, abs=0.01)
        wanted = {"aor": f"alice@{DOMAIN}", "transport": "tls", "push": "fcm", "expires": 30 * 86400}
        assert wanted.items() <= event.fields.items()

    in_world(test, store=FaultyStore)


def test_nothing_is_answered_or_released_before_the_binding_is_on_disk() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss = await awake(world)
        outgoing = call(boss, alice)
        await pause(1)
        faulty(world).delay = 2.0
        world.loop.create_task(alice.wake())
        await pause(1.9)
        assert alice.calls == []
        await pause(0.5)
        assert len(alice.calls) == 1
        assert outgoing.state is CallState.RINGING

    in_world(test, store=FaultyStore)


def test_the_200_leaves_before_the_invite() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss = await awake(world)
        call(boss, alice)
        await pause(1)
        before = len(world.network.sent)
        await alice.wake()
        await pause(1)
        flow = line_of(alice).flow
        heard = [octets.split(b"\r\n")[0] for _, f, octets in world.network.sent[before:] if f.remote == flow.local]
        assert heard[-2].startswith(b"SIP/2.0 200")
        assert heard[-1].startswith(b"INVITE ")

    in_world(test)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_who_does_not_prove_to_be_the_phone_gets_no_call(password: str) -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss = await awake(world)
        outgoing = call(boss, alice)
        await pause(1)
        thief = await Stranger(world).open()
        if password:
            assert (await thief.ask_as("alice", thief.register("alice"), password=password)).status == 401
        else:
            refused = await thief.ask(thief.register("alice"))
            assert refused is not None
            assert refused.status == 401
        as_bob = replace(thief.register("bob"))
        assert (await thief.ask_as("bob", as_bob)).status == 200, "an account may register, but not as another"
        await pause(5)
        assert thief.requests == []
        assert outgoing.status == 100
        alice.on_call = answer
        await alice.wake()
        await pause(1)
        assert outgoing.state is CallState.UP

    in_world(test)


def test_the_same_phone_under_another_account_releases_nothing() -> None:
    """Neither its instance, nor its Contact, nor its token are what a call waits for: the account is."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        boss = await awake(world)
        outgoing = call(boss, alice)
        await pause(1)
        thief = await Stranger(world).open()
        push = f";pn-provider=fcm;pn-param={PROJECT};pn-prid={alice.token}"
        contact = f'<sip:alice@{thief.address}{push}>;+sip.instance="<{alice.instance}>";reg-id=1'
        assert (await thief.ask_as("bob", thief.register("bob", contact=contact, expires=3600))).status == 200
        as_alice = thief.register("alice", contact=contact, expires=3600)
        assert (await thief.ask_as("bob", as_alice)).status == 403, "a registration for somebody else"
        await pause(5)
        assert thief.requests == []
        assert outgoing.state is CallState.TRYING
        await alice.wake()
        await pause(1)
        assert len(alice.calls) == 1

    in_world(test)


def test_a_store_that_cannot_write_takes_no_registration_and_releases_nothing() -> None:
    """Reliability F10: 503 with Retry-After, and health comes back by itself."""

    async def test(world: World) -> None:
        store = faulty(world)
        alice = await asleep(world)
        alice.wakes = False
        boss = await awake(world)
        call(boss, alice)
        await pause(1)
        store.broken = (Register,)
        phone = await Stranger(world).open()
        refused = await phone.ask_as("alice", phone.register("alice"))
        assert (refused.status, refused.headers.get("retry-after")) == (503, "5")
        await pause(1)
        assert phone.requests == []
        (event,) = noted(world, Happened.STORE_FAILED)
        assert event.fields == {"op": "register", "reason": "the disk is full"}
        store.broken = ()
        assert (await phone.ask_as("alice", phone.register("alice"))).status == 200
        await pause(0.5)
        assert [request.method for request in phone.requests] == ["INVITE"]
        phone.answer(phone.requests[0], 486)
        await pause(1)

    in_world(test, store=FaultyStore)


@pytest.mark.parametrize("contact", ["*", "own"])
def test_a_phone_that_logs_out_while_it_is_being_woken_is_left_in_peace(contact: str) -> None:
    """RFC 8599 section 5.5: a token whose binding was removed is not pushed to, neither again nor with a notice."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        world.provider.answer = lambda _: Unreachable("down")
        boss = await awake(world)
        outgoing = call(boss, alice)
        await line_of(boss).message(alice.aor, "hello")
        await pause(1)
        phone = await Stranger(world).open()
        own = f'Contact: <sip:x@h>;+sip.instance="<{alice.instance}>";reg-id=1'
        fields = ("Contact: *",) if contact == "*" else (own,)
        aor = f"sip:alice@{DOMAIN}"
        leaving = phone.request("REGISTER", f"sip:{DOMAIN}", *fields, "Expires: 0", sender=aor, to=f"<{aor}>")
        assert (await phone.ask_as("alice", leaving)).status == 200
        sent = len(world.provider.pushes)
        await pause(60)
        assert len(world.provider.pushes) == sent
        assert outgoing.status == 480

    in_world(test)


def test_a_flow_is_forgotten_with_the_last_binding_behind_it() -> None:
    """A datagram flow never closes: nothing else would ever end it."""

    async def test(world: World) -> None:
        at = [Address("10.0.0.50", 4000 + number) for number in range(5)]
        phones = [await Stranger(world, transport=Transport.UDP, address=address).open() for address in at]
        for phone in phones:
            assert (await phone.ask_as("alice", phone.register("alice", expires=60))).status == 200
            await pause(100)
        assert len(world.core.presence) == 1
        phone = phones[-1]
        assert (await phone.ask_as("alice", phone.register("alice", expires=0))).status == 200
        assert len(world.core.presence) == 0

    in_world(test)


@pytest.mark.parametrize("hang_up_at", ["before", "while", "after"])
def test_a_cancel_that_crosses_the_register_leaves_one_final_and_no_ringing_phone(hang_up_at: str) -> None:
    """Before the REGISTER, while it is being written, and right after its 200."""

    async def test(world: World) -> None:
        store = faulty(world)
        alice = await asleep(world)
        alice.wakes = False
        boss = await Stranger(world).open()
        invite = boss.request("INVITE", alice.aor, f"Contact: <sip:boss@{boss.address}>")
        signed = await boss.signed("boss", invite)
        boss.send(signed)
        await pause(1)
        store.delay = 0.5
        end = boss.request("CANCEL", alice.aor, branch=signed.via.branch, call_id=invite.call_id, seq=2)
        if hang_up_at == "before":
            boss.send(end)
        waking = world.loop.create_task(alice.wake())
        await pause(0.25)
        if hang_up_at == "while":
            boss.send(end)
        await waking
        if hang_up_at == "after":
            boss.send(end)
        await pause(5)
        finals = [response.status for response in boss.responses_to(signed) if response.status >= 200]
        assert finals[:1] == [487]
        assert len(alice.calls) == (hang_up_at == "after")
        assert all(incoming.state is CallState.ENDED for incoming in alice.calls)
        await pause(60)
        assert len(alice.calls) == (hang_up_at == "after")

    in_world(test, store=FaultyStore)


@pytest.mark.parametrize("delay", [0.0, 0.0005, 0.001, 0.0015, 0.002, 0.003])
def test_a_cancel_that_crosses_the_200_leaves_the_caller_with_the_call(delay: float) -> None:
    """RFC 3261 section 9.1: whoever comes first wins, and both sides know who that was."""

    async def test(world: World) -> None:
        alice = await awake(world, "alice", push=True)
        boss = await awake(world)
        outgoing = call(boss, alice)
        await pause(1)
        answer(alice, alice.calls[0])
        await pause(delay)
        cancel(boss, outgoing)
        await pause(5)
        assert (outgoing.state, alice.calls[0].state) in (
            (CallState.UP, CallState.UP),
            (CallState.ENDED, CallState.ENDED),
        )
        finals = [event.fields["end"] for event in noted(world, Happened.CALL_ENDED)]
        assert finals in (["answered"], ["cancelled"])
        assert (finals == ["answered"]) == (outgoing.state is CallState.UP)

    in_world(test)


def test_a_call_that_could_not_be_written_rings_the_phone_that_registers() -> None:
    """Reliability F10: calls ring even with a full disk."""

    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.on_call = answer
        faulty(world).broken = (Park,)
        boss = await awake(world)
        outgoing = call(boss, alice)
        await pause(5)
        assert outgoing.state is CallState.UP
        assert len(alice.calls) == 1

    in_world(test, store=FaultyStore)


def pushing(phone: Stranger, token: str, *, instance: str = "<urn:uuid:1>") -> str:
    where = f"<sip:x@{phone.address};pn-provider=fcm;pn-param={PROJECT};pn-prid={token}>"
    return f'{where};+sip.instance="{instance}"'


def test_a_token_of_another_phone_is_told_to_the_operator_and_wakes_both_accounts() -> None:
    """Standards S6; a binding is never taken away because another has its token (1.13)."""

    async def test(world: World) -> None:
        for user, instance in (("alice", "<urn:1>"), ("bob", "<urn:1>"), ("carol", "<urn:2>")):
            phone = await Stranger(world, address=Address("203.0.113.70", 5000 + len(user))).open()
            contact = pushing(phone, "the-one-token", instance=instance)
            assert (await phone.ask_as(user, phone.register(user, contact=contact))).status == 200
            await phone.close()
        (told,) = noted(world, Happened.TOKEN_SHARED)
        assert told.fields["accounts"] == 3
        assert "the-one-token" not in str(told)
        assert len(await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))) == 3

    in_world(test)


def test_a_token_of_too_many_accounts_is_403_and_nothing_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(world: World) -> None:
        monkeypatch.setattr("ringwake.registrar.token_claim.MAX_ACCOUNTS", 2)
        answers = []
        for user in ("alice", "bob", "carol"):
            phone = await Stranger(world, address=Address("203.0.113.71", 5000 + len(user))).open()
            contact = pushing(phone, "the-one-token")
            answers.append((await phone.ask_as(user, phone.register(user, contact=contact))).status)
            await phone.close()
        assert answers == [200, 200, 403]
        bindings = await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))
        assert [binding.aor for binding in bindings] == [f"alice@{DOMAIN}", f"bob@{DOMAIN}"]

    in_world(test)


def test_each_wake_is_counted_with_its_reason_when_the_phone_has_come() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.on_call = answer
        boss = await awake(world)
        call(boss, alice)
        await pause(5)
        bindings = await world.store.do(ListBindings(aor=Aor(f"alice@{DOMAIN}"), wall=world.wall(world.loop.time())))
        assert [binding.wakes.by_reason() for binding in bindings] == [{"call": 1}]
        assert [event.fields["reason"] for event in noted(world, Happened.WAKE_COUNTED)] == ["call"]
        assert len(world.core.ledger) == 0

    in_world(test)
