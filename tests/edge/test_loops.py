"""A phone that sends everything back to us: no circle, and a bounded number of messages (RFC 5393)."""

from __future__ import annotations

import pytest
from tests.support.in_world import in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.sip.flow import Address
from ringwake.sip.message import Request

ALICE = f"sip:alice@{DOMAIN}"


async def mirror(world: World, number: int) -> Stranger:
    """Return a phone of alice's; the test sends back what it gets."""
    phone = await Stranger(world, address=Address("10.0.0.50", 4000 + number)).open()
    await phone.ask_as("alice", phone.register("alice"))
    return phone


def send_back(phone: Stranger, request: Request, *, uri: str = ALICE) -> Request:
    """Do what a proxy does that is told to send alice's calls on to alice."""
    again = request.copy()
    again.uri = uri
    again.headers.push("via", f"SIP/2.0/TCP {phone.address};branch=z9hG4bKmirror{phone.address.port}")
    phone.send(again)
    return again


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "MESSAGE"])
def test_a_request_that_comes_back_is_482_from_each_phone(method: str) -> None:
    async def test(world: World) -> None:
        phones = [await mirror(world, number) for number in range(2)]
        boss = await Stranger(world).open()
        request = await boss.signed("boss", boss.request(method, ALICE, f"Contact: <sip:boss@{boss.address}>"))
        boss.send(request)
        await pause(0.2)
        for phone in phones:
            (came,) = phone.requests
            again = send_back(phone, came)
            await pause(0.2)
            assert [response.status for response in phone.responses_to(again)] == [482]
            phone.answer(came, 482)
        await pause(2)
        assert [len([r for r in phone.requests if r.method == method]) for phone in phones] == [1, 1]
        expected = {"INVITE": 480, "OPTIONS": 480, "MESSAGE": 202}[method]
        assert boss.responses_to(request)[-1].status == expected, "a device's 482 is never the call's answer"

    in_world(test)


def test_a_call_that_comes_back_for_another_account_is_a_spiral_and_goes_on() -> None:
    async def test(world: World) -> None:
        phone = await mirror(world, 0)
        bob = await Stranger(world, address=Address("10.0.0.60", 4000)).open()
        await bob.ask_as("bob", bob.register("bob"))
        boss = await Stranger(world).open()
        boss.send(await boss.signed("boss", boss.request("INVITE", ALICE, f"Contact: <sip:boss@{boss.address}>")))
        await pause(0.2)
        (came,) = phone.requests
        send_back(phone, came, uri=f"sip:bob@{DOMAIN}")
        await pause(0.2)
        assert phone.statuses[-1] == 407, "it is asked who it is, as everybody is, and not sent away"

    in_world(test)


def test_max_breadth_goes_on_in_parts() -> None:
    async def test(world: World) -> None:
        phones = [await mirror(world, number) for number in range(3)]
        boss = await Stranger(world).open()
        fields = (f"Contact: <sip:boss@{boss.address}>", "Max-Breadth: 2")
        boss.send(await boss.signed("boss", boss.request("INVITE", ALICE, *fields)))
        await pause(0.2)
        called = [request for phone in phones for request in phone.requests]
        assert [request.headers.get("max-breadth") for request in called] == ["1", "1"]

    in_world(test)
