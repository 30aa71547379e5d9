"""Flows and paths through the whole server: one phone, several ways to it, and none of them but those it registered."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from tests.support.in_world import asleep, awake, call, in_world, line_of
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.model.push import Kind
from ringwake.model.store_ops import ListBindings
from ringwake.sip.flow import Address
from ringwake.sip.message import Response
from ringwake.sip.methods import INVITE, MESSAGE
from ringwake.ua.call import CallState

INSTANCE = "<urn:uuid:0c67446e-f1a1-11d9-94d3-000a95a0e128>"
VICTIM = "192.0.2.66"
EDGE, MIDDLE = f"<sip:token@{VICTIM}:5070;lr;ob>", "<sip:middle.example.com;lr>"


async def at(world: World, port: int) -> Stranger:
    """Return a connection from a port of its own."""
    return await Stranger(world, address=Address("203.0.113.66", port)).open()


async def flow_of(world: World, reg_id: int, *more: str) -> Stranger:
    """Register one more flow of the same phone."""
    phone = await at(world, 5060 + reg_id)
    contact = f'<sip:alice@{phone.address}>;+sip.instance="{INSTANCE}";reg-id={reg_id}'
    ok = await phone.ask_as("alice", phone.register("alice", "Supported: path, outbound", *more, contact=contact))
    assert (ok.status, ok.headers.texts("require")) == (200, ["outbound"])
    return phone


def asked(phone: Stranger, method: str = INVITE) -> list[str]:
    """Return the branches of the requests that came to a phone."""
    return [request.via.branch for request in phone.requests if request.method == method]


# ---- several flows (RFC 5626)


@pytest.mark.parametrize("how", ["break", "408", "430"])
def test_a_phone_with_two_flows_is_called_down_one_and_down_the_other_when_that_fails(how: str) -> None:
    """O24, O25."""

    async def test(world: World) -> None:
        first, second = await flow_of(world, 1), await flow_of(world, 2)
        boss = await awake(world)
        outgoing = call(boss, f"sip:alice@{DOMAIN}")
        await pause(1)
        assert (len(asked(first)), len(asked(second))) == (0, 1), "the newest"
        if how == "break":
            await second.close()
        else:
            second.answer(second.requests[0], int(how))
        await pause(1)
        assert asked(first) == asked(second)[:1], "to the phone it is a retransmission"
        first.answer(first.requests[0], 200, ("contact", f"<sip:alice@{first.address}>"))
        await pause(1)
        assert outgoing.state is CallState.UP
        assert len(asked(second)) == 1

    in_world(test)


def test_a_phone_that_has_answered_is_not_called_down_its_other_flow() -> None:  # O25
    async def test(world: World) -> None:
        first, second = await flow_of(world, 1), await flow_of(world, 2)
        outgoing = call(await awake(world), f"sip:alice@{DOMAIN}")
        await pause(1)
        second.answer(second.requests[0], 486)
        await pause(1)
        assert (outgoing.status, asked(first)) == (486, [])

    in_world(test)


def test_a_message_is_handed_to_a_phone_once_whichever_flow_it_comes_by() -> None:
    async def test(world: World) -> None:
        first = await flow_of(world, 1)
        await first.close()
        boss = await awake(world)
        await line_of(boss).message(f"sip:alice@{DOMAIN}", "hello")
        second = await flow_of(world, 2)
        await pause(0.1)
        again = await flow_of(world, 1)
        await pause(0.1)
        assert [len(asked(phone, MESSAGE)) for phone in (second, again)] == [1, 1]
        assert asked(again, MESSAGE) == asked(second, MESSAGE), "to the phone it is a retransmission"
        again.answer(again.requests[0], 200)
        await pause(60)
        for reg_id in (1, 2):
            phone = await flow_of(world, reg_id + 10)
            await pause(0.1)
            assert asked(phone, MESSAGE) == []

    in_world(test)


def test_a_phone_that_registers_its_flow_from_another_port_has_one_binding() -> None:  # O21, O23
    async def test(world: World) -> None:
        old = await flow_of(world, 1)
        new = await at(world, 7000)
        contact = f'<sip:alice@{new.address}>;+sip.instance="{INSTANCE.upper().replace("URN", "urn")}";reg-id=1'
        ok = await new.ask_as("alice", new.register("alice", "Supported: outbound", contact=contact))
        assert len(ok.headers.values("contact")) == 1
        call(await awake(world), f"sip:alice@{DOMAIN}")
        await pause(1)
        assert (len(asked(old)), len(asked(new))) == (0, 1)
        new.answer(new.requests[0], 486)
        await pause(1)

    in_world(test)


def test_a_flow_that_closes_makes_a_phone_unreachable_at_once_or_puts_it_to_sleep() -> None:  # O27, A14
    async def test(world: World) -> None:
        plain = await awake(world, "bob")
        await plain.sleep()
        await asleep(world, "alice")
        boss = await awake(world)
        to_bob, to_alice = call(boss, plain.aor), call(boss, f"sip:alice@{DOMAIN}")
        await pause(0.02)
        assert to_bob.status == 480
        assert to_alice.status < 200
        assert [push.notice.kind for push in world.pushed(Kind.CALL)] == [Kind.CALL]
        await pause(5)
        bound = await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))
        assert sorted(binding.aor for binding in bound) == [f"{user}@{DOMAIN}" for user in ("alice", "bob", "boss")]

    in_world(test)


# ---- paths (RFC 3327)


async def through(world: World, *fields: str, is_peer: bool, user: str = "alice") -> tuple[Stranger, Response]:
    """Register a phone through a proxy that may be one of our peers."""
    proxy = await at(world, 5060)
    if is_peer:
        world.core.gate = replace(world.core.gate, peers=(ip_network(proxy.address.host),))
    behind = "Via: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKphone"
    contact = f'<sip:{user}@10.9.9.9;x=1>;+sip.instance="{INSTANCE}";reg-id=1'
    return proxy, await proxy.ask_as(user, proxy.register(user, behind, *fields, contact=contact))


def sent_to(world: World, host: str) -> list[bytes]:
    return [octets for _, flow, octets in world.network.sent if flow.remote.host == host]


@pytest.mark.parametrize("is_peer", [True, False])
def test_a_path_counts_only_if_a_peer_wrote_it_and_leads_no_octet_of_ours_anywhere(is_peer: bool) -> None:
    """PA6, PA7, O26."""

    async def test(world: World) -> None:
        proxy, ok = await through(world, f"Path: {MIDDLE}, {EDGE}", is_peer=is_peer)
        assert (ok.status, ok.headers.values("path")) == (200, [MIDDLE, EDGE] if is_peer else [])
        boss = await awake(world)
        outgoing = call(boss, f"sip:alice@{DOMAIN}")
        await line_of(boss).message(f"sip:alice@{DOMAIN}", "hello")
        other = await Stranger(world, address=Address("203.0.113.99", 5060)).open()
        other.send(await other.signed("boss", other.request("OPTIONS", f"sip:alice@{DOMAIN}")))
        await pause(1)
        assert sorted(request.method for request in proxy.requests) == ["INVITE", "MESSAGE", "OPTIONS"]
        for request in proxy.requests:
            assert request.headers.values("route") == ([MIDDLE, EDGE] if is_peer else [])
            assert request.uri == "sip:alice@10.9.9.9;x=1"
            proxy.answer(request, 486 if request.method == INVITE else 200)
        await pause(1)
        assert outgoing.status == 486
        assert sent_to(world, VICTIM) == sent_to(world, "10.9.9.9") == []

    in_world(test)


@pytest.mark.parametrize(
    ("path", "is_peer", "status", "require"),
    [
        (EDGE, True, 200, ["outbound"]),
        (MIDDLE, True, 439, []),
        ("", True, 439, []),
        (EDGE, False, 439, []),  # whoever wrote it is nobody we know
    ],
)
def test_a_phone_behind_a_proxy_has_a_flow_if_that_keeps_it(
    path: str, is_peer: bool, status: int, require: list[str]
) -> None:  # O18
    async def test(world: World) -> None:
        fields = [f"Path: {path}"] if path else []
        _, answered = await through(world, "Supported: path, outbound", *fields, is_peer=is_peer)
        assert (answered.status, answered.headers.texts("require")) == (status, require)
        bound = await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))
        assert len(bound) == (status == 200)

    in_world(test)


def test_a_sleeping_phone_behind_a_proxy_is_woken_and_called_along_its_new_path() -> None:
    async def test(world: World) -> None:
        proxy = await at(world, 5060)
        world.core.gate = replace(world.core.gate, peers=(ip_network(proxy.address.host),))

        async def register(path: str) -> None:
            contact = "<sip:alice@10.9.9.9;pn-provider=fcm;pn-param=demo-project;pn-prid=abcdefgh>"
            more = ("Via: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKphone", f"Path: {path}")
            ok = await proxy.ask_as("alice", proxy.register("alice", *more, contact=contact, expires=3600))
            assert ok.status == 200

        await register(EDGE)
        outgoing = call(await awake(world), f"sip:alice@{DOMAIN}")
        await pause(0.1)
        proxy.answer(proxy.requests[0], 430)
        await pause(0.1)
        assert [push.notice.kind for push in world.pushed(Kind.CALL)] == [Kind.CALL]
        newer = EDGE.replace("token", "newer")
        await register(newer)
        await pause(0.1)
        first, second = (request for request in proxy.requests if request.method == INVITE)
        assert (first.headers.values("route"), second.headers.values("route")) == ([EDGE], [newer])
        assert first.via.branch != second.via.branch, "the proxy has answered for that one"
        assert first.call_id == second.call_id
        proxy.answer(second, 200, ("contact", "<sip:alice@10.9.9.9>"))
        await pause(1)
        assert outgoing.state is CallState.UP

    in_world(test)
