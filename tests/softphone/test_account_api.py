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
from ringwake.sip.flow import Transport
from ringwake.softphone.account_api import AccountApi, AccountApiError, KeptSettings, OutdatedError
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


def api_of(home: Home, identity: Identity = IDENTITY) -> AccountApi:
    ca = home.lab.ca_file.read_bytes()
    return AccountApi(home.app.public, identity=identity, ids=SeededIds(Random(1)), ca=ca)


async def put(home: Home, identity: Identity = IDENTITY, subscription: BrowserSubscription = SUBSCRIPTION) -> None:
    await api_of(home, identity).put_subscription(subscription)


async def put_at(url: str) -> None:
    await AccountApi(url, identity=IDENTITY, ids=SeededIds(Random(1)), ca=None).put_subscription(SUBSCRIPTION)


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


def test_settings_are_read_and_changed_with_their_version(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            api = api_of(home)
            found = await api.settings()
            assert found.document["notifications"]["style"] == "alert"
            kept = await api.change_settings({"notifications": {"style": "banner"}}, tag=found.tag)
            assert kept.document["notifications"]["style"] == "banner"
            assert await api.settings() == kept
            again = await api.change_settings({"calls": {"do_not_disturb": True}})
            assert (again.document["notifications"], again.tag != kept.tag) == (kept.document["notifications"], True)

    run_real(story())


def test_a_version_that_is_no_more_is_told_apart(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            api = api_of(home)
            with pytest.raises(OutdatedError):
                await api.change_settings({"notifications": {"style": "banner"}}, tag='"7"')
            assert (await api.settings()).document["notifications"]["style"] == "alert"

    run_real(story())


def test_settings_that_cannot_be_are_refused(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            with pytest.raises(AccountApiError, match=r"refuses the settings \(422\)"):
                await api_of(home).change_settings({"notifications": {"style": "loud"}})

    run_real(story())


def test_a_device_token_is_obtained_once_and_again_when_it_is_over() -> None:
    async def story() -> None:
        token = '200 OK\r\n\r\n{"token": "first"}'
        kept = '200 OK\r\nETag: "4"\r\n\r\n{"a": 1}'
        answers = [f"{CHALLENGED}\r\n\r\n", token, kept, kept, "401 Unauthorized\r\n\r\n"]
        async with answering(*answers, f"{CHALLENGED}\r\n\r\n", token, kept) as url:
            api = AccountApi(url, identity=IDENTITY, ids=SeededIds(Random(1)), ca=None)
            for _ in range(3):
                assert await api.settings() == KeptSettings({"a": 1}, '"4"')

    run_real(story())


@pytest.mark.parametrize("body", ["", "not JSON", "[]"])
def test_what_has_no_settings_is_no_phone_api(body: str) -> None:
    async def story() -> None:
        answers = [f"{CHALLENGED}\r\n\r\n", '200 OK\r\n\r\n{"token": "first"}', f"200 OK\r\n\r\n{body}"]
        async with answering(*answers) as url:
            with pytest.raises(AccountApiError, match="is no phone API"):
                await AccountApi(url, identity=IDENTITY, ids=SeededIds(Random(1)), ca=None).settings()

    run_real(story())


def test_what_has_come_is_listed_until_somebody_has_looked_at_it(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, _ = home.phone()
            await phone.start()
            await phone.terminate()
            boss, _ = home.phone("boss", "", Transport.UDP)
            await boss.start()
            assert await boss.message(f"sip:alice@{DOMAIN}", "hello") == 202
            api = api_of(home)
            (entry,) = await api.history()
            assert (entry["kind"], entry["unread"]) == ("message", True)
            assert await api.history(kind="message", only_unread=True) == [entry]
            assert await api.history(kind="call") == []
            assert await api.mark_read([entry["id"]], instance=phone.settings.instance) == 0
            assert await api.history(only_unread=True) == []
            assert await api.mark_read() == 0

    run_real(story())


@pytest.mark.parametrize("body", ["[]", '{"unread": "none"}'])
def test_what_does_not_say_how_many_are_unread_is_no_phone_api(body: str) -> None:
    async def story() -> None:
        answers = [f"{CHALLENGED}\r\n\r\n", '200 OK\r\n\r\n{"token": "first"}', f"200 OK\r\n\r\n{body}"]
        async with answering(*answers) as url:
            with pytest.raises(AccountApiError, match="is no phone API"):
                await AccountApi(url, identity=IDENTITY, ids=SeededIds(Random(1)), ca=None).mark_read()

    run_real(story())
