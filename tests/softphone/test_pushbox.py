"""The phone's line to the push services: against the emulators, and against an inbox that misbehaves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.real_loop import run_real
from websockets.asyncio.server import ServerConnection, serve

from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab
from ringwake.net.tls import client_context
from ringwake.secret import Secret
from ringwake.softphone import pushbox
from ringwake.softphone.pushbox import Pushbox, PushboxError, PushboxRefusedError, ReceivedPush

wall = time.time  # noqa: TID251  certificates are of today
SECRET = Secret("device-secret")
PUSH = {"provider": "fcm", "service": "", "app": "x", "id": "p1", "payload": {"a": "b"}, "display": None}


@asynccontextmanager
async def at_lab(lab: Lab, *, device: str = "phone", secret: Secret[str] = SECRET) -> AsyncIterator[Pushbox]:
    tls = client_context(lab.ca_file)
    box = await Pushbox.attach(lab.inbox_url, device=device, secret=secret, on_push=lambda _: None, tls=tls)
    try:
        yield box
    finally:
        await box.close()


Behaviour = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


@asynccontextmanager
async def inbox(behave: Behaviour) -> AsyncIterator[str]:
    """Run an inbox that attaches whoever comes, and then does what the test wants with each message."""

    async def serve_phone(connection: ServerConnection) -> None:
        async for text in connection:
            message = json.loads(text)
            if message["op"] == "attach":
                await say(connection, {"op": "attached", "ref": message["ref"]})
            await behave(connection, message)

    async with serve(serve_phone, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/"


async def say(connection: ServerConnection, message: dict[str, Any]) -> None:
    await connection.send(json.dumps(message))


async def quiet(connection: ServerConnection, message: dict[str, Any]) -> None:
    """Say nothing."""


async def attach(url: str, on_push: Callable[[ReceivedPush], None] = lambda _: None) -> Pushbox:
    return await Pushbox.attach(url, device="phone", secret=SECRET, on_push=on_push, tls=None)


def test_each_service_gives_its_tokens(lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab, at_lab(lab) as box:
            team, voip, remote = await box.apns("com.example.phone")
            assert team == lab.credentials.ids.team
            assert voip.reveal() != remote.reveal()
            assert await box.token("fcm", "demo-project") != ""
            subscription = await box.webpush(lab.credentials.vapid_public_key)
            assert subscription.endpoint.reveal().startswith(lab.webpush_url)
            assert (subscription.provider, bool(subscription.p256dh)) == ("webpush", True)
            app = await box.webpush(lab.credentials.vapid_public_key, provider="unifiedpush")
            assert (app.provider, app.endpoint.reveal() != subscription.endpoint.reveal()) == ("unifiedpush", True)
            assert await box.token("hms", "100000001") != await box.token("http", "demo-phone")
            assert subscription.auth.reveal()

    run_real(story())


def test_fresh_tokens_are_others(lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab, at_lab(lab) as box:
            key = lab.credentials.vapid_public_key
            with pytest.raises(PushboxRefusedError):
                await box.token("fcm", "demo-project", is_fresh=True)  # it had none
            before = (
                await box.apns("com.example.phone"),
                await box.token("fcm", "demo-project"),
                await box.webpush(key),
            )
            apns = await box.apns("com.example.phone", is_fresh=True)
            assert {token.reveal() for token in before[0][1:]}.isdisjoint(token.reveal() for token in apns[1:])
            assert (await box.token("fcm", "demo-project", is_fresh=True)).reveal() != before[1].reveal()
            assert (await box.webpush(key, is_fresh=True)).endpoint.reveal() != before[2].endpoint.reveal()

    run_real(story())


def test_an_app_that_nobody_knows_is_refused_and_the_line_stays(lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab, at_lab(lab) as box:
            with pytest.raises(PushboxRefusedError, match="refuses: app: a bundle id"):
                await box.apns("no bundle")
            await box.token("fcm", "demo-project")

    run_real(story())


def test_another_phone_of_the_same_name_is_refused(lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab, at_lab(lab):
            with pytest.raises(PushboxRefusedError, match="secret"):
                async with at_lab(lab, secret=Secret("another-secret")):
                    pass

    run_real(story())


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/", "http://127.0.0.1/", "ws://"])
def test_an_inbox_that_is_not_there_cannot_be_reached(url: str) -> None:
    with pytest.raises(PushboxError, match="cannot be reached"):
        run_real(attach(url))


def test_a_push_is_acknowledged_and_handed_on() -> None:
    async def story() -> None:
        seen: list[ReceivedPush] = []
        acknowledged: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def behave(connection: ServerConnection, message: dict[str, Any]) -> None:
            if message["op"] == "attach":
                await say(connection, {"op": "push", "seq": 7, **PUSH})
            elif message["op"] == "ack":
                acknowledged.set_result(message["seq"])

        async with inbox(behave) as url:
            box = await attach(url, seen.append)
            assert await acknowledged == 7
            await box.close()
        assert seen == [ReceivedPush(provider="fcm", service="", id="p1", payload={"a": "b"}, display=None)]

    run_real(story())


def test_answers_find_their_request_whatever_comes_between() -> None:
    async def story() -> None:
        async def behave(connection: ServerConnection, message: dict[str, Any]) -> None:
            if message["op"] == "register":
                await say(connection, {"op": "registered", "ref": 999, "token": "of nobody"})
                await say(connection, {"op": "registered", "token": "of nobody"})
                await say(connection, {"op": "registered", "ref": message["ref"], "token": "ours"})
                await say(connection, {"op": "registered", "ref": message["ref"], "token": "twice"})

        async with inbox(behave) as url:
            box = await attach(url)
            assert (await box.token("fcm", "x")).reveal() == "ours"
            assert (await box.token("fcm", "x")).reveal() == "ours"
            await box.close()

    run_real(story())


def test_an_inbox_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushbox, "REQUEST_SECONDS", 0.05)

    async def story() -> None:
        async with inbox(quiet) as url:
            box = await attach(url)
            with pytest.raises(PushboxError, match="does not answer"):
                await box.token("fcm", "x")
            await box.close()

    run_real(story())


def test_a_lost_line_ends_what_waits_and_is_reported_once() -> None:
    async def story() -> None:
        lost: list[str] = []

        async def behave(connection: ServerConnection, message: dict[str, Any]) -> None:
            if message["op"] == "register":
                await connection.close()

        async with inbox(behave) as url:
            box = await attach(url)
            box.on_lost = lambda: lost.append("lost")
            with pytest.raises(PushboxError, match="has closed the connection"):
                await box.token("fcm", "x")
            assert lost == ["lost"]
            with pytest.raises(PushboxError, match="does not answer"):
                await box.token("fcm", "x")
            await box.close()
            assert lost == ["lost"]

    run_real(story())


def test_a_line_that_we_close_is_not_lost() -> None:
    async def story() -> None:
        lost: list[str] = []
        async with inbox(quiet) as url:
            box = await attach(url)
            box.on_lost = lambda: lost.append("lost")
            await box.close()
        assert lost == []

    run_real(story())
