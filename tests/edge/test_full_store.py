"""A store that takes nothing: a request that cannot even be looked up is refused, and never left without an answer."""

from __future__ import annotations

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.model.message_ops import KeepMessage
from ringwake.sip.flow import Address, Transport

ALICE = f"sip:alice@{DOMAIN}"


def fill(world: World) -> FaultyStore:
    store = world.store
    assert isinstance(store, FaultyStore)
    store.is_full = True
    return store


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE", "SUBSCRIBE", "OPTIONS"])
def test_a_request_that_the_store_does_not_take_is_503_and_leaves_nothing_behind(method: str) -> None:
    async def test(world: World) -> None:
        await asleep(world)
        boss = await Stranger(world, transport=Transport.UDP).open()
        signed = await boss.signed("boss", boss.request(method, ALICE))
        floor = len(world.core.calls)
        store = fill(world)
        refused = await boss.ask(signed)
        assert refused is not None, "somebody waits for a final answer"
        assert refused.headers.get("retry-after") == (None if method == "INVITE" else "5")
        assert {answer.status for answer in boss.responses_to(signed)} == {503}
        assert world.provider.pushes == []
        assert len(world.core.calls) == floor
        store.is_full = False
        await pause(60)
        assert len(world.stack._layer) == 0

    in_world(test, store=FaultyStore)


def test_a_registration_that_the_store_does_not_take_is_503() -> None:
    async def test(world: World) -> None:
        phone = await Stranger(world).open()
        fill(world)
        refused = await phone.ask_as("alice", phone.register("alice"))
        assert (refused.status, refused.headers.get("retry-after")) == (503, "5")

    in_world(test, store=FaultyStore)


def test_a_request_is_not_refused_because_somebody_elses_write_has_failed() -> None:
    """What is read is answered in its turn, behind the writes before it; but the phone has the request already."""

    async def test(world: World) -> None:
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        await phone.ask_as("alice", phone.register("alice"))
        boss = await Stranger(world).open()
        message = await boss.signed("boss", boss.request("MESSAGE", ALICE, body=b"x"))
        signed = await boss.signed("boss", boss.request("OPTIONS", ALICE))
        store = world.store
        assert isinstance(store, FaultyStore)
        store.delay, store.broken = 0.5, (KeepMessage,)
        boss.send(message)
        boss.send(signed)
        await pause(1)
        assert [answer.status for answer in boss.responses_to(message)] == [503]
        assert boss.responses_to(signed) == []
        (arrived,) = phone.requests
        phone.answer(arrived, 200)
        await pause(1)
        assert [answer.status for answer in boss.responses_to(signed)] == [200]

    in_world(test, store=FaultyStore)
