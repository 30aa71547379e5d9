"""Inside a dialog: requests follow our Record-Route to the other side, and wake nobody."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.support.in_world import in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, World

from ringwake.sip.dialog import Dialog, callee_dialog, caller_dialog
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, INVITE, KNOWN

ALICE = f"sip:alice@{DOMAIN}"
METHODS = [*sorted(KNOWN - {ACK, "CANCEL", "REGISTER"}), "NEWMETHOD"]
UDP, TCP, TLS = Transport.UDP, Transport.TCP, Transport.TLS


@dataclass
class Side:
    """One side of a dialog, written by hand."""

    stranger: Stranger
    dialog: Dialog

    @property
    def contact(self) -> str:
        return f"sip:side@{self.stranger.address}"

    def request(self, method: str, *, seq: int | None = None) -> Request:
        """Write a request of this dialog."""
        stranger = self.stranger
        branch = stranger.world.ids.hex(12)
        via = f"SIP/2.0/{stranger.transport.via} {stranger.address};rport;branch=z9hG4bK{branch}"
        made = self.dialog.request(method, via=via, seq=seq)
        made.headers.append("session-expires", "1800")
        made.body = b"v=0\r\n\x00"
        return made


async def register(phone: Stranger) -> None:
    """Register alice's phone with a token, as the same instance each time."""
    token = f"pn-provider=fcm;pn-param={PROJECT};pn-prid=token-of-alice"
    contact = f'<sip:side@{phone.address};{token}>;+sip.instance="<urn:uuid:1>"'
    assert (await phone.ask_as("alice", phone.register("alice", contact=contact))).status == 200


async def established(
    world: World, caller_by: Transport = TCP, callee_by: Transport = TCP, *, acknowledge: bool = True
) -> tuple[Side, Side]:
    """Let the boss call alice's phone, which answers."""
    phone = await Stranger(world, transport=callee_by, address=Address("10.0.0.50", 4000)).open()
    await register(phone)
    boss = await Stranger(world, transport=caller_by).open()
    asked = boss.request(INVITE, ALICE, f"Contact: <sip:side@{boss.address}>")
    invite = await boss.signed("boss", asked)
    boss.send(invite)
    await pause(0.1)
    arrived = phone.requests[-1]
    routes = [("record-route", text) for text in arrived.headers.texts("record-route")]
    phone.answer(arrived, 200, *routes, ("contact", f"<sip:side@{phone.address}>"))
    await pause(0.1)
    ok = boss.responses_to(invite)[-1]
    caller = Side(boss, caller_dialog(invite, ok))
    callee = Side(phone, callee_dialog(arrived, ok))
    if acknowledge:
        boss.send(caller.request(ACK, seq=invite.cseq.number))
        await pause(0.1)
        assert phone.requests[-1].method == ACK
    return caller, callee


@pytest.mark.parametrize(("caller_by", "callee_by"), [(TCP, TCP), (UDP, TLS), (TLS, UDP)])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_passes_both_ways_and_nobody_is_challenged(
    method: str, caller_by: Transport, callee_by: Transport
) -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world, caller_by, callee_by)
        for sender, receiver in ((caller, callee), (callee, caller)):
            sent = sender.request(method)
            sender.stranger.send(sent)
            await pause(0.1)
            arrived = receiver.stranger.requests[-1]
            assert (arrived.method, arrived.uri, arrived.body) == (method, receiver.contact, sent.body)
            assert arrived.headers.values("route") == []
            assert len(arrived.headers.values("via")) == 2
            assert arrived.headers.get("session-expires") == "1800"
            receiver.stranger.answer(arrived, 200)
            await pause(0.1)
            assert [answer.status for answer in sender.stranger.responses_to(sent)][-1] == 200
        assert world.provider.pushes == []

    in_world(test)


@pytest.mark.parametrize("method", METHODS)
def test_a_side_that_sleeps_is_504_and_is_not_woken(method: str) -> None:
    """RFC 5057: a 480 would end the dialog. Without pn-purr nobody is woken (RFC 8599 section 6)."""

    async def test(world: World) -> None:
        caller, callee = await established(world)
        await callee.stranger.close()
        await pause(0.1)
        answer = await caller.stranger.ask(caller.request(method))
        assert answer is not None
        assert answer.status == 504
        assert world.provider.pushes == []

    in_world(test)


def test_an_ack_to_a_side_that_sleeps_goes_nowhere_without_a_word() -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world, acknowledge=False)
        await callee.stranger.close()
        await pause(0.1)
        known = len(caller.stranger.heard)
        caller.stranger.send(caller.request(ACK, seq=2))
        await pause(30)
        assert caller.stranger.heard[known:] == []
        assert world.provider.pushes == []

    in_world(test)


def test_a_side_that_came_back_is_found_by_its_binding() -> None:
    async def test(world: World) -> None:
        caller, callee = await established(world)
        await callee.stranger.close()
        again = await Stranger(world, transport=TLS, address=Address("10.0.0.51", 4001)).open()
        await register(again)
        sent = caller.request("BYE")
        caller.stranger.send(sent)
        await pause(0.1)
        arrived = again.requests[-1]
        assert (arrived.method, arrived.call_id) == ("BYE", sent.call_id)
        again.answer(arrived, 200)
        await pause(0.1)
        assert caller.stranger.responses_to(sent)[-1].status == 200

    in_world(test)


@pytest.mark.parametrize(("method", "status"), [("INFO", 504), ("BYE", 504), (INVITE, 408)])
def test_a_side_that_says_nothing_is_408_to_an_invite_only(method: str, status: int) -> None:
    """RFC 4320 section 4.2."""

    async def test(world: World) -> None:
        caller, _ = await established(world)
        answer = await caller.stranger.ask(caller.request(method), seconds=40)
        assert answer is not None
        assert answer.status == status

    in_world(test)
