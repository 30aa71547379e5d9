"""Other requests outside a dialog: they reach the phones that are awake, as they came, and wake none."""

from __future__ import annotations

import pytest
from tests.support.in_world import asleep, in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.sip.flow import Address, Transport
from ringwake.sip.methods import ACK, BYE, CANCEL, INFO, INVITE, KNOWN, MESSAGE, PRACK, REGISTER, UPDATE

ALICE = f"sip:alice@{DOMAIN}"
METHODS = [*sorted(KNOWN - {ACK, BYE, CANCEL, INFO, INVITE, MESSAGE, PRACK, REGISTER, UPDATE}), "NEWMETHOD"]


async def phones(world: World, count: int) -> list[Stranger]:
    """Register phones of alice that are awake and have no token."""
    found = [await Stranger(world, address=Address("10.0.0.50", 4000 + number)).open() for number in range(count)]
    for phone in found:
        assert (await phone.ask_as("alice", phone.register("alice"))).status == 200
    return found


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_method_and_unknown_fields_pass_unchanged(method: str) -> None:
    """RFC 3261 section 16.3 step 1."""

    async def test(world: World) -> None:
        (phone,) = await phones(world, 1)
        await asleep(world)
        boss = await Stranger(world).open()
        fields = ("X-Foo:  as it \t came ", "Date: broken", "Require: foo", "Event: reg")
        request = await boss.signed("boss", boss.request(method, ALICE, *fields, body=b"\0body"))
        boss.send(request)
        await pause(0.1)
        (arrived,) = phone.requests
        assert (arrived.method, arrived.uri, arrived.body) == (method, f"sip:alice@{phone.address}", b"\0body")
        octets = phone.recorder.messages[-1]
        assert all(f"\r\n{field}\r\n".encode() in octets for field in fields)
        assert arrived.headers.get("max-forwards") == "69"
        assert len(arrived.headers.values("record-route")) == 2
        phone.answer(arrived, 200, ("x-answer", "kept"))
        await pause(0.1)
        answer = boss.responses_to(request)[-1]
        assert (answer.status, answer.headers.get("x-answer")) == (200, "kept")
        assert world.provider.pushes == []

    in_world(test)


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TLS])
@pytest.mark.parametrize("method", METHODS)
def test_a_phone_that_sleeps_is_480_at_once_and_not_woken(method: str, transport: Transport) -> None:
    """RFC 8599 section 5.6.2: the sender's own timer leaves no time for a wake."""

    async def test(world: World) -> None:
        await asleep(world, transport=transport)
        boss = await Stranger(world).open()
        answer = await boss.ask_as("boss", boss.request(method, ALICE), seconds=0.1)
        assert answer.status == 480
        assert world.provider.pushes == []

    in_world(test)


def test_all_phones_that_are_awake_get_it_and_the_best_answer_is_said() -> None:
    async def test(world: World) -> None:
        found = await phones(world, 3)
        boss = await Stranger(world).open()
        request = await boss.signed("boss", boss.request("OPTIONS", ALICE))
        boss.send(request)
        await pause(0.1)
        for phone, status in zip(found, (486, 500, 200), strict=True):
            phone.answer(phone.requests[-1], status)
        await pause(0.1)
        assert [answer.status for answer in boss.responses_to(request)] == [200]

    in_world(test)


def test_a_phone_that_says_nothing_is_no_408() -> None:
    """RFC 4320 section 4.2."""

    async def test(world: World) -> None:
        await phones(world, 1)
        boss = await Stranger(world).open()
        request = await boss.signed("boss", boss.request("OPTIONS", ALICE))
        answer = await boss.ask(request, seconds=40)
        assert answer is not None
        assert answer.status == 480

    in_world(test)


def test_what_one_phone_registers_twice_is_sent_once() -> None:
    """RFC 5626 section 7: one contact of an instance at a time."""

    async def test(world: World) -> None:
        found = [await Stranger(world, address=Address("10.0.0.50", 4000 + number)).open() for number in range(2)]
        for number, phone in enumerate(found, start=1):
            contact = f'<sip:alice@{phone.address}>;+sip.instance="<urn:uuid:1>";reg-id={number}'
            assert (await phone.ask_as("alice", phone.register("alice", contact=contact))).status == 200
            await pause(1)
        boss = await Stranger(world).open()
        boss.send(await boss.signed("boss", boss.request("OPTIONS", ALICE)))
        await pause(0.1)
        assert [len(phone.requests) for phone in found] == [0, 1]

    in_world(test)
