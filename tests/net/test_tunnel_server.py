"""Who is let in to carry a tenant's calls, and who is not, on real sockets."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.authority import Authority, Pair
from tests.support.real_loop import run_real
from tests.support.tunnels import (
    OTHER,
    OTHER_TOKEN,
    PBX,
    TENANT,
    TOKEN,
    Edge,
    bearer,
    closed,
    dial,
    edge,
    hello,
    let_in,
    numbered,
)
from websockets.asyncio.client import connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedError,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
)

from ringwake.net import tunnel, tunnel_server
from ringwake.net.tls import client_context, server_context
from ringwake.net.tunnel_frames import pack
from ringwake.sip.flow import Address
from ringwake.sip.parser import MAX_MESSAGE

Test = Callable[[Edge], Awaitable[None]]


def on_loopback(test: Test) -> None:
    async def main() -> None:
        async with edge() as at:
            await test(at)

    run_real(main())


@pytest.mark.parametrize("tenant", [TENANT, TENANT.upper()])
def test_a_tenants_token_lets_its_connector_in(tenant: str) -> None:
    async def test(at: Edge) -> None:
        async with dial(at) as connection:
            await let_in(connection, tenant=tenant)
            assert at.tunnel.addresses() == [Address("10.0.0.9", 5070)]
        await at.ear.until_told("is gone")
        assert at.tunnel.addresses() == []

    on_loopback(test)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        bearer("token-of-nobody-0123456789"),
        bearer(TOKEN[:-1]),
        bearer(""),
        [("Authorization", f"Basic {TOKEN}")],
        [("Authorization", TOKEN)],
        [*bearer(TOKEN), *bearer(TOKEN)],
    ],
)
def test_whoever_has_no_token_is_refused_before_a_word(headers: list[tuple[str, str]]) -> None:
    async def test(at: Edge) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with dial(at, additional_headers=headers):
                pass
        assert refused.value.response.status_code == 401
        (told,) = at.ear.told
        assert "was refused: neither its token nor its certificate is known" in told
        assert TOKEN not in told

    on_loopback(test)


@pytest.mark.parametrize(("token", "tenant"), [(TOKEN, OTHER), (OTHER_TOKEN, TENANT), (TOKEN, "nobody.example")])
def test_a_token_carries_no_other_tenants_calls(token: str, tenant: str) -> None:
    async def test(at: Edge) -> None:
        async with dial(at, token) as connection:
            await connection.send(hello(tenant=tenant))
            assert await closed(connection) == (1008, "neither the token nor the certificate is one of this tenant")
        assert not any(one.addresses() for one in at.tunnels.values())

    on_loopback(test)


def test_two_tenants_with_the_same_private_addresses_do_not_meet() -> None:
    async def test(at: Edge) -> None:
        async with dial(at) as ours, dial(at, OTHER_TOKEN) as theirs:
            await let_in(ours)
            await let_in(theirs, tenant=OTHER)
            flows = [one.flow() for one in at.tunnels.values()]
            assert flows[0] is not None
            assert flows[1] is not None
            assert flows[0].local == flows[1].local
            assert at.tunnels[OTHER].send(flows[1], numbered(2))
            assert at.tunnels[TENANT].send(flows[0], numbered(1))
            assert not at.tunnels[TENANT].send(flows[1], numbered(3))
            assert await ours.recv() == pack(PBX, numbered(1))
            assert await theirs.recv() == pack(PBX, numbered(2))

    on_loopback(test)


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ("garbage", "a text frame is none of hello, welcome, taken and unreachable"),
        (b"OPTIONS", "the first word is not hello"),
        ('{"say":"taken","count":0}', "the first word is not hello"),
        (hello(v=2), "version 2 is not known here, but 1"),
        (hello(local="0.0.0.0:5070"), "no address of a host and a port"),
        (hello(pbx="pbx:5060"), "not host:port with a numeric host"),
    ],
)
def test_garbage_in_place_of_hello_is_closed_with_a_reason(first: str | bytes, why: str) -> None:
    async def test(at: Edge) -> None:
        async with dial(at) as connection:
            await connection.send(first)
            assert await closed(connection) == (1002, why)

    on_loopback(test)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("garbage", "a text frame is none of hello, welcome, taken and unreachable"),
        (hello(), "only the first word of each side is hello or welcome"),
        ('{"say":"taken","count":1}', "more was taken than was sent, or less than before"),
        ('{"say":"unreachable","remote":"x"}', "not host:port with a numeric host"),
        (b"no line", "a binary frame has no message"),
        (b"no address\nOPTIONS", "not host:port with a numeric host"),
    ],
)
def test_garbage_later_is_closed_with_a_reason_and_no_traceback(
    frame: str | bytes, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(at: Edge) -> None:
        async with dial(at) as connection:
            await let_in(connection)
            await connection.send(frame)
            assert await closed(connection) == (1002, why)
        await at.ear.until_told(f"is gone: {why}")
        assert not [record for record in caplog.records if record.levelno > logging.INFO]

    on_loopback(test)


def test_text_that_is_no_text_and_a_message_that_is_too_long_close_the_link() -> None:
    async def test(at: Edge) -> None:
        async with dial(at) as connection:
            await let_in(connection)
            await connection.send(b"\xff\xfe", text=True)
            assert (await closed(connection))[0] == 1007
        async with dial(at) as connection:
            await let_in(connection)
            await connection.send(pack(PBX, b"x" * MAX_MESSAGE))
            await at.ear.until_received(1)
            await connection.send(pack(PBX, b"x" * (MAX_MESSAGE + 100)))
            assert (await closed(connection))[0] == 1009

    on_loopback(test)


def test_another_path_is_not_found() -> None:
    async def test(at: Edge) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(at.url + "s", additional_headers=bearer(TOKEN), proxy=None):
                pass
        assert refused.value.response.status_code == 404

    on_loopback(test)


@pytest.mark.parametrize("octets", [b"", b"GET /connector HTTP/1.1\r\n", b"\x16\x03\x01garbage\r\n\r\n"])
def test_a_stranger_that_says_nothing_useful_is_closed_in_time(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel_server, "HANDSHAKE_SECONDS", 0.1)

    async def test(at: Edge) -> None:
        reader, writer = await asyncio.open_connection(*at.server.addresses()[0])
        writer.write(octets)
        await reader.read()
        writer.close()
        await writer.wait_closed()

    on_loopback(test)


def test_a_stranger_has_five_seconds_in_all() -> None:
    assert tunnel_server.TLS_SECONDS + tunnel_server.HANDSHAKE_SECONDS <= 5
    assert tunnel_server.HELLO_SECONDS <= 5


def test_a_connector_without_a_hello_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel_server, "HELLO_SECONDS", 0.05)

    async def test(at: Edge) -> None:
        async with dial(at) as connection:
            assert await closed(connection) == (1002, "no hello came in time")

    on_loopback(test)


def test_a_connector_that_hangs_up_before_its_hello_is_said() -> None:
    async def test(at: Edge) -> None:
        async with dial(at):
            pass
        await at.ear.until_told("left without a word: closed")

    on_loopback(test)


def test_the_connectors_of_a_tenant_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tunnel.MAX_LINKS == 16
    monkeypatch.setattr(tunnel, "MAX_LINKS", 2)

    async def test(at: Edge) -> None:
        async with dial(at) as first, dial(at) as second, dial(at) as third, dial(at, OTHER_TOKEN) as other:
            await let_in(first)
            await let_in(second)
            await third.send(hello())
            assert await closed(third) == (1013, "2 connectors of this tenant are connected already")
            await let_in(other, tenant=OTHER)

    on_loopback(test)


# ---- certificates


@pytest.fixture
def clients(tmp_path: Path) -> Authority:
    """Whom the edge believes about connectors."""
    (tmp_path / "clients").mkdir()
    return Authority(tmp_path / "clients")


def over_tls(loopback: Pair, clients: Authority, test: Test) -> None:
    async def main() -> None:
        tls = server_context(loopback.certificate, loopback.key, client_ca=clients.file)
        async with edge(tls=tls) as at:
            await test(at)

    run_real(main())


def client_tls(authority: Authority, pair: Pair | None = None) -> ssl.SSLContext:
    context = client_context(authority.file)
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def test_a_certificate_in_the_tenants_name_lets_in(authority: Authority, loopback: Pair, clients: Authority) -> None:
    async def test(at: Edge) -> None:
        async with dial(at, "", ssl=client_tls(authority, clients.issue(TENANT))) as connection:
            await let_in(connection)

    over_tls(loopback, clients, test)


def test_a_token_needs_no_certificate(authority: Authority, loopback: Pair, clients: Authority) -> None:
    async def test(at: Edge) -> None:
        async with dial(at, ssl=client_tls(authority)) as connection:
            await let_in(connection)

    over_tls(loopback, clients, test)


def test_a_certificate_carries_no_other_tenants_calls(authority: Authority, loopback: Pair, clients: Authority) -> None:
    async def test(at: Edge) -> None:
        async with dial(at, "", ssl=client_tls(authority, clients.issue(OTHER))) as connection:
            await connection.send(hello())
            assert (await closed(connection))[0] == 1008

    over_tls(loopback, clients, test)


@pytest.mark.parametrize("names", [["nobody.example"], [f"sub.{TENANT}"], [f"*.{TENANT}"], ["127.0.0.1"]])
def test_a_certificate_in_another_name_is_refused(
    names: list[str], authority: Authority, loopback: Pair, clients: Authority
) -> None:
    async def test(at: Edge) -> None:
        with pytest.raises(InvalidStatus, match="401"):
            async with dial(at, "", ssl=client_tls(authority, clients.issue(*names))):
                pass

    over_tls(loopback, clients, test)


def test_a_certificate_of_another_authority_is_refused(
    authority: Authority, loopback: Pair, clients: Authority
) -> None:
    async def test(at: Edge) -> None:
        context = client_tls(authority, authority.issue(TENANT))
        with pytest.raises((OSError, InvalidHandshake, InvalidMessage)):  # TLS 1.3 tells it late, as an alert
            await dial(at, "", ssl=context)
        assert at.tunnel.flow() is None

    over_tls(loopback, clients, test)


def test_certificates_are_asked_for_after_a_renewal_too(
    authority: Authority, clients: Authority, tmp_path: Path
) -> None:
    used = Pair(tmp_path / "server.pem", tmp_path / "server.key")
    for number in range(2):
        fresh = authority.issue("127.0.0.1")
        used.certificate.write_bytes(fresh.certificate.read_bytes())
        used.key.write_bytes(fresh.key.read_bytes())
        if number == 0:
            tls = server_context(used.certificate, used.key, client_ca=clients.file)

    async def main() -> None:
        async with edge(tls=tls) as at, dial(at, "", ssl=client_tls(authority, clients.issue(TENANT))) as connection:
            await let_in(connection)

    run_real(main())


def test_the_address_must_be_free() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            server = Edge().server
            assert server.addresses() == []
            with pytest.raises(OSError, match="in use"):
                await server.listen(Address(*other.getsockname()[:2]))
            await server.close()

    run_real(main())


def test_closing_tells_connectors_that_the_server_goes_away() -> None:
    async def test(at: Edge) -> None:
        async with dial(at) as connection:
            await let_in(connection)
            await at.server.close()
            with pytest.raises((ConnectionClosedError, ConnectionClosed)):
                await connection.recv()
            assert connection.close_code == 1001

    on_loopback(test)
