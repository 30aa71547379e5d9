"""Our senders against servers that others wrote: what we send is read there, and no end of a connection loses one."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.interop.outside import needs_peers, text_of, wall
from tests.interop.push_servers import NGHTTPD, NGINX, SECONDS, Server, nghttpd, nginx, web_push_testing
from tests.push.loop import run
from tests.push.samples import APNS_APP, WEBPUSH_APP, apns_push, key_pem, webpush_push
from tests.support.authority import Authority

from ringwake.model.push import Accepted, Outcome, Push, Refused, SubscriptionKeys, Unregistered
from ringwake.push.access import ApnsAccess, WebPushAccess
from ringwake.push.workshop import Sender, Workshop
from ringwake.secret import Secret

needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is missing: apt-get install nginx")
needs_nghttpd = pytest.mark.skipif(NGHTTPD is None, reason="nghttpd is missing: apt-get install nghttp2-server")
LIMIT = 55.0
OK = "location / { return 200; }"
KEY = key_pem()


def _pushes(count: int, start: int = 0) -> list[Push]:
    return [
        apns_push(id=f"{number:032x}", expires_at=wall() + 20, timeout=20.0) for number in range(start, start + count)
    ]


@asynccontextmanager
async def _apns(server: Server, **changes: Any) -> AsyncIterator[Sender]:
    access = ApnsAccess(key_id="KEY1234567", key=KEY, endpoint=server.url, ca_file=server.authority.file, **changes)
    sender = Workshop(wall=wall).sender(APNS_APP, access)
    try:
        yield sender
    finally:
        await sender.close()


async def _all(sender: Sender, pushes: Iterable[Push], at_once: int) -> list[Outcome]:
    """Send all, so many at a time."""
    waiting, outcomes = iter(pushes), list[Outcome]()

    async def work() -> None:
        for push in waiting:
            outcomes.append(await sender.send(push))

    await asyncio.gather(*(work() for _ in range(at_once)))
    return outcomes


async def _until(server: Server, connections: int) -> None:
    deadline = time.monotonic() + SECONDS
    while server.connections() != connections:
        assert time.monotonic() < deadline, f"{server.connections()} connections"
        await asyncio.to_thread(server.process.poll)


@needs_nginx
def test_a_goaway_every_200_requests_loses_none_of_2000_pushes(tmp_path: Path) -> None:
    async def scenario(server: Server) -> None:
        async with _apns(server) as sender:
            outcomes = await _all(sender, _pushes(2000), 50)
        assert len(outcomes) == 2000
        assert {type(outcome) for outcome in outcomes} == {Accepted}
        by_id, by_connection, statuses = server.requests()
        assert statuses == {"200"}
        assert len(by_id) == 2000
        assert len(by_connection) >= 10
        assert max(by_connection.values()) <= 250  # what was on its way when the server said so

    with nginx(tmp_path, f"keepalive_requests 200; {OK}") as server:
        run(scenario(server), LIMIT)


@needs_nginx
def test_a_push_after_the_server_has_closed_an_idle_connection_gets_through(tmp_path: Path) -> None:
    async def scenario(server: Server) -> None:
        async with _apns(server) as sender:
            for number in range(3):
                (outcome,) = await _all(sender, _pushes(1, number), 1)
                assert isinstance(outcome, Accepted)
                await _until(server, 0)
        by_id, by_connection, _ = server.requests()
        assert (len(by_id), len(by_connection)) == (3, 3)

    with nginx(tmp_path, f"keepalive_timeout 1s; {OK}") as server:
        run(scenario(server), LIMIT)


@needs_nginx
def test_ten_streams_at_once_are_enough_for_a_hundred_pushes(tmp_path: Path) -> None:
    async def scenario(server: Server) -> None:
        async with _apns(server) as sender:
            outcomes = await _all(sender, _pushes(1000), 100)
        assert [type(outcome) for outcome in outcomes] == [Accepted] * 1000
        by_id, _, statuses = server.requests()
        assert (len(by_id), set(by_id.values()), statuses) == (1000, {1}, {"200"})

    with nginx(tmp_path, f"http2_max_concurrent_streams 10; {OK}") as server:
        run(scenario(server), LIMIT)


@needs_nginx
def test_a_dead_token_is_told_with_its_time(tmp_path: Path) -> None:
    async def scenario(server: Server) -> None:
        async with _apns(server) as sender:
            outcomes = await _all(sender, _pushes(200), 50)
        assert {type(outcome) for outcome in outcomes} == {Unregistered}
        assert {outcome.reason for outcome in outcomes if isinstance(outcome, Unregistered)} == {"Unregistered"}
        assert {outcome.at for outcome in outcomes if isinstance(outcome, Unregistered)} == {1_700_000_000.0}

    dead = json.dumps({"reason": "Unregistered", "timestamp": 1_700_000_000_000})
    with nginx(tmp_path, f"location / {{ return 410 '{dead}'; }}") as server:
        run(scenario(server), LIMIT)


@needs_nginx
def test_a_server_that_asks_for_a_certificate_is_shown_ours(tmp_path: Path) -> None:
    strangers, own = tmp_path / "strangers", tmp_path / "own"
    for folder in (strangers, own):
        folder.mkdir()
    pairs = [Authority(folder).issue("TEAM123456") for folder in (strangers, own)]
    stranger, known = (Secret(pair.certificate.read_bytes() + pair.key.read_bytes()) for pair in pairs)

    async def outcome(server: Server, **changes: Any) -> Outcome:
        async with _apns(server, **changes) as sender:
            return await sender.send(*_pushes(1))

    async def scenario(server: Server) -> None:
        assert isinstance(await outcome(server, identity=known), Accepted)
        assert await outcome(server) == Refused("HTTP 400", 400)
        assert await outcome(server, identity=stranger) == Refused("HTTP 400", 400)

    directives = f"ssl_verify_client on; ssl_client_certificate {own}/ca.pem; {OK}"
    with nginx(tmp_path, directives) as server:
        run(scenario(server), LIMIT)


@needs_nghttpd
@pytest.mark.parametrize("streams", [1, 10, 100])
def test_nghttpd_gets_every_push(tmp_path: Path, streams: int) -> None:
    async def scenario(server: Server) -> None:
        async with _apns(server) as sender:
            outcomes = await _all(sender, _pushes(300), 100)
        assert [type(outcome) for outcome in outcomes] == [Accepted] * 300

    with nghttpd(tmp_path, f"--max-concurrent-streams={streams}") as server:
        run(scenario(server), LIMIT)


def _keys(given: dict[str, str]) -> SubscriptionKeys:
    p256dh, auth = (urlsafe_b64decode(given[name] + "=" * (-len(given[name]) % 4)) for name in ("p256dh", "auth"))
    return SubscriptionKeys(p256dh=p256dh, auth=Secret(auth))


class _Tester:
    """A client of web-push-testing's own API."""

    def __init__(self, url: str, ca_file: Path) -> None:
        self._url = url
        self._context = ssl.create_default_context(cafile=ca_file)

    def ask(self, path: str, **fields: str) -> Any:
        request = Request(f"{self._url}/{path}", data=urlencode(fields).encode())
        with urlopen(request, context=self._context, timeout=SECONDS) as answer:
            text = answer.read()
        return json.loads(text)["data"] if text.startswith(b"{") else None


