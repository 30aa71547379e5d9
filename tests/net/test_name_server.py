"""Asking a real name server, on loopback, with a zone that the test writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import dns.asyncresolver
import dns.message
import dns.rrset
import pytest
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from tests.support.real_loop import run_real

from ringwake.net.name_server import NameServer
from ringwake.net.resolver import Naptr, ResolveError, Resolver, Srv
from ringwake.sip.flow import Transport
from ringwake.sip.uri import parse_uri

ZONE = {
    ("example.com.", "NAPTR"): [
        '10 50 "s" "SIPS+D2T" "" _sips._tcp.example.com.',
        '20 50 "u" "E2U+sip" "!^.*$!sip:x@example.com!" .',
    ],
    ("_sips._tcp.example.com.", "SRV"): ["0 5 5061 sip.example.com."],
    ("sip.example.com.", "A"): ["192.0.2.1"],
    ("sip.example.com.", "AAAA"): ["2001:db8::1"],
    ("v4.example.com.", "A"): ["192.0.2.4"],
}


class Zone(asyncio.DatagramProtocol):
    """A name server; it remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.rcode = Rcode.NOERROR

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), RdataType.to_text(question.rdtype)
        self.asked.append(f"{kind} {name}")
        answer = dns.message.make_response(query)
        answer.set_rcode(self.rcode)
        if records := ZONE.get((name, kind)):
            answer.answer.append(dns.rrset.from_text_list(name, 300, "IN", kind, records))
        elif not any(known == name for known, _ in ZONE):
            answer.set_rcode(Rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


def with_zone(test: Callable[[Zone, NameServer], object]) -> None:
    async def main() -> None:
        transport, zone = await asyncio.get_running_loop().create_datagram_endpoint(Zone, local_addr=("127.0.0.1", 0))
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.port = transport.get_extra_info("sockname")[1]
        resolver.nameservers = ["127.0.0.1"]
        try:
            result = test(zone, NameServer(resolver))
            assert asyncio.iscoroutine(result)
            await result
        finally:
            transport.close()

    run_real(main())


def test_each_kind_of_record_is_read() -> None:
    async def test(_: Zone, server: NameServer) -> None:
        assert await server.naptr("example.com") == [Naptr(10, 50, "SIPS+D2T", "_sips._tcp.example.com.")]
        assert await server.srv("_sips._tcp.example.com.") == [Srv(0, 5, 5061, "sip.example.com.")]
        assert await server.addresses("sip.example.com.") == ["192.0.2.1", "2001:db8::1"]

    with_zone(test)


def test_what_does_not_exist_is_nothing() -> None:
    async def test(_: Zone, server: NameServer) -> None:
        assert await server.naptr("nowhere.example") == []
        assert await server.srv("_sip._udp.example.com") == []
        assert await server.addresses("v4.example.com") == ["192.0.2.4"]

    with_zone(test)


def test_an_answer_is_kept_as_long_as_it_says() -> None:
    async def test(zone: Zone, server: NameServer) -> None:
        for _ in range(3):
            await server.srv("_sips._tcp.example.com")
        assert zone.asked == ["SRV _sips._tcp.example.com."]

    with_zone(test)


def test_a_server_in_trouble_is_an_error_that_names_the_question() -> None:
    async def test(zone: Zone, server: NameServer) -> None:
        zone.rcode = Rcode.REFUSED
        with pytest.raises(ResolveError, match="SRV was not answered"):
            await server.srv("example.com")

    with_zone(test)


def test_a_name_that_is_none_is_an_error() -> None:
    async def test(_: Zone, server: NameServer) -> None:
        with pytest.raises(ResolveError):
            await server.addresses("a" * 64 + ".example")

    with_zone(test)


def test_a_phone_finds_its_server() -> None:
    async def test(_: Zone, server: NameServer) -> None:
        resolver = Resolver(server, supported=Transport, chance=lambda: 0.5)
        targets = await resolver.targets(parse_uri("sips:example.com"))
        assert [str(target.address) for target in targets] == ["192.0.2.1:5061", "[2001:db8::1]:5061"]

    with_zone(test)
