"""Who is taken for a PBX, and what it may do."""

from __future__ import annotations

import pytest
from tests.edge.upstream.test_path import contact, registered
from tests.support.pbx import ADDRESS
from tests.support.pbx_world import PbxWorld, in_front_of_pbx
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, SERVER

from ringwake.model.account import Aor
from ringwake.model.history_ops import ListHistory, MarkRead
from ringwake.model.tenant import Upstream
from ringwake.proxy.contact_user import contact_user
from ringwake.sip.flow import Address, Transport
from ringwake.sip.message import Response
from ringwake.sip.methods import INVITE, MESSAGE, OPTIONS, SUBSCRIBE

PATH, CONTACT, VAULT = Upstream.PATH, Upstream.CONTACT, Upstream.VAULT
UDP, TCP = Transport.UDP, Transport.TCP


@pytest.mark.parametrize("transport", [UDP, TCP])
def test_the_pbx_of_another_tenant_does_not_go_by_our_path(transport: Transport) -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        bound = world.pbx.bound()[0]
        invite = world.other_pbx.write(INVITE, bound.uri, f"Route: {bound.path[0]}")
        world.other_pbx.send(invite)
        await pause(0.2)
        assert [r.status for r in world.other_pbx.responses(invite)] == [403]
        assert phone.requests == []

    in_front_of_pbx(test, PATH, transport=transport)


def test_the_pbx_of_another_tenant_does_not_go_by_our_contact() -> None:
    async def test(world: PbxWorld) -> None:
        phone = await Stranger(world, address=Address("10.0.0.51", 4000)).open()
        ok = await phone.ask_as("alice", phone.register("alice", contact=contact()))
        assert ok.status == 200
        invite = world.other_pbx.write(INVITE, world.pbx.bound()[0].uri)
        world.other_pbx.send(invite)
        await pause(0.2)
        assert [r.status for r in world.other_pbx.responses(invite)] == [403]
        assert phone.requests == []

    in_front_of_pbx(test, CONTACT)


@pytest.mark.parametrize("method", [INVITE, MESSAGE])
def test_the_pbx_of_another_tenant_finds_only_its_own_accounts_at_our_address(method: str) -> None:
    """The first tenant's accounts are found there by everybody else, who has to prove who it is."""

    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        asked = world.other_pbx.write(method, f"sip:alice@{SERVER}")
        world.other_pbx.send(asked)
        await pause(0.5)
        assert [r.status for r in world.other_pbx.responses(asked)] == [404]
        assert phone.requests == []

    in_front_of_pbx(test, VAULT, users=("alice", "boss"))


def test_a_phone_that_shares_the_address_of_the_pbx_is_not_taken_for_it() -> None:
    """Both may stand behind one NAT. It is asked for credentials, by us or by the PBX, as any other."""

    async def test(world: PbxWorld) -> None:
        neighbour = await Stranger(world, transport=TCP, address=Address(ADDRESS.host, 5070)).open()
        refused = await neighbour.ask(neighbour.request(INVITE, f"sip:alice@{DOMAIN}"))
        assert refused is not None
        assert refused.status == 407
        assert world.pbx.requests(INVITE) == []

    in_front_of_pbx(test, VAULT, users=("alice", "boss"))


def test_what_the_pbx_sends_to_an_address_of_record_needs_no_credentials() -> None:
    """Its port on UDP, and the connection that we have dialled, are its own."""

    async def test(world: PbxWorld) -> None:
        await registered(world)
        invite = world.pbx.write(INVITE, f"sip:alice@{DOMAIN}")
        world.pbx.send(invite)
        await pause(0.2)
        assert [r.status for r in world.pbx.responses(invite)] == [100]

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize("method", [INVITE, MESSAGE, OPTIONS])
@pytest.mark.parametrize("transport", [UDP, TCP])
def test_to_another_tenant_a_pbx_is_a_stranger(method: str, transport: Transport) -> None:
    """It may be a customer's own, and could say to be anybody."""

    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        sent = world.other_pbx.write(method, f"sip:alice@{DOMAIN}")
        world.other_pbx.send(sent)
        await pause(0.2)
        assert [r.status for r in world.other_pbx.responses(sent)] == [407]
        assert phone.requests == []

    in_front_of_pbx(test, PATH, transport=transport)


def test_a_contact_of_an_account_that_is_gone_is_404() -> None:
    async def test(world: PbxWorld) -> None:
        gone = contact_user(Aor(f"gone@{DOMAIN}"), world.keys)
        invite = world.pbx.write(INVITE, f"sip:{gone}@{SERVER}")
        world.pbx.send(invite)
        await pause(0.2)
        assert [r.status for r in world.pbx.responses(invite)] == [404]

    in_front_of_pbx(test, VAULT, users=("alice",))


def test_a_subscription_of_the_pbx_wakes_a_phone() -> None:
    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        await phone.close()
        await pause(30)
        bound = world.pbx.bound()[0]
        world.pbx.send(world.pbx.write(SUBSCRIBE, bound.uri, f"Route: {bound.path[0]}"))
        await pause(0.5)
        assert len(world.pushed("wake")) == 1

    in_front_of_pbx(test, PATH)


def test_a_call_that_comes_by_two_contacts_of_ours_rings_once() -> None:
    """RFC 3261 section 8.2.2.2: a PBX that still has our Contact at an earlier address calls both."""

    async def test(world: PbxWorld) -> None:
        phone, _ = await registered(world)
        await pause(5)
        (uri,) = {bound.uri for bound in world.pbx.bound()}
        first = world.pbx.write(INVITE, uri)
        again = first.copy()
        again.headers.replace_first("via", str(first.via).replace(first.via.branch, first.via.branch + "2"))
        world.pbx.send(first)
        await pause(0.2)
        world.pbx.send(again)
        await pause(0.2)
        assert [request.method for request in phone.requests] == [INVITE]
        assert 482 in [message.status for message in world.pbx.heard if isinstance(message, Response)]

    in_front_of_pbx(test, VAULT, users=("alice",))


@pytest.mark.parametrize("method", [INVITE, MESSAGE])
def test_what_a_pbx_sends_to_each_phone_by_itself_is_listed_and_counted_once(method: str) -> None:
    async def test(world: PbxWorld) -> None:
        for number in (1, 2):
            phone, _ = await registered(world, str(number), address=Address(f"10.0.0.{50 + number}", 4000))
            await phone.close()
        await pause(60)
        assert len(world.pbx.fork(method)) == 2
        await pause(40)
        (entry,) = await world.store.do(ListHistory(aor=Aor(f"alice@{DOMAIN}")))
        assert await world.store.do(MarkRead(aor=entry.aor, entries=(entry.id,), until=0.0)) == (1, 0)

    in_front_of_pbx(test, PATH)