@needs_peers
def test_web_push_testing_reads_our_push_and_says_when_a_subscription_is_over(tmp_path: Path) -> None:
    pem = key_pem()
    key = load_pem_private_key(pem.reveal(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    public, _ = text_of(key)

    async def scenario(tester: _Tester, ca_file: Path) -> None:
        access = WebPushAccess(
            vapid_key=pem, subject="mailto:ops@example.com", services=("*",), allow_private=True, ca_file=ca_file
        )
        sender = Workshop(wall=wall).sender(WEBPUSH_APP, access)
        made = await asyncio.to_thread(tester.ask, "subscribe", userVisibleOnly="true", applicationServerKey=public)
        push = webpush_push(made["endpoint"], keys=_keys(made["keys"]), expires_at=wall() + 20, timeout=20.0)
        try:
            assert isinstance(await sender.send(push), Accepted)
            got = await asyncio.to_thread(tester.ask, "get-notifications", clientHash=made["clientHash"])
            (message,) = got["messages"]
            assert json.loads(message)["ringwake"]["id"] == push.notice.id
            await asyncio.to_thread(tester.ask, f"expire-subscription/{made['clientHash']}")
            assert isinstance(await sender.send(push), Unregistered)
        finally:
            await sender.close()

    with web_push_testing(tmp_path) as (url, ca_file):
        run(scenario(_Tester(url, ca_file), ca_file), LIMIT)
