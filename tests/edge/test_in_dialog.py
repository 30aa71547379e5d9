"""Inside a dialog: requests follow our Record-Route to the other side, and wake nobody."""

from __future__ import annotations

import pytest
from tests.edge.dialog import established, register
from tests.support.in_world import in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import World

from ringwake.sip.flow import Address, Transport
from ringwake.sip.methods import ACK, INVITE, KNOWN

METHODS = [*sorted(KNOWN - {ACK, "CANCEL", "REGISTER"}), "NEWMETHOD"]
UDP, TCP, TLS = Transport.UDP, Transport.TCP, Transport.TLS


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
