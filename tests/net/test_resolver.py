"""Claims about finding a server (RFC 3263): each zone is written down, and what is tried first comes first."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random

import pytest
from tests.support.zone import Zone

from ringwake.net.resolver import Naptr, ResolveError, Resolver, Srv
from ringwake.sip.flow import Transport
from ringwake.sip.uri import parse_uri

UDP, TCP, TLS, WS, WSS = Transport
ALL = tuple(Transport)


def where(
    uri: str, zone: Zone, *, supported: Iterable[Transport] = ALL, chance: Callable[[], float] = lambda: 0.5
) -> list[str]:
    resolver = Resolver(zone, supported=supported, chance=chance)
    return [f"{t.transport} {t.address}" for t in asyncio.run(resolver.targets(parse_uri(uri)))]


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("sip:192.0.2.1", "udp 192.0.2.1:5060"),
        ("sip:192.0.2.1:5070", "udp 192.0.2.1:5070"),
        ("sips:192.0.2.1", "tls 192.0.2.1:5061"),
        ("sips:192.0.2.1;transport=tcp", "tls 192.0.2.1:5061"),
        ("sips:192.0.2.1;transport=WS", "wss 192.0.2.1:443"),
        ("sip:192.0.2.1;transport=tcp", "tcp 192.0.2.1:5060"),
        ("sip:192.0.2.1;transport=tls", "tls 192.0.2.1:5061"),
        ("sip:192.0.2.1;transport=ws", "ws 192.0.2.1:80"),
        ("sip:[2001:db8::1]:5062", "udp [2001:db8::1]:5062"),
        ("sip:[2001:DB8:0::0:1]:5062", "udp [2001:db8::1]:5062"),
        ("sip:elsewhere.example;maddr=192.0.2.9;transport=tcp", "tcp 192.0.2.9:5060"),
    ],
)
def test_a_numeric_address_needs_no_question(uri: str, target: str) -> None:
    zone = Zone()
    assert where(uri, zone) == [target]
    assert zone.asked == []


def test_a_port_means_no_srv() -> None:
    zone = Zone(hosts={"example.com": ["192.0.2.1", "2001:db8::1"]})
    assert where("sip:example.com:5070", zone) == ["udp 192.0.2.1:5070", "udp [2001:db8::1]:5070"]
    assert zone.asked == ["A example.com"]


FULL = Zone(
    naptrs={
        "example.com": [
            Naptr(20, 10, "SIP+D2U", "_sip._udp.example.com."),
            Naptr(10, 20, "SIP+D2T", "_sip._tcp.example.com."),
            Naptr(10, 10, "sips+d2t", "_sips._tcp.example.com."),
            Naptr(5, 5, "E2U+sip", "unknown."),
            Naptr(30, 1, "SIPS+D2W", "_sips._ws.example.com."),
        ]
    },
    srvs={
        "_sips._tcp.example.com.": [Srv(0, 0, 5061, "a.example.com.")],
        "_sip._tcp.example.com.": [Srv(0, 0, 5060, "a.example.com.")],
        "_sip._udp.example.com.": [Srv(1, 0, 5060, "b.example.com."), Srv(0, 0, 5062, "a.example.com.")],
        "_sips._ws.example.com.": [Srv(0, 0, 443, "a.example.com.")],
    },
    hosts={"a.example.com.": ["192.0.2.1"], "b.example.com.": ["192.0.2.2"]},
)


def test_naptr_chooses_the_transport_by_order_and_preference() -> None:
    assert where("sip:example.com", FULL) == [
        "tls 192.0.2.1:5061",
        "tcp 192.0.2.1:5060",
        "udp 192.0.2.1:5062",
        "udp 192.0.2.2:5060",
        "wss 192.0.2.1:443",
    ]


def test_sips_keeps_only_what_is_secure() -> None:
    assert where("sips:example.com", FULL) == ["tls 192.0.2.1:5061", "wss 192.0.2.1:443"]


def test_what_we_do_not_speak_is_passed_over() -> None:
    assert where("sip:example.com", FULL, supported=[TCP]) == ["tcp 192.0.2.1:5060"]


def test_naptr_records_that_help_nobody_end_it() -> None:
    """Section 4.1: who has NAPTR records has said by which transports it can be reached."""
    with pytest.raises(ResolveError, match="no address"):
        where("sip:example.com", FULL, supported=[WS])


def test_without_naptr_each_transport_is_asked_for() -> None:
    zone = Zone(
        srvs={
            "_sip._tcp.example.com": [Srv(0, 0, 5080, "a.")],
            "_sip._udp.example.com": [Srv(0, 0, 5060, "a.")],
        },
        hosts={"a.": ["192.0.2.1"]},
    )
    assert where("sip:Example.COM.", zone) == ["tcp 192.0.2.1:5080", "udp 192.0.2.1:5060"]
    assert zone.asked[:2] == ["NAPTR example.com", "SRV _sips._tcp.example.com"]


def test_without_srv_it_is_the_default_transport_and_port() -> None:
    zone = Zone(hosts={"example.com": ["192.0.2.1"]})
    assert where("sip:example.com", zone) == ["udp 192.0.2.1:5060"]
    assert where("sips:example.com", zone) == ["tls 192.0.2.1:5061"]


def test_a_named_transport_asks_for_its_srv_only() -> None:
    zone = Zone(srvs={"_sip._tcp.example.com": [Srv(0, 0, 5080, "a.")]}, hosts={"a.": ["192.0.2.1"]})
    assert where("sip:example.com;transport=tcp", zone) == ["tcp 192.0.2.1:5080"]
    assert zone.asked == ["SRV _sip._tcp.example.com", "A a."]


def test_web_sockets_have_no_srv_of_their_own() -> None:
    zone = Zone(hosts={"example.com": ["192.0.2.1"]})
    assert where("sips:example.com;transport=ws", zone) == ["wss 192.0.2.1:443"]
    assert zone.asked == ["A example.com"]


def test_priorities_come_before_weights_and_weights_are_drawn() -> None:
    zone = Zone(
        srvs={"_sip._udp.example.com": [Srv(1, 1, 1, "last."), Srv(0, 1, 1, "light."), Srv(0, 9, 1, "heavy.")]},
        hosts={"last.": ["192.0.2.3"], "light.": ["192.0.2.1"], "heavy.": ["192.0.2.2"]},
    )
    chance = Random(7).random
    drawn = [where("sip:example.com;transport=udp", zone, chance=chance) for _ in range(400)]
    assert {targets[2] for targets in drawn} == {"udp 192.0.2.3:1"}
    first = Counter(targets[0] for targets in drawn)
    assert 340 < first["udp 192.0.2.2:1"] < 380


@pytest.mark.parametrize("chance", [0.0, 0.999_999])
def test_all_servers_are_in_the_list_whatever_is_drawn(chance: float) -> None:
    records = [Srv(0, weight, 1, f"{weight}.") for weight in (0, 0, 3)]
    zone = Zone(srvs={"_sip._udp.e": records}, hosts={"0.": ["192.0.2.1"], "3.": ["192.0.2.2"]})
    assert sorted(where("sip:e;transport=udp", zone, chance=lambda: chance)) == [
        "udp 192.0.2.1:1",
        "udp 192.0.2.1:1",
        "udp 192.0.2.2:1",
    ]


def test_a_dot_says_that_there_is_no_such_service() -> None:
    zone = Zone(srvs={"_sip._tcp.example.com": [Srv(0, 0, 0, ".")]}, hosts={"example.com": ["192.0.2.1"]})
    assert where("sip:example.com;transport=tcp", zone) == ["tcp 192.0.2.1:5060"]


@pytest.mark.parametrize(
    ("uri", "supported", "rule"),
    [
        ("sip:df7jal23ls0d.invalid;transport=ws", ALL, "never looked up"),
        ("sip:nowhere.example", ALL, "no address"),
        ("sip:nowhere.example:5060", ALL, "no address"),
        ("sip:example.com;transport=sctp", ALL, "no transport sctp"),
        ("sips:example.com;transport=udp", ALL, "not secure"),
        ("sip:192.0.2.1", [TCP], "no UDP here"),
        ("sip:example.com;transport=tcp", [UDP], "no TCP here"),
        ("sips:example.com", [UDP], "no TLS here"),
    ],
)
def test_what_cannot_be_found_is_an_error_that_names_it(uri: str, supported: Iterable[Transport], rule: str) -> None:
    with pytest.raises(ResolveError, match=rule):
        where(uri, Zone(), supported=supported)
