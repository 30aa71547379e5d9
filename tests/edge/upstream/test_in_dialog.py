"""Inside a dialog with somebody behind the PBX: both directions, whatever was cut or restarted meanwhile."""

from __future__ import annotations

import pytest
from tests.edge.upstream.calling import CALLEE, Call, call_in, call_out, registered
from tests.support.pbx import ADDRESS, Pbx
from tests.support.pbx_world import PbxWorld, in_front_of_pbx
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, SERVER

from ringwake.model.events import Happened
from ringwake.model.tenant import Upstream
from ringwake.sip.dialog import callee_dialog
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, BYE, INVITE, MESSAGE, PRACK, REFER, UPDATE

PATH, CONTACT, VAULT = Upstream.PATH, Upstream.CONTACT, Upstream.VAULT
TCP, UDP = Transport.TCP, Transport.UDP
USERS = ("alice", "bob", "boss")
MODES = pytest.mark.parametrize("upstream", [PATH, CONTACT, VAULT])
TRANSPORTS = pytest.mark.parametrize("transport", [UDP, TCP])
WAYS = pytest.mark.parametrize("is_outgoing", [True, False])


def known_to(upstream: Upstream) -> tuple[str, ...]:
    return USERS if upstream is VAULT else ()


async def call(world: PbxWorld, phone: Stranger, *, is_outgoing: bool) -> Call:
    return await (call_out if is_outgoing else call_in)(world, phone)


async def both_ways(world: PbxWorld, up: Call) -> None:
    """Let each side send a request that the other answers."""
    sent = up.by_phone(UPDATE)
    await pause(0.1)
    arrived = world.pbx.requests(UPDATE)[-1]
    assert arrived.via.branch not in sent.via.branch
    world.pbx.answer(arrived, 200)
    await pause(0.1)
    assert [r.status for r in up.phone.responses_to(sent)] == [200]
    back = up.by_pbx(BYE)
    await pause(0.1)
    got = up.phone.requests[-1]
    assert (got.method, got.headers.values("route")) == (BYE, [])
    up.phone.answer(got, 200)
    await pause(0.1)
    assert [r.status for r in world.pbx.responses(back)] == [200]


@MODES
@TRANSPORTS
@WAYS
def test_requests_pass_both_ways(upstream: Upstream, transport: Transport, is_outgoing: bool) -> None:
    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        await both_ways(world, await call(world, phone, is_outgoing=is_outgoing))
        assert world.provider.pushes == []

    in_front_of_pbx(test, upstream, transport=transport, users=known_to(upstream))


@pytest.mark.parametrize("method", [INVITE, PRACK, REFER, "INFO", MESSAGE, "NEWMETHOD"])
@WAYS
def test_every_method_passes(method: str, is_outgoing: bool) -> None:
    async def test(world: PbxWorld) -> None:
        up = await call(world, await registered(world), is_outgoing=is_outgoing)
        sent = up.by_phone(method)
        await pause(0.1)
        assert [r.cseq for r in world.pbx.requests(method)][-1] == sent.cseq
        up.by_pbx(method)
        await pause(0.1)
        assert up.phone.requests[-1].method == method

    in_front_of_pbx(test, PATH)


@WAYS
def test_the_trunk_may_be_another_connection_by_now(is_outgoing: bool) -> None:
    async def test(world: PbxWorld) -> None:
        up = await call(world, await registered(world), is_outgoing=is_outgoing)
        world.way[DOMAIN].cut()
        await pause(1)
        await world.way[DOMAIN].open()
        await pause(0.1)
        await both_ways(world, up)

    in_front_of_pbx(test, PATH, transport=TCP)


@MODES
@TRANSPORTS
@WAYS
def test_a_restart_of_the_server_ends_no_dialog(upstream: Upstream, transport: Transport, is_outgoing: bool) -> None:
    async def test(world: PbxWorld) -> None:
        up = await call(world, await registered(world), is_outgoing=is_outgoing)
        await up.phone.close()
        await world.restart()
        up.phone = await registered(world, address=Address("10.0.0.77", 4000))
        await both_ways(world, up)

    in_front_of_pbx(test, upstream, transport=transport, users=known_to(upstream))


@WAYS
def test_the_pbx_may_be_reached_by_another_transport_after_a_restart(is_outgoing: bool) -> None:
    """A dialog names the tenant, so it goes on by whatever way that has by now."""

    async def test(world: PbxWorld) -> None:
        up = await call(world, await registered(world), is_outgoing=is_outgoing)
        await up.phone.close()
        world.ways[DOMAIN] = (UDP, ADDRESS)
        moved = Pbx(world, transport=UDP)
        await world.restart()
        up.phone = await Stranger(world, address=Address("10.0.0.77", 4000)).open()
        sent = up.by_phone(BYE)
        await pause(0.1)
        assert [r.call_id for r in moved.requests(BYE)] == [sent.call_id]

    in_front_of_pbx(test, PATH, transport=TCP)


