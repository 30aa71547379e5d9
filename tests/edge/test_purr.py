"""RFC 8599 section 6: who put a PURR into a dialog is woken for what comes in it, and for a call that replaces it."""

from __future__ import annotations

import pytest
from tests.edge.dialog import ALICE, Side, established, register
from tests.support.in_world import in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings, Forwards
from ringwake.model.events import Happened
from ringwake.model.settings import Settings
from ringwake.model.store_ops import Recover, Recovered
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, INVITE

BOB = f"sip:bob@{DOMAIN}"
TLS, UDP = Transport.TLS, Transport.UDP
INSIDE = ["BYE", "INFO", "INVITE", "NOTIFY", "REFER", "UPDATE", "NEWMETHOD"]


async def back(world: World, *, port: int = 4001, name: str = "1") -> Stranger:
    """Let alice's phone register again, from another address."""
    phone = await Stranger(world, transport=TLS, address=Address("10.0.0.51", port)).open()
    await register(phone, name=name)
    await pause(0.1)
    return phone


async def gone(side: Side) -> None:
    """Let a side's app be put to sleep."""
    await side.stranger.close()
    await pause(60)


def of(phone: Stranger, method: str) -> list[Request]:
    return [request for request in phone.requests if request.method == method]


@pytest.mark.parametrize("method", INSIDE)
def test_a_side_that_sleeps_is_woken_for_any_request_of_the_dialog(method: str) -> None:  # L7, L8
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await gone(callee)
        sent = caller.request(method)
        caller.stranger.send(sent)
        await pause(1)
        assert [push.notice.kind for _, push in world.provider.pushes] == ["wake"]
        assert [a.status for a in caller.stranger.responses_to(sent)] == ([100] if method == INVITE else [])
        phone = await back(world)
        (arrived,) = of(phone, method)
        assert (arrived.call_id, arrived.body) == (sent.call_id, sent.body)
        assert arrived.headers.values("route") == []
        phone.answer(arrived, 200)
        await pause(0.1)
        assert caller.stranger.responses_to(sent)[-1].status == 200
        assert len(world.provider.pushes) == 1

    in_world(test)


def test_an_ack_is_never_parked() -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True, acknowledge=False)
        await gone(callee)
        caller.stranger.send(caller.request(ACK, seq=1))
        await pause(1)
        assert world.provider.pushes == []
        assert of(await back(world), ACK) == []

    in_world(test)


@pytest.mark.parametrize(("method", "seconds"), [("BYE", 10), ("INVITE", 20)])
def test_a_side_that_does_not_come_fails_the_transaction_and_not_the_dialog(method: str, seconds: int) -> None:  # L9
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await gone(callee)
        sent = caller.request(method)
        caller.stranger.send(sent)
        await pause(seconds - 1)
        assert [a.status for a in caller.stranger.responses_to(sent) if a.status >= 200] == []
        await pause(1.1)
        assert [a.status for a in caller.stranger.responses_to(sent) if a.status >= 200] == [504]
        assert of(await back(world), method) == [], "it came too late"

    in_world(test)


def test_an_old_purr_wakes_after_many_registers_and_a_restart() -> None:  # L2
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await callee.stranger.close()
        phone = await back(world, port=4002)
        for _ in range(3):
            await register(phone)
        await phone.close()
        await caller.stranger.close()
        await world.stop()
        world.start()
        await world.recover()
        caller.stranger = await Stranger(world).open()
        sent = caller.request("BYE")
        caller.stranger.send(sent)
        await pause(1)
        assert [push.notice.kind for _, push in world.provider.pushes] == ["wake"]
        again = await back(world, port=4003)
        assert len(of(again, "BYE")) == 1

    in_world(test)


def test_another_phone_of_the_account_gets_nothing() -> None:  # L8
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await gone(callee)
        caller.stranger.send(caller.request("BYE"))
        await pause(1)
        other = await back(world, port=4009, name="2")
        assert of(other, "BYE") == []
        assert len(of(await back(world), "BYE")) == 1

    in_world(test)


@pytest.mark.parametrize("edit", [lambda purr: purr[:-2], lambda purr: purr.swapcase(), lambda _: "1.2.3"])
def test_a_forged_purr_wakes_nobody(edit: object) -> None:  # L3
    async def test(world: World) -> None:
        assert callable(edit)
        caller, callee = await established(world, with_purr=True)
        await gone(callee)
        sent = caller.request("BYE")
        before, _, purr = sent.uri.partition(";pn-purr=")
        sent.uri = f"{before};pn-purr={edit(purr)}"
        answer = await caller.stranger.ask(sent)
        assert answer is not None
        assert answer.status == 504
        assert world.provider.pushes == []

    in_world(test)


def test_a_phone_that_is_awake_but_deaf_is_woken_after_a_second() -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world, callee_by=UDP, with_purr=True)
        sent = caller.request("BYE")
        caller.stranger.send(sent)
        await pause(0.9)
        assert world.provider.pushes == []
        await pause(0.2)
        assert [push.notice.kind for _, push in world.provider.pushes] == ["wake"]
        phone = await back(world)
        (arrived,) = of(phone, "BYE")
        assert arrived.via.branch == of(callee.stranger, "BYE")[0].via.branch, "to the phone it is a retransmission"
        phone.answer(arrived, 200)
        await pause(0.1)
        assert caller.stranger.responses_to(sent)[-1].status == 200

    in_world(test)


def test_a_phone_that_is_awake_is_not_pushed_to() -> None:  # N11
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        sent = caller.request("BYE")
        caller.stranger.send(sent)
        await pause(0.1)
        callee.stranger.answer(of(callee.stranger, "BYE")[0], 200)
        await pause(10)
        assert [a.status for a in caller.stranger.responses_to(sent)] == [200]
        assert world.provider.pushes == []

    in_world(test)


