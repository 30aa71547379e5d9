"""A connector between a PBX and an edge, on real sockets: what passes, what waits, and who is turned away."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.support.real_loop import run_real, turn
from tests.support.sip_messages import octets as sip
from tests.support.tunnels import (
    LOOPBACK,
    OTHER_TOKEN,
    TENANT,
    TOKEN,
    Edge,
    connector,
    datagram_pbx,
    edge,
    numbered,
)
from websockets.asyncio.server import ServerConnection, serve

from ringwake.connector import connector as connectors
from ringwake.connector.connector import Connector
from ringwake.connector.edge import RefusedError
from ringwake.connector.settings import ConnectorSettings
from ringwake.net.tunnel_frames import pack
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Flow, Transport

INVITE = sip(
    "INVITE sip:alice@example.com SIP/2.0",
    "Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK-1",
    "X-Odd:   kept  as it is",
    "Content-Length: 4",
    body=b"\x00\xff\r\n",
)
OK = sip("SIP/2.0 200 OK", "Content-Length: 0")


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ringwake")


def on_loopback(test: Callable[[Edge], Awaitable[None]]) -> None:
    async def main() -> None:
        async with edge() as at:
            await test(at)

    run_real(main())


def seen_at(at: Edge) -> Address:
    """Return where the PBX sees the connector."""
    (address,) = at.tunnel.addresses()
    return address


# ---- datagrams


def test_an_invite_of_the_pbx_reaches_the_edge_and_the_answer_comes_back_unchanged() -> None:
    async def test(at: Edge) -> None:
        def answer(flow: Flow, octets: bytes) -> None:
            assert octets == INVITE
            assert at.tunnel.send(flow, OK)

        at.ear.answer = answer
        async with datagram_pbx() as pbx, connector(at, pbx.address):
            pbx.say(INVITE, seen_at(at))
            await at.ear.until_received(1)
            assert at.ear.messages == [INVITE]
            (flow,) = at.ear.flows
            assert (flow.local, flow.remote) == (seen_at(at), pbx.address)
            assert flow == at.tunnel.flow()
            assert await pbx.heard.get() == (OK, seen_at(at))

    on_loopback(test)


def test_a_message_from_an_address_that_is_not_the_pbxs_is_dropped_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test(at: Edge) -> None:
        async with datagram_pbx() as pbx, datagram_pbx() as stranger, connector(at, pbx.address) as made:
            for _ in range(12):
                stranger.say(INVITE, seen_at(at))
            pbx.say(OK, seen_at(at))
            await at.ear.until_received(1)
            assert at.ear.messages == [OK]
            assert made.strangers == 12
            said = [record.getMessage() for record in caplog.records if "is not the PBX" in record.getMessage()]
            assert said == [f"{stranger.address} is not the PBX: turned away, number {n}" for n in (1, 10)]

    on_loopback(test)


def test_the_edge_can_reach_nobody_but_the_pbx() -> None:
    """Whoever has the edge has not the network behind the connector."""

    async def test(at: Edge) -> None:
        async with datagram_pbx() as pbx, datagram_pbx() as other, connector(at, pbx.address):
            flow = at.tunnel.flow()
            assert flow is not None
            assert at.tunnel.send(flow._replace(remote=other.address), OK)
            assert await pbx.heard.get() == (OK, seen_at(at))
            assert other.heard.empty()

    on_loopback(test)


def test_a_pbx_with_two_addresses_is_heard_and_reached_at_both() -> None:
    async def test(at: Edge) -> None:
        async with datagram_pbx() as first, datagram_pbx() as second, connector(at, first.address, second.address):
            second.say(INVITE, seen_at(at))
            await at.ear.until_received(1)
            assert at.tunnel.send(at.ear.flows[0], OK)
            assert await second.hears(1) == [OK]
            flow = at.tunnel.flow()
            assert flow is not None
            assert at.tunnel.send(flow, OK)
            assert await first.hears(1) == [OK]

    on_loopback(test)


def test_a_pbx_that_is_gone_is_reported_to_the_edge() -> None:
    async def test(at: Edge) -> None:
        async with datagram_pbx() as pbx:
            address = pbx.address
        async with connector(at, address):
            flow = at.tunnel.flow()
            assert flow is not None
            assert at.tunnel.send(flow, OK)
            await at.ear.until(lambda: at.ear.gone)
            assert at.ear.gone == [flow]

    on_loopback(test)


# ---- reconnecting


def test_after_a_restart_of_the_edge_the_connector_is_back_at_once_and_nothing_is_lost() -> None:
    async def test(at: Edge) -> None:
        async with datagram_pbx() as pbx, connector(at, pbx.address):
            flow = at.tunnel.flow()
            assert flow is not None
            await at.server.close()
            await at.ear.until(lambda: not at.tunnel.addresses())
            for number in range(50):
                assert at.tunnel.send(flow, numbered(number))
            await at.restart()
            assert await pbx.hears(50) == [numbered(number) for number in range(50)]
            pbx.say(INVITE, seen_at(at))
            await at.ear.until_received(1)
            assert at.ear.flows == [flow], "the flow of the earlier life is the same"

    on_loopback(test)


def test_what_the_pbx_says_meanwhile_is_delivered_when_the_edge_is_back() -> None:
    async def test(at: Edge) -> None:
        async with datagram_pbx() as pbx, connector(at, pbx.address) as made:
            local = seen_at(at)
            await at.server.close()
            for number in range(50):
                pbx.say(numbered(number), local)
            while len(made._waiting._until) < 50:
                await turn()
            await at.restart()
            await at.ear.until_received(50)
            assert at.ear.messages == [numbered(number) for number in range(50)]

    on_loopback(test)


def test_what_an_edge_had_not_taken_when_it_broke_off_is_said_again() -> None:
    frames: list[str | bytes] = []
    second = asyncio.Event()

    async def accepted(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"say":"welcome","v":1}')
        frames.append(await connection.recv())
        if len(frames) == 2:
            second.set()
        connection.transport.abort()

    async def main() -> None:
        async with serve(accepted, "127.0.0.1", 0) as server, datagram_pbx() as pbx:
            (sock,) = server.sockets
            seen: asyncio.Queue[Address] = asyncio.Queue()
            settings = ConnectorSettings(
                edge=f"ws://127.0.0.1:{sock.getsockname()[1]}/connector",
                tenant=TENANT,
                transport=Transport.UDP,
                pbx=(pbx.address,),
                local=LOOPBACK,
                token=Secret(TOKEN),
            )
            made = Connector(settings, chance=lambda: 1.0, ready=seen.put_nowait)
            running = asyncio.ensure_future(made.run())
            pbx.say(INVITE, await seen.get())
            await second.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert frames == [pack(pbx.address, INVITE)] * 2

    run_real(main())


def test_the_second_connector_carries_on_when_the_first_is_gone() -> None:
    async def test(at: Edge) -> None:
        async with datagram_pbx() as pbx, connector(at, pbx.address):
            first = seen_at(at)
            async with connector(at, pbx.address):
                flow = at.tunnel.flow()
                assert flow is not None
                flows = [flow._replace(local=local) for local in at.tunnel.addresses()]
                assert len(set(flows)) == 2
            await at.ear.until_told("is gone")
            for flow in flows:
                assert at.tunnel.send(flow, OK)
            assert [await pbx.heard.get() for _ in flows] == [(OK, first)] * 2

    on_loopback(test)


# ---- refused, and unreachable


def test_a_refused_token_ends_a_connector_that_was_never_let_in() -> None:
    async def test(at: Edge) -> None:
        with pytest.raises(RefusedError, match=r"^it knows neither the token nor the certificate$"):
            async with connector(at, Address("127.0.0.1", 9), token="token-of-nobody-0123456789"):
                pass
        with pytest.raises(RefusedError, match=r"^neither the token nor the certificate is one of this tenant$"):
            async with connector(at, Address("127.0.0.1", 9), token=OTHER_TOKEN):
                pass

    on_loopback(test)


def test_a_token_that_is_refused_later_is_tried_again_slowly_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert connectors.REFUSED_SECONDS >= 30
    monkeypatch.setattr(connectors, "REFUSED_SECONDS", 0.01)
    monkeypatch.setattr(connectors, "MAX_REFUSALS", 3)

    async def test(at: Edge) -> None:
        settings = ConnectorSettings(
            edge=at.url,
            tenant=TENANT,
            transport=Transport.UDP,
            pbx=(Address("127.0.0.1", 9),),
            local=LOOPBACK,
            token=Secret(TOKEN),
        )
        running = asyncio.ensure_future(Connector(settings, chance=lambda: 0.0, ready=lambda _: None).run())
        await at.ear.until_told("is connected")
        at._tokens = {}
        await at.restart()
        with pytest.raises(RefusedError):
            await running
        said = [record.getMessage() for record in caplog.records if "refuses us now" in record.getMessage()]
        assert said == [f"{at.url} refuses us now: it knows neither the token nor the certificate; again in 0 s"] * 2
        assert TOKEN not in caplog.text

    on_loopback(test)


@asynccontextmanager
async def imposter(first: str | bytes | None) -> AsyncIterator[str]:
    """Something that speaks WebSocket and is no edge."""

    async def accepted(connection: ServerConnection) -> None:
        await connection.recv()
        if first is not None:
            await connection.send(first)
        await connection.wait_closed()

    async with serve(accepted, "127.0.0.1", 0) as server:
        (sock,) = server.sockets
        yield f"ws://127.0.0.1:{sock.getsockname()[1]}/connector"


async def complaint(url: str, caplog: pytest.LogCaptureFixture) -> str:
    """Return what a connector says of an edge that it cannot use."""
    settings = ConnectorSettings(
        edge=url,
        tenant=TENANT,
        transport=Transport.UDP,
        pbx=(Address("127.0.0.1", 9),),
        local=LOOPBACK,
        token=Secret(TOKEN),
    )
    running = asyncio.ensure_future(Connector(settings, chance=lambda: 0.0, ready=lambda _: None).run())
    while not caplog.messages:
        await turn()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return caplog.messages[0].removeprefix(f"{url} cannot be reached: ")


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ('{"say":"taken","count":0}', "its first word is not welcome"),
        (b"welcome", "its first word is not welcome"),
        ('{"say":"welcome","v":9}', "its first word is not welcome"),
        ("hi", "a text frame is none of hello, welcome, taken and unreachable"),
        (None, "no welcome came in time"),
    ],
)
def test_whoever_is_no_edge_is_left_with_a_reason(
    first: str | bytes | None, why: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringwake.connector.edge.WELCOME_SECONDS", 0.2)

    async def main() -> None:
        async with imposter(first) as url:
            assert await complaint(url, caplog) == f"{why}; again in 0.0 s"

    run_real(main())


def test_an_edge_that_is_not_there_is_said_in_the_systems_words(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}/connector"
        assert run_real(complaint(url, caplog)) == "Connection refused; again in 0.0 s"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "it answers 404: is this the address of [connectors]?",
        ),
        (b"SSH-2.0-OpenSSH\r\n", "it does not speak WebSocket there"),
    ],
)
def test_another_server_is_said(answer: bytes, why: str, caplog: pytest.LogCaptureFixture) -> None:
    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/connector"
            assert await complaint(url, caplog) == f"{why}; again in 0.0 s"

    run_real(main())


def test_each_state_is_said_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async def test(at: Edge) -> None:
        async with datagram_pbx() as pbx, connector(at, pbx.address):
            local = seen_at(at)
            await at.restart()
            await at.ear.until_told("is connected", times=2)
            up = f"connected to {at.url}; the PBX at {pbx.address} sees us at {local}"
            while caplog.messages.count(up) < 2:
                await turn()
            # Until the edge listens again a try or two may be in vain.
            said = [text for text in caplog.messages if "cannot be reached" not in text]
            assert said == [up, f"the link to {at.url} is gone: closed; again in 0.0 s", up]

    on_loopback(test)