def test_without_a_trunk_the_transaction_fails_and_the_dialog_stays() -> None:
    async def test(world: PbxWorld) -> None:
        up = await call_out(world, await registered(world))
        world.way[DOMAIN].cut()
        await pause(0.1)
        sent = up.by_phone(BYE)
        await pause(0.1)
        assert [r.status for r in up.phone.responses_to(sent)] == [504]

    in_front_of_pbx(test, PATH, transport=TCP)


def test_an_ack_without_a_trunk_goes_nowhere() -> None:
    async def test(world: PbxWorld) -> None:
        up = await call_out(world, await registered(world), acknowledges=False)
        world.way[DOMAIN].cut()
        await pause(0.1)
        up.by_phone(ACK, seq=1)
        await pause(1)
        assert not any(isinstance(m, Request) and m.method == ACK for m in world.pbx.heard)

    in_front_of_pbx(test, PATH, transport=TCP)


def test_a_phone_that_sleeps_is_not_woken_for_a_bye() -> None:
    async def test(world: PbxWorld) -> None:
        up = await call_in(world, await registered(world))
        await up.phone.close()
        await pause(0.1)
        sent = up.by_pbx(BYE)
        await pause(0.1)
        assert ([r.status for r in world.pbx.responses(sent)], world.provider.pushes) == ([504], [])

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_pbx_that_has_dialled_us_itself_is_reached_also_when_that_connection_is_gone(is_closed: bool) -> None:
    """Asterisk sends INVITEs over a connection of its own, from a port that tells nothing, and closes it when idle."""

    async def test(world: PbxWorld) -> None:
        phone = await registered(world)
        own = await Stranger(world, transport=TCP, address=Address(ADDRESS.host, 40_123)).open()
        bound = world.pbx.bound()[0]
        routes = [f"Route: {path}" for path in bound.path]
        asked = own.request(INVITE, bound.uri, *routes, f"Contact: {world.pbx.contact[1]}", to=f"<sip:alice@{DOMAIN}>")
        own.send(asked)
        await pause(0.1)
        arrived = phone.requests[-1]
        record = [("record-route", text) for text in arrived.headers.texts("record-route")]
        phone.answer(arrived, 200, *record, ("contact", f"<sip:alice@{phone.address}>"))
        await pause(0.1)
        ok = own.responses_to(asked)[-1]
        assert ok.status == 200
        if is_closed:
            await own.close()
            await pause(40)
        up = Call(world, phone, callee_dialog(arrived, ok), callee_dialog(arrived, ok), asked, arrived)
        sent = up.by_phone(BYE)
        await pause(0.1)
        assert [r.call_id for r in world.pbx.requests(BYE)] == [sent.call_id]

    in_front_of_pbx(test, PATH, transport=TCP)


def test_the_credentials_of_a_phone_for_the_pbx_pass_inside_the_dialog() -> None:
    async def test(world: PbxWorld) -> None:
        up = await call_out(world, await registered(world))
        up.by_phone(INVITE, ("proxy-authorization", 'Digest username="alice"'))
        await pause(0.1)
        assert "proxy-authorization" in world.pbx.requests(INVITE)[-1].headers

    in_front_of_pbx(test, PATH)


def test_a_pbx_is_asked_by_its_own_flow_only() -> None:
    """A token names the tenant: a phone's request never goes to another tenant's PBX."""

    async def test(world: PbxWorld) -> None:
        up = await call_out(world, await registered(world))
        up.by_phone(BYE)
        await pause(0.1)
        assert world.other_pbx.received == []
        to_pbx = {flow.remote for _, flow, message in world.network.sent if message.startswith(b"BYE")}
        assert to_pbx == {SERVER, ADDRESS}
        assert Flow(UDP, SERVER, ADDRESS) == world.trunks.flow(DOMAIN)
        assert CALLEE.endswith(DOMAIN)

    in_front_of_pbx(test, PATH)


@pytest.mark.parametrize("method", [INVITE, BYE])
def test_a_path_beside_the_routes_of_a_dialog_begins_no_call(method: str) -> None:
    """Asterisk writes it into all that it sends to a contact. A hold must not wake the phone."""

    async def test(world: PbxWorld) -> None:
        up = await call_in(world, await registered(world))
        inside = world.pbx.in_dialog(up.pbxs, method)
        inside.headers.append("route", world.pbx.bound()[0].path[0])
        world.pbx.send(inside)
        await pause(0.1)
        got = up.phone.requests[-1]
        assert (got.method, got.headers.values("route"), got.headers.values("record-route")) == (method, [], [])
        up.phone.answer(got, 200)
        await pause(30)
        assert world.pbx.responses(inside)[-1].status == 200
        assert (world.provider.pushes, len(world.happened(Happened.INVITE_RECEIVED))) == ([], 1)

    in_front_of_pbx(test, PATH)