def test_a_phone_that_has_logged_out_is_not_woken() -> None:  # P4
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        phone = callee.stranger
        gone_for_good = phone.register(
            "alice", contact=f'<sip:side@{phone.address}>;+sip.instance="<urn:uuid:1>"', expires=0
        )
        assert (await phone.ask_as("alice", gone_for_good)).status == 200
        await gone(callee)
        answer = await caller.stranger.ask(caller.request("BYE"))
        assert answer is not None
        assert answer.status == 504
        assert world.provider.pushes == []

    in_world(test)


def test_the_caller_sees_the_purr_and_no_token() -> None:
    async def test(world: World) -> None:
        caller, _ = await established(world, with_purr=True)
        contact = caller.dialog.target
        assert ";pn-purr=" in contact
        assert "token-of-alice" not in "".join(str(heard.headers) for heard in caller.stranger.heard)

    in_world(test)


async def replacing(world: World, caller: Side, *, method: str = INVITE) -> tuple[Stranger, Request]:
    """Let bob ask the phone of a dialog for something, by the Contact that the boss has told him."""
    bob = await Stranger(world, address=Address("203.0.113.77", 5070)).open()
    uri = caller.dialog.target
    replaces = f"Replaces: {caller.dialog.call_id};to-tag=stranger;from-tag=x"
    asked = bob.request(method, uri, "Contact: <sip:bob@203.0.113.77:5070>", replaces, sender="sip:bob@example.com")
    return bob, await bob.signed("bob", asked)


def test_a_call_that_replaces_a_dialog_wakes_the_one_phone_that_has_it() -> None:  # L11, RFC 3891
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        other = await back(world, port=4009, name="2")
        await gone(callee)
        bob, invite = await replacing(world, caller)
        bob.send(invite)
        await pause(1)
        assert [(p.notice.kind, p.token.reveal()) for _, p in world.provider.pushes] == [("call", "token-of-alice-1")]
        phone = await back(world)
        (arrived,) = of(phone, INVITE)
        assert arrived.headers.get("replaces") == invite.headers.get("replaces")
        assert of(other, INVITE) == [], "the account's other phone has no part in it"
        phone.answer(arrived, 200, ("contact", f"<sip:side@{phone.address}>"))
        await pause(0.1)
        assert [a.status for a in bob.responses_to(invite)] == [100, 200]

    in_world(test)


@pytest.mark.parametrize("forwards", [Forwards(always=BOB), Forwards(busy=BOB)])
def test_such_a_call_goes_on_to_nobody_else(forwards: Forwards) -> None:
    """Nobody else has the dialog that it replaces."""

    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        aor = Aor(f"alice@{DOMAIN}")
        world.directory.put_settings(aor, Settings(calls=CallSettings(forward=forwards)))
        await gone(callee)
        bob, invite = await replacing(world, caller)
        bob.send(invite)
        await pause(1)
        phone = await back(world)
        (arrived,) = of(phone, INVITE)
        phone.answer(arrived, 486)
        await pause(1)
        assert [a.status for a in bob.responses_to(invite)][-1] == 486
        assert Happened.CALL_FORWARDED not in {event.what for event in world.events}

    in_world(test)


def test_such_a_call_survives_a_restart_for_its_phone_alone() -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await gone(callee)
        bob, invite = await replacing(world, caller)
        bob.send(invite)
        await pause(1)
        await world.stop()
        world.start()
        await world.recover()
        assert of(await back(world, port=4009, name="2"), INVITE) == []
        assert len(of(await back(world), INVITE)) == 1

    in_world(test)


def test_other_requests_by_a_purr_reach_the_one_phone_too() -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await gone(callee)
        bob, request = await replacing(world, caller, method="OPTIONS")
        bob.send(request)
        await pause(1)
        assert [push.notice.kind for _, push in world.provider.pushes] == ["wake"]
        assert len(of(await back(world), "OPTIONS")) == 1

    in_world(test)


def test_a_request_of_the_dialog_without_its_routes_finds_the_phone_by_the_purr() -> None:  # L7
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await gone(callee)
        bye = caller.request("BYE")
        bye.headers.remove("route")
        signed = await caller.stranger.signed("boss", bye)
        caller.stranger.send(signed)
        await pause(1)
        assert [push.notice.kind for _, push in world.provider.pushes] == ["wake"]
        assert len(of(await back(world), "BYE")) == 1

    in_world(test)


def test_by_a_purr_strangers_get_nowhere_without_credentials() -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await gone(callee)
        bob = await Stranger(world, address=Address("203.0.113.77", 5070)).open()
        for method, to in ((INVITE, ""), ("NOTIFY", ""), ("BYE", f"<{ALICE}>;tag=x")):
            answer = await bob.ask(bob.request(method, caller.dialog.target, to=to))
            assert answer is not None
            assert answer.status == 407
        assert world.provider.pushes == []

    in_world(test)


def test_a_message_by_a_purr_waits_for_that_phone_alone() -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world, with_purr=True)
        await back(world, name="2")
        await gone(callee)
        boss = caller.stranger
        written = await boss.signed("boss", boss.request("MESSAGE", caller.dialog.target))
        boss.send(written)
        await pause(1)
        assert boss.responses_to(written)[-1].status == 202
        found: list[Recovered] = []
        world.store.submit(Recover(wall=world.wall(world.loop.time())), found.append)
        ((_, phones),) = found[0].messages
        assert len(phones) == 1
        assert [push.notice.kind for _, push in world.provider.pushes] == ["message"]

    in_world(test)
