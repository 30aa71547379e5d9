"""What `ringwake doctor` says of networks and of our clock."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.push import certificates
from tests.push.certificates import Certificates
from tests.push.house import apns_access
from tests.push.loop import run
from tests.push.service import Service
from tests.support.authority import Authority

from ringwake.model.check import Verdict
from ringwake.push.access import Reach
from ringwake.push.checks.network import clock_check, network_check
from ringwake.secret import Secret


def test_a_host_that_is_reached_is_well(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            check, reached = await network_check("network", service.url, apns_access(service, certs))
            assert (check.verdict, check.mend) == (Verdict.OK, "")
            host = f"127.0.0.1:{service.port}"
            assert check.cause == f"{host} is reached (127.0.0.1), HTTP/2, its certificate is good"
            assert reached is not None

    run(story())


@pytest.mark.parametrize(
    ("origin", "access", "words"),
    [
        ("https://127.0.0.1:1", Reach(), ("connection refused", "firewall")),
        ("https://nowhere.invalid", Reach(), ("unknown host", "resolves names")),
        ("https://a.example", Reach(proxy=Secret("http://proxy.invalid:3128")), ("unknown proxy", "`proxy`")),
    ],
)
def test_a_host_that_is_not_reached_has_its_mend(origin: str, access: Reach, words: tuple[str, str]) -> None:
    async def story() -> None:
        check, reached = await network_check("network", origin, access)
        assert (check.verdict, reached) == (Verdict.FAIL, None)
        assert words[0] in check.cause
        assert words[1] in check.mend

    run(story())


@asynccontextmanager
async def of_1997(certs: Certificates) -> AsyncIterator[str]:
    """Run a server that knows HTTP/1.1 only; yield its origin."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certs.server)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def test_a_host_without_http_2_is_warned_of(certs: Certificates) -> None:
    async def story() -> None:
        async with of_1997(certs) as origin:
            check, reached = await network_check("network", origin, Reach(ca_file=certs.ca))
            assert (check.verdict, "HTTP/1.1 only" in check.cause) == (Verdict.WARN, True)
            assert reached is not None

    run(story())


@asynccontextmanager
async def only(port: int, leads_to: int) -> AsyncIterator[Secret[str]]:
    """Run a proxy that lets CONNECT through to one port alone; yield its URL."""
    open_: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_.add(task)
        asked = await reader.readuntil(b"\r\n\r\n")
        if f":{port} ".encode() not in asked.split(b"\r\n")[0]:
            writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            writer.close()
            return
        there, here = await asyncio.open_connection("127.0.0.1", leads_to)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(carry(reader, here), carry(there, writer))

    async with await asyncio.start_server(tunnel, "127.0.0.1", 0) as server:
        yield Secret(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        if open_:
            await asyncio.wait(open_)  # curl closes its end in a thread of its own


@pytest.mark.parametrize(("port", "is_open"), [(2197, True), (22, False)])
def test_apples_other_port_is_named_where_it_is_open(port: int, is_open: bool, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("api.push.apple.com")
    both = tmp_path / "both.pem"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())

    async def story() -> None:
        made = certificates.Certificates(ca=authority.file, server=both, client=both)
        async with Service(made) as service, only(port, service.port) as proxy:
            access = Reach(ca_file=authority.file, proxy=proxy)
            check, reached = await network_check("network", "https://api.push.apple.com", access)
            assert (check.verdict, reached) == (Verdict.FAIL, None)
            assert ("its port 2197 is" in check.cause) == is_open
            assert ('endpoint = "https://api.push.apple.com:2197"' in check.mend) == is_open
            assert is_open or "lets CONNECT through" in check.mend

    run(story())


@pytest.mark.parametrize(
    ("skew", "verdict", "words"),
    [
        (-59.0, Verdict.OK, "our clock agrees with that of a.example"),
        (61.0, Verdict.WARN, "our clock is 61 s behind that of a.example"),
        (-299.0, Verdict.WARN, "our clock is 299 s ahead of that of a.example"),
        (301.0, Verdict.FAIL, "our clock is 301 s behind that of a.example"),
    ],
)
def test_a_clock_that_is_wrong_is_said_to_be(skew: float, verdict: Verdict, words: str) -> None:
    (check,) = clock_check({"a.example": skew})
    assert (check.verdict, check.cause) == (verdict, words)
    assert bool(check.mend) == (verdict is not Verdict.OK)


def test_one_service_with_a_wrong_clock_says_nothing_of_ours() -> None:
    (check,) = clock_check({"wrong.example": 4000.0, "right.example": 1.0})
    assert check.verdict is Verdict.OK


def test_nobody_who_told_the_time_is_no_check() -> None:
    assert clock_check({}) == []
