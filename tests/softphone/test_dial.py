"""The way to the server, by each transport, and in plain words why there is none."""

from __future__ import annotations

import asyncio
import errno
import ssl
from dataclasses import replace
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, has_ipv6, socket

import pytest
from tests.softphone.hand_server import phone_settings
from tests.support.home import open_home
from tests.support.real_loop import run_real
from tests.support.zone import Zone

from ringwake.net.resolver import Naptr, Resolver, Srv
from ringwake.net.stack import Stack
from ringwake.sip.flow import Address, Transport
from ringwake.sip.uri import parse_uri
from ringwake.softphone.dial import by_name, dial, why_unreachable


def silent_stack() -> Stack:
    loop = asyncio.get_running_loop()
    return Stack(clock=loop.time, call_at=loop.call_at, fault=lambda *_: None)


@pytest.mark.parametrize("transport", list(Transport))
def test_it_connects_by_each_transport(transport: Transport, tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            stack = silent_stack()
            carrier, flow = await dial(home.settings(transport=transport), stack, "node")
            assert (flow.transport, flow.remote) == (transport, home.address(transport))
            assert flow.local.host == "127.0.0.1"
            assert carrier.is_open(flow)
            await carrier.close()
            await stack.close()

    run_real(story())


@pytest.mark.skipif(not has_ipv6, reason="this machine has no IPv6")
def test_udp_to_an_ipv6_server_has_an_ipv6_address() -> None:
    async def story() -> None:
        stack = silent_stack()
        carrier, flow = await dial(replace(phone_settings(Transport.UDP), server=Address("::1", 9)), stack, "node")
        assert flow.local.host == "::1"
        await carrier.close()
        await stack.close()

    run_real(story())


@pytest.mark.parametrize("transport", [Transport.TLS, Transport.WSS, Transport.TCP])
def test_a_server_is_found_by_name_and_the_next_is_tried_when_one_fails(
    transport: Transport, tmp_path: Path, lab_folder: Path
) -> None:
    """RFC 3263 section 4.3; its certificate proves the name that was looked up, not where that led (RFC 5922)."""

    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            with socket(AF_INET, SOCK_STREAM) as reserved:
                reserved.bind(("127.0.0.1", 0))
                ports = [reserved.getsockname()[1], home.address(transport).port]
                kind = {Transport.TLS: "SIPS+D2T", Transport.WSS: "SIPS+D2W", Transport.TCP: "SIP+D2T"}[transport]
                zone = Zone(
                    naptrs={"localhost": [Naptr(1, 1, kind, "_sip.localhost")]},
                    srvs={"_sip.localhost": [Srv(number, 1, port, "a.") for number, port in enumerate(ports)]},
                    hosts={"a.": ["127.0.0.1"]},
                )
                resolver = Resolver(zone, supported=Transport, chance=lambda: 0.5)
                carrier, flow = await by_name(parse_uri("sip:localhost"), resolver)(
                    home.settings(transport=Transport.UDP), silent_stack(), "node"
                )
            assert (flow.transport, flow.remote) == (transport, home.address(transport))
            await carrier.close()

    run_real(story())


def test_a_server_that_proves_another_name_is_refused(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            at = home.address(Transport.TLS)
            zone = Zone(srvs={"_sips._tcp.example.com": [Srv(0, 0, at.port, "a.")]}, hosts={"a.": ["127.0.0.1"]})
            resolver = Resolver(zone, supported=Transport, chance=lambda: 0.5)
            with pytest.raises(ssl.SSLCertVerificationError, match="ostname"):
                await by_name(parse_uri("sips:example.com"), resolver)(
                    home.settings(transport=Transport.TLS), silent_stack(), "node"
                )

    run_real(story())


def test_a_server_that_nobody_vouches_for_is_refused(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            settings = home.settings(transport=Transport.TLS, ca_file=None)
            with pytest.raises(ssl.SSLCertVerificationError) as caught:
                await dial(settings, silent_stack(), "node")
            assert "certificate" in (why := why_unreachable(caught.value))
            assert "_ssl.c" not in why

    run_real(story())


def test_a_port_where_nobody_listens_refuses() -> None:
    async def story() -> None:
        with socket(AF_INET, SOCK_STREAM) as reserved:
            reserved.bind(("127.0.0.1", 0))
            at = Address(*reserved.getsockname())
            with pytest.raises(OSError, match="Connect call failed") as caught:
                await dial(replace(phone_settings(), server=at), silent_stack(), "node")
        assert why_unreachable(caught.value) == "Connection refused"

    run_real(story())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EHOSTUNREACH, "asyncio's words ('10.0.0.1', 5060)"), "No route to host"),
        (OSError("of a library"), "of a library"),
        (TimeoutError(), "no answer in time"),
        (ssl.SSLError(1, "[SSL] of OpenSSL"), "[SSL] of OpenSSL"),
    ],
)
def test_why_it_cannot_be_reached_is_said_in_plain_words(error: OSError, reason: str) -> None:
    assert reason in why_unreachable(error)
