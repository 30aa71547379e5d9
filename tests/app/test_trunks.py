"""The ways to the tenants' PBXs: those that can be dialled are, from the listener of their transport."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.authority import Authority
from tests.support.real_loop import run_real
from tests.support.recorder import Recorder

from ringwake.app.trunks import Surroundings, known_as, open_trunks
from ringwake.config.schema import ListenSection
from ringwake.model.events import Event, Happened
from ringwake.model.tenant import Tenant, Upstream
from ringwake.net.stack import Stack
from ringwake.net.stream import Stream
from ringwake.net.tls import server_context
from ringwake.net.udp import Udp
from ringwake.sip.flow import Address, Flow, Transport

UDP, TCP, TLS = Transport.UDP, Transport.TCP, Transport.TLS
LISTENERS = {UDP: Address("192.0.2.1", 5060), TCP: Address("192.0.2.1", 5060), TLS: Address("192.0.2.1", 5061)}
LOOPBACK = Address("127.0.0.1", 0)


def around(
    stack: Stack,
    events: list[Event],
    *,
    listeners: Mapping[Transport, Address] | None = None,
    authorities: Mapping[str, Path] | None = None,
) -> Surroundings:
    return Surroundings(
        stack=stack,
        listeners=LISTENERS if listeners is None else listeners,
        node="n1",
        note=events.append,
        authorities=authorities or {},
    )


def new_stack() -> Stack:
    loop = asyncio.get_running_loop()
    return Stack(clock=loop.time, call_at=loop.call_at, fault=lambda *_: None)


def tenant(domain: str, pbx: str) -> Tenant:
    return Tenant(domain=domain, upstream=Upstream.PATH, pbx=pbx)


def test_each_pbx_has_its_way_and_nobody_else_has_one() -> None:
    async def main() -> None:
        stack, events, recorder = new_stack(), list[Event](), Recorder()
        server = Stream(TCP, recorder, node="pbx")
        await server.listen(LOOPBACK)
        (there,) = server.addresses()
        tenants = [
            tenant("tcp.example", f"sip:{there};transport=tcp"),
            tenant("udp.example", "sip:192.0.2.5"),
            Tenant(domain="none.example"),
            tenant("connector.example", ""),
        ]
        trunks, keepers = open_trunks(tenants, around(stack, events))
        await keepers.begun()
        assert trunks.flow("udp.example") == Flow(UDP, LISTENERS[UDP], Address("192.0.2.5", 5060))
        dialled = trunks.flow("tcp.example")
        assert dialled is not None
        assert (dialled.local, dialled.remote) == (LISTENERS[TCP], there)
        assert stack.is_open(dialled), "the stack sends down what was dialled"
        assert [trunks.flow(domain) for domain in ("none.example", "connector.example")] == [None, None]
        assert {(event.what, event.fields["tenant"]) for event in events} == {
            (Happened.PBX_REACHED, "tcp.example"),
            (Happened.PBX_REACHED, "udp.example"),
        }
        await keepers.close()
        await stack.close()
        await server.close()

    run_real(main())


@pytest.mark.parametrize("is_known", [True, False])
def test_a_pbx_on_tls_is_judged_by_the_authorities_of_its_tenant(is_known: bool, tmp_path: Path) -> None:
    async def main() -> None:
        authority = Authority(tmp_path)
        server = Stream(TLS, Recorder(), node="pbx", tls=server_context(*authority.issue("127.0.0.1")))
        await server.listen(LOOPBACK)
        stack, events = new_stack(), list[Event]()
        authorities = {"tls.example" if is_known else "other.example": authority.file}
        tenants = [tenant("tls.example", f"sips:{server.addresses()[0]}")]
        trunks, keepers = open_trunks(tenants, around(stack, events, authorities=authorities))
        await keepers.begun()
        assert (trunks.flow("tls.example") is not None) is is_known
        await keepers.close()
        await stack.close()
        await server.close()

    run_real(main())


def test_without_a_listener_of_its_transport_a_pbx_is_not_reached() -> None:
    async def main() -> None:
        stack, events = new_stack(), list[Event]()
        tenants = [tenant("tcp.example", "sip:127.0.0.1:9;transport=tcp")]
        trunks, keepers = open_trunks(tenants, around(stack, events, listeners={UDP: LISTENERS[UDP]}))
        await keepers.begun()
        assert trunks.flow("tcp.example") is None
        assert [event.what for event in events] == [Happened.PBX_LOST]
        await keepers.close()
        await stack.close()

    run_real(main())


def test_a_pbx_is_told_the_address_by_which_others_know_us() -> None:
    """A listener on all addresses has none that leads back."""

    async def main() -> None:
        loop, recorder = asyncio.get_running_loop(), Recorder()
        udp = Udp.bind(LOOPBACK, recorder, loop, advertise="sip.example.com")
        first, second = Stream(TCP, recorder, node="1"), Stream(TCP, recorder, node="2")
        await first.listen(Address("0.0.0.0", 0))
        await second.listen(LOOPBACK)
        sections = [
            ListenSection(transport="udp", address="0.0.0.0:0", advertise="sip.example.com"),
            ListenSection(transport="tcp", address="0.0.0.0:0", advertise="203.0.113.5"),
            ListenSection(transport="tcp", address="127.0.0.1:0"),
        ]
        found = known_as(sections, [udp, first, second])
        assert found[UDP].host == "sip.example.com"
        assert found[TCP] == Address("203.0.113.5", first.addresses()[0].port), "the first of each transport"
        assert known_as(sections[2:], [second]) == {TCP: second.addresses()[0]}
        for carrier in (udp, first, second):
            await carrier.close()

    run_real(main())
