"""The phone's HTTP side: against the real phone API, and against whatever else may answer there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.softphone.hand_server import CHALLENGE
from tests.support.home import Home, open_home
from tests.support.ids import SeededIds
from tests.support.real_loop import run_real

from ringwake.config.embedded import DOMAIN
from ringwake.secret import Secret
from ringwake.softphone.account_api import AccountApiError, put_subscription
from ringwake.softphone.pushbox import BrowserSubscription
from ringwake.ua.identity import Identity

IDENTITY = Identity(user="alice", domain=DOMAIN, password=Secret("alice-password"))
# A point on P-256 and 16 octets, in base64url (RFC 8291 section 5).
SUBSCRIPTION = BrowserSubscription(
    endpoint=Secret("https://push.example.net/x"),
    p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth=Secret("BTBZMqHH6r4Tts7J_aSIgg"),
)
CHALLENGED = f"401 Unauthorized\r\nWWW-Authenticate: {CHALLENGE}"


async def put(home: Home, identity: Identity = IDENTITY, subscription: BrowserSubscription = SUBSCRIPTION) -> None:
    ca = home.lab.ca_file.read_bytes()
    await put_subscription(home.app.public, subscription, identity=identity, ids=SeededIds(Random(1)), ca=ca)


async def put_at(url: str) -> None:
    await put_subscription(url, SUBSCRIPTION, identity=IDENTITY, ids=SeededIds(Random(1)), ca=None)


@asynccontextmanager
async def answering(*answers: str) -> AsyncIterator[str]:
    """Run an HTTP server that gives these answers (status line and fields, an empty line, a body), one a connection."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head, _, body = left.pop(0).partition("\r\n\r\n")
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def test_the_server_takes_a_browsers_keys(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            await put(home)

    run_real(story())


def test_a_wrong_password_is_refused(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            with pytest.raises(AccountApiError, match=r"refuses the credentials \(401\)"):
                await put(home, replace(IDENTITY, password=Secret("wrong")))

    run_real(story())


def test_a_domain_that_is_not_served_gets_no_challenge(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            with pytest.raises(AccountApiError, match=r"no digest challenge \(404\)"):
                await put(home, replace(IDENTITY, domain="elsewhere.example"))

    run_real(story())


def test_keys_that_are_none_are_refused(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            with pytest.raises(AccountApiError, match=r"refuses the push subscription \(422\)"):
                await put(home, subscription=replace(SUBSCRIPTION, p256dh="AAAA"))

    run_real(story())


def test_an_api_that_is_not_there_cannot_be_reached() -> None:
    with pytest.raises(AccountApiError, match="cannot be reached"):
        run_real(put_at("http://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (("200 OK\r\n\r\nhello",), r"no digest challenge \(200\)"),
        (("401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n\r\n",), r"no digest challenge \(401\)"),
        (("401 Unauthorized\r\nWWW-Authenticate: Digest realm\r\n\r\n",), r"no digest challenge \(401\)"),
        (('401 x\r\nWWW-Authenticate: Digest realm="x", nonce="n", algorithm=ROT13\r\n\r\n',), "no digest challenge"),
        ((f"{CHALLENGED}\r\n\r\n", "200 OK\r\n\r\nnot JSON"), "is no phone API"),
        ((f"{CHALLENGED}\r\n\r\n", "200 OK\r\n\r\n[]"), "is no phone API"),
        ((f"{CHALLENGED}\r\n\r\n", "200 OK\r\n\r\n{}"), "is no phone API"),
    ],
)
def test_what_is_no_phone_api_is_told_apart(answers: tuple[str, ...], message: str) -> None:
    async def story() -> None:
        async with answering(*answers) as url:
            with pytest.raises(AccountApiError, match=message):
                await put_at(url)

    run_real(story())
