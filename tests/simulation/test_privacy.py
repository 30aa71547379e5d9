"""Push tokens go from a phone to us in its REGISTER, back to it in the 200, and nowhere else (RFC 8599 section 13)."""

from __future__ import annotations

import pytest
from tests.support.in_world import answer, asleep, awake, call, cancel, hang_up, in_world, line_of, refuse
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, SERVER, World

from ringwake.model.push import Unreachable, Unregistered
from ringwake.sip.flow import Address, Transport

ALICE = f"sip:alice@{DOMAIN}"
LEAK = f";pn-provider=fcm;pn-param={PROJECT};pn-prid=leaked-token"


def outside_registers(world: World, token: str) -> list[bytes]:
    """Return the messages with a token that are no REGISTER and no 200 to one."""
    found = [octets for _, _, octets in world.network.sent if token.encode() in octets]
    return [octets for octets in found if b" REGISTER\r\n" not in octets]


def addressees(world: World, token: str) -> set[Address]:
    """Return to whom the server sent a token."""
    sent = [(flow.remote, octets) for _, flow, octets in world.network.sent if flow.local == SERVER]
    return {remote for remote, octets in sent if token.encode() in octets}


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TLS])
def test_a_token_is_told_to_its_own_phone_only_and_stands_in_no_log(transport: Transport) -> None:
    async def test(world: World) -> None:
        alice, second = await asleep(world, transport=transport), await asleep(world, transport=transport)
        boss = await awake(world, push=True, transport=transport)
        alice.on_call, second.on_call = answer, refuse(486)
        outgoing = call(boss, alice)
        await pause(5)
        hang_up(boss, outgoing)
        assert await line_of(boss).message(alice.aor, "hello") == 202
        await line_of(alice).message(boss.aor, "hello")
        incoming = call(alice, boss)
        await pause(1)
        cancel(alice, incoming)
        await alice.sleep()
        await second.sleep()
        for outcome in (Unreachable("down"), Unregistered("gone")):
            world.provider.answer = lambda _, outcome=outcome: outcome  # type: ignore[misc]
            await pause(60)
            call(boss, alice)
            await pause(30)
        await pause(7 * 86400)
        for phone in (alice, second, boss):
            assert outside_registers(world, phone.token) == []
            assert {remote.host for remote in addressees(world, phone.token)} == {phone.address.host}
            assert phone.token not in repr(world.events)
        kinds = {push.notice.kind.value for _, push in world.provider.pushes}
        assert kinds >= {"call", "missed", "refresh"}

    in_world(test, limit=30 * 86400)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "NEWMETHOD", "MESSAGE"])
@pytest.mark.parametrize("status", [180, 200, 302, 485])
def test_what_either_side_lets_slip_in_a_contact_goes_no_further(method: str, status: int) -> None:
    async def test(world: World) -> None:
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        assert (await phone.ask_as("alice", phone.register("alice"))).status == 200
        boss = await Stranger(world).open()
        contact = f"<sip:me@h{LEAK};ob>"
        request = await boss.signed("boss", boss.request(method, ALICE, f"Contact: {contact}"))
        boss.send(request)
        await pause(0.1)
        (arrived,) = [request for request in phone.requests if request.method == method]
        assert arrived.headers.get("contact") == (None if method == "MESSAGE" else "<sip:me@h;ob>")
        phone.answer(arrived, status, ("contact", contact))
        await pause(0.1)
        answers = [answer for answer in boss.responses_to(request) if answer.status == status]
        assert method == "MESSAGE" or answers[0].headers.get("contact") == "<sip:me@h;ob>"
        assert addressees(world, "leaked-token") == set()

    in_world(test)


def test_no_phone_is_told_another_phones_token() -> None:
    async def test(world: World) -> None:
        own = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        other = await Stranger(world, address=Address("10.0.0.51", 4000)).open()
        for phone, token in ((own, "first-token"), (other, "second-token")):
            contact = f"<sip:alice@{phone.address}{LEAK.replace('leaked-token', token)}>"
            assert (await phone.ask_as("alice", phone.register("alice", contact=contact))).status == 200
        for phone in (own, other):
            fetch = phone.request("REGISTER", f"sip:{DOMAIN}", sender=ALICE, to=f"<{ALICE}>")
            shown = (await phone.ask_as("alice", fetch)).headers.values("contact")
            assert len(shown) == 2
            assert "pn-" not in "".join(shown)
        assert addressees(world, "first-token") == {own.address}
        assert addressees(world, "second-token") == {other.address}

    in_world(test)
