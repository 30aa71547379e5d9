"""`ringwake connect`: what it is told, what it says, and how it ends; killed and started again it loses nothing."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.authority import Authority
from tests.support.loopback import leased_address
from tests.support.processes import Program, ringwake
from tests.support.real_loop import run_real
from tests.support.sip_messages import octets as sip
from tests.support.tunnels import OTHER, OTHER_TOKEN, TENANT, TOKEN, DatagramPbx, Edge, datagram_pbx, edge, numbered

from ringwake.cli.connect_settings import LOCAL_PORT
from ringwake.net.tls import server_context
from ringwake.sip.flow import Address

URL, PBX = "ws://127.0.0.1:9/connector", "sip:127.0.0.1:9"
OK = sip("SIP/2.0 200 OK", "Content-Length: 0")


@pytest.fixture
def token(tmp_path: Path) -> Path:
    return written(tmp_path / "token", TOKEN)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


# ---- wrong usage


@pytest.mark.parametrize(
    "url",
    [
        "https://edge:8444",
        "edge:8444",
        "wss://",
        "wss://user:pass@edge",
        "wss://edge/other",
        "wss://edge?q",
        "wss://[",
        "wss://edge:99999",
    ],
)
def test_what_is_no_edge_is_refused(url: str, terminal: Terminal, token: Path) -> None:
    done = terminal.run("connect", url, "--tenant", TENANT, "--pbx", PBX, "--token-file", str(token))
    words = 'ringwake connect: URL: not the address of an edge: write it like "wss://edge.example:8444"\n'
    assert (done.code, done.out, done.err) == (2, "", words)


@pytest.mark.parametrize("host", ["192.0.2.1", "edge.example", "[2001:db8::1]"])
def test_without_tls_only_loopback_is_dialled(host: str, terminal: Terminal, token: Path) -> None:
    done = terminal.run("connect", f"ws://{host}:8444", "--tenant", TENANT, "--pbx", PBX, "--token-file", str(token))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ringwake connect: URL: without TLS everybody on the way could take the calls: use wss")


@pytest.mark.parametrize(
    ("pbx", "code", "why"),
    [
        ("10.0.0.5", 2, 'write it like "sip:10.0.0.5:5060;transport=udp"'),
        ("sips:10.0.0.5", 2, "the connector speaks UDP or TCP with the PBX: write sip:, not sips:"),
        ("sip:10.0.0.5;transport=ws", 2, "no ws with the PBX: write transport=udp or transport=tcp"),
        ("sip:10.0.0.5;transport=pigeon", 3, "10.0.0.5: no transport pigeon here"),
        ("sip:pbx.invalid", 3, "pbx.invalid: this name is never looked up"),
    ],
)
def test_a_pbx_that_cannot_be_is_refused(pbx: str, code: int, why: str, terminal: Terminal, token: Path) -> None:
    done = terminal.run("connect", URL, "--tenant", TENANT, "--pbx", pbx, "--token-file", str(token))
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("ringwake connect: --pbx: ")
    assert done.err.endswith(f"{why}\n")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ([], "--token-file: how is the tenant proved? give it, or --certificate and --key"),
        (["--token-file", "/not/there"], "--token-file: /not/there: No such file or directory: check its name and who"),
        (["--certificate", "c.pem"], "--certificate: it and --key belong together: give both"),
        (["--certificate", "c.pem", "--key", "k.pem"], "--certificate: c.pem and k.pem are no certificate and key"),
        (["--certificate", "c", "--key", "k", "--ca", "/not/there"], "--ca: /not/there: No such file or directory"),
    ],
)
def test_a_proof_that_cannot_be_used_is_refused(more: list[str], why: str, terminal: Terminal) -> None:
    done = terminal.run("connect", "wss://localhost:9", "--tenant", TENANT, "--pbx", PBX, *more)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"ringwake connect: {why}")
    assert done.err.count("\n") == 1


def test_without_tls_a_certificate_proves_nothing(terminal: Terminal) -> None:
    given = ["--certificate", "c.pem", "--key", "k.pem"]
    done = terminal.run("connect", URL, "--tenant", TENANT, "--pbx", PBX, *given)
    words = "ringwake connect: --token-file: without TLS no certificate is shown: give it\n"
    assert (done.code, done.out, done.err) == (2, "", words)


@pytest.mark.parametrize("local", ["0.0.0.0:5070", "[::]:5070", "pbx:5070", "10.0.0.9"])
def test_a_local_address_must_be_one_that_the_pbx_can_send_to(local: str, terminal: Terminal, token: Path) -> None:
    given = ["--token-file", str(token), "--local", local]
    done = terminal.run("connect", URL, "--tenant", TENANT, "--pbx", PBX, *given)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ringwake connect: --local: ")


def test_a_local_address_that_is_taken_is_named(terminal: Terminal, token: Path) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        local = f"127.0.0.1:{taken.getsockname()[1]}"
        given = ["--token-file", str(token), "--local", local]
        done = terminal.run("connect", URL, "--tenant", TENANT, "--pbx", PBX, *given)
    words = f"ringwake connect: --local: cannot listen on {local}: Address already in use: is another server running"
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(words)


# ---- real processes


@contextmanager
def connect(
    at: Edge, pbx: Address, state: Path, *more: str, local: str = "127.0.0.1:0", tenant: str = TENANT
) -> Iterator[Program]:
    given = ["--tenant", tenant, "--pbx", f"sip:{pbx}", "--local", local, *more]
    with ringwake("connect", at.url, *given, state=state, log=state.with_suffix(".log")) as program:
        yield program


async def ready(program: Program) -> Address:
    """Return where the PBX sees a connector, once it is let in."""
    event = await asyncio.to_thread(program.event, "ready")
    host, _, port = event["local"].rpartition(":")
    return Address(host, int(port))


@asynccontextmanager
async def scene() -> AsyncIterator[tuple[Edge, DatagramPbx]]:
    async with edge() as at, datagram_pbx() as pbx:
        yield at, pbx


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_that_it_is_ready_carries_a_call_and_stops_cleanly(
    number: signal.Signals, token: Path, state: Path
) -> None:
    async def main() -> None:
        async with scene() as (at, pbx):
            with connect(at, pbx.address, state, "--token-file", str(token), "--json") as program:
                local = await ready(program)
                assert json.loads(program.lines[0]) == {"event": "ready", "local": str(local), "edge": at.url}
                pbx.say(numbered(1), local)
                await at.ear.until_received(1)
                assert at.tunnel.send(at.ear.flows[0], OK)
                assert await pbx.heard.get() == (OK, local)
                program.process.send_signal(number)
                assert await asyncio.to_thread(program.process.wait, 10) == 0
                await at.ear.until_told("is gone: closed")
            log = [json.loads(line) for line in state.with_suffix(".log").read_text().splitlines()]
            assert [line["level"] for line in log] == ["info"]
            assert TOKEN not in state.with_suffix(".log").read_text()

    run_real(main())


def test_killed_and_started_again_while_fifty_messages_wait_it_loses_none(token: Path, state: Path) -> None:
    async def main(host: str) -> None:
        async with scene() as (at, pbx):
            where = f"{host}:{LOCAL_PORT}"
            with connect(at, pbx.address, state, "--token-file", str(token), local=where) as first:
                local = await ready(first)
                pbx.say(numbered(0), local)
                await at.ear.until_received(1)
                (flow,) = at.ear.flows
                first.kill()
                await at.ear.until_told("is gone")
            for number in range(50):
                assert at.tunnel.send(flow, numbered(number))
            with connect(at, pbx.address, state, "--token-file", str(token), local=where) as second:
                assert await ready(second) == local
                assert sorted(await pbx.hears(50)) == sorted(map(numbered, range(50)))
            assert at.ear.gone == [], "no transaction heard of it"

    with leased_address() as host:
        run_real(main(host))


def test_killed_in_the_midst_of_a_burst_the_other_connector_delivers_all_of_it(token: Path, state: Path) -> None:
    async def main() -> None:
        async with scene() as (at, pbx):
            given = ["--token-file", str(token)]
            with connect(at, pbx.address, state, *given) as one:
                at_one = await ready(one)
                with connect(at, pbx.address, state.with_name("second"), *given) as other:
                    await ready(other)
                    flow = at.tunnel.flow()
                    assert flow is not None
                    used = one if flow.local == at_one else other
                    used.process.send_signal(signal.SIGSTOP)  # so that it takes nothing of what was sent to it
                    for number in range(50):
                        assert at.tunnel.send(flow, numbered(number))
                    used.kill()
                    assert sorted(await pbx.hears(50)) == sorted(map(numbered, range(50)))
                    assert at.tunnel.send(flow, OK)
                    assert await pbx.hears(1) == [OK]

    run_real(main())


@pytest.mark.parametrize(
    ("given", "tenant"), [("token-of-nobody-0123456789", TENANT), (OTHER_TOKEN, TENANT), (TOKEN, OTHER)]
)
def test_a_wrong_token_ends_it_with_one_line(given: str, tenant: str, tmp_path: Path, state: Path) -> None:
    async def main() -> None:
        async with scene() as (at, pbx):
            file = written(tmp_path / "wrong", given)
            with connect(at, pbx.address, state, "--token-file", str(file), tenant=tenant) as program:
                assert await asyncio.to_thread(program.process.wait, 10) == 2
            (line,) = state.with_suffix(".log").read_text().splitlines()
            assert line.startswith(f"ringwake connect: {at.url}: ")
            assert "neither the token nor the certificate" in line
            assert given not in line

    run_real(main())


def test_over_tls_a_certificate_lets_in_and_a_wrong_one_ends_it(tmp_path: Path, state: Path) -> None:
    authority = Authority(tmp_path)
    (tmp_path / "stranger").mkdir()
    stranger = Authority(tmp_path / "stranger")
    server = authority.issue("127.0.0.1")
    tls = server_context(server.certificate, server.key, client_ca=authority.file)

    async def main() -> None:
        async with edge(tls=tls) as at, datagram_pbx() as pbx:
            for issuer, name, code in ((authority, TENANT, 0), (authority, OTHER, 2), (stranger, TENANT, 2)):
                pair = issuer.issue(name)
                given = ["--certificate", str(pair.certificate), "--key", str(pair.key), "--ca", str(authority.file)]
                with connect(at, pbx.address, state, *given) as program:
                    if code == 0:
                        await ready(program)
                        program.process.terminate()
                    assert await asyncio.to_thread(program.process.wait, 10) == code
            assert "it does not accept the certificate" in state.with_suffix(".log").read_text()

    run_real(main())


def test_an_edge_that_it_does_not_know_is_not_given_the_token(token: Path, state: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    server = Authority(tmp_path / "other").issue("127.0.0.1")
    known = Authority(tmp_path)

    async def main() -> None:
        async with edge(tls=server_context(server.certificate, server.key)) as at, datagram_pbx() as pbx:
            log = state.with_suffix(".log")
            with connect(at, pbx.address, state, "--token-file", str(token), "--ca", str(known.file)) as program:
                for _ in range(100_000):
                    if b"\n" in log.read_bytes():
                        break
                    await asyncio.to_thread(program.process.poll)
            assert "its certificate is not accepted: " in log.read_text().splitlines()[0]
            assert at.ear.told == []

    run_real(main())
