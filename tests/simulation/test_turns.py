"""Phones that ring one after the other, through the whole server: by the `q` of their Contacts, and by their owner."""

from __future__ import annotations

from tests.support.settled_world import SettledWorld, in_settled_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN

from ringwake.model.call_settings import CallSettings
from ringwake.model.settings import DeviceSettings, Settings
from ringwake.sip.flow import Address
from ringwake.sip.methods import CANCEL, INVITE

ALICE = f"sip:alice@{DOMAIN}"
IN_ORDER = CallSettings(in_order=True, next_after=10)


async def phone(world: SettledWorld, name: str, q: str = "") -> Stranger:
    """Return a phone of alice that is awake, and rings on and on."""
    made = await Stranger(world, address=Address("203.0.113.9", 6000 + ord(name))).open()
    contact = f'<sip:alice@{made.address}>;+sip.instance="<urn:uuid:{name}>"{q}'
    ok = await made.ask_as("alice", made.register("alice", contact=contact))
    assert ok.status == 200
    return made


async def called(world: SettledWorld) -> Stranger:
    """Let the boss call alice."""
    boss = await Stranger(world).open()
    boss.send(await boss.signed("boss", boss.request(INVITE, ALICE, f"Contact: <sip:boss@{boss.address}>")))
    await pause(0.5)
    return boss


def rung(*phones: Stranger) -> str:
    """Return the names of the phones that have the call, and let them ring."""
    names = ""
    for each in phones:
        invites = [request for request in each.requests if request.method == INVITE]
        if invites:
            names += chr(each.address.port - 6000)
            each.answer(invites[0], 180)
    return names


def test_phones_ring_in_the_order_of_their_contacts() -> None:
    async def test(world: SettledWorld) -> None:
        phones = [await phone(world, name, q) for name, q in (("a", ";q=0.1"), ("b", ";q=0.9"), ("c", ";q=0.9"))]
        await called(world)
        assert rung(*phones) == "bc"
        await pause(9)
        assert rung(*phones) == "bc"
        await pause(1)
        assert rung(*phones) == "abc"
        assert not any(request.method == CANCEL for each in phones for request in each.requests)

    in_settled_world(test, alice=Settings(calls=IN_ORDER))


def test_the_next_one_need_not_wait_for_who_has_said_no() -> None:
    async def test(world: SettledWorld) -> None:
        first, second = await phone(world, "a"), await phone(world, "b", ";q=0.5")
        await called(world)
        assert rung(first, second) == "a"
        first.answer(first.requests[-1], 486)
        await pause(0.5)
        assert rung(second) == "b"

    in_settled_world(test, alice=Settings(calls=IN_ORDER))


def test_a_phone_rings_later_if_its_owner_wants_so() -> None:
    async def test(world: SettledWorld) -> None:
        desk, mobile = await phone(world, "a"), await phone(world, "b")
        await called(world)
        assert rung(desk, mobile) == "a"
        await pause(6)
        assert rung(desk, mobile) == "a"
        await pause(1)
        assert rung(desk, mobile) == "ab"

    in_settled_world(test, alice=Settings(devices=(DeviceSettings(device="<urn:uuid:b>", ring_after=7),)))
