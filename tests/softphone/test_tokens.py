"""What the phone asks its push service for, and how it tells the server."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.softphone.hand_server import ALICE, CHALLENGE, Scene, on_stage, phone_settings
from tests.support.home import Home, open_home
from tests.support.ids import SeededIds
from tests.support.real_loop import run_real

from ringwake.cli.lab_toml import BUNDLE
from ringwake.net.tls import client_context
from ringwake.sip.flow import Transport
from ringwake.softphone.line import Line, RegisterError
from ringwake.softphone.pushbox import Pushbox
from ringwake.softphone.settings import PhoneSettings
from ringwake.softphone.tokens import PhoneTokens, ask_tokens, hand_over_keys, vapid_key
from ringwake.ua.registration import Registration


def registration(settings: PhoneSettings) -> Registration:
    return Registration(identity=settings.identity, instance=settings.instance, ids=SeededIds(Random(2)))


async def tokens_of(home: Home, provider: str, **changes: str) -> PhoneTokens:
    """Ask for tokens as a phone does that has just connected."""
    settings = home.settings(provider=provider, transport=Transport.TLS, **changes)
    box = await Pushbox.attach(
        settings.inbox,
        device=settings.device,
        secret=settings.device_secret,
        on_push=lambda _: None,
        tls=client_context(settings.ca_file),
    )
    line = Line(settings, SeededIds(Random(1)), lambda _: None)
    try:
        await line.open()
        tokens = await ask_tokens(settings, box, line, lambda: registration(settings))
        await hand_over_keys(tokens, settings, SeededIds(Random(3)))
        return tokens
    finally:
        await line.close()
        await box.close()


def test_an_iphone_tells_both_of_its_tokens(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            contact = (await tokens_of(home, "apns")).contact
            assert (contact.provider, contact.param) == (
                "apns",
                f"{home.lab.credentials.ids.team}.{BUNDLE}.voip&remote",
            )
            kinds = [part.rpartition(":")[2] for part in contact.prid.reveal().split("&")]
            assert kinds == ["voip", "remote"]

    run_real(story())


def test_an_android_phone_tells_its_token_and_project(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            tokens = await tokens_of(home, "fcm")
            assert (tokens.contact.provider, tokens.contact.param) == ("fcm", home.lab.credentials.ids.project)
            assert tokens.is_handed_over is False  # it has no keys of its own

    run_real(story())


@pytest.mark.parametrize(("provider", "app"), [("hms", "100000001"), ("http", "demo-phone")])
def test_a_phone_of_a_further_service_tells_its_token_and_app(
    provider: str, app: str, tmp_path: Path, lab_folder: Path
) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            tokens = await tokens_of(home, provider)
            assert (tokens.contact.provider, tokens.contact.param, tokens.subscription) == (provider, app, None)

    run_real(story())


def test_a_unifiedpush_app_subscribes_as_a_browser_does(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            tokens = await tokens_of(home, "unifiedpush")
            assert tokens.subscription is not None
            assert (tokens.contact.provider, tokens.contact.param) == ("unifiedpush", "")
            assert "/up/" in tokens.contact.prid.reveal()
            assert tokens.is_handed_over

    run_real(story())


def test_a_browser_subscribes_with_the_servers_key_and_hands_its_own_over(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            tokens = await tokens_of(home, "webpush")
            assert tokens.subscription is not None
            assert tokens.contact.prid.reveal() == tokens.subscription.endpoint.reveal()
            assert tokens.is_handed_over
            await hand_over_keys(tokens, home.settings(public_url="http://127.0.0.1:1"), SeededIds(Random(3)))  # once

    run_real(story())


def test_a_server_without_a_phone_api_gets_no_keys(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            assert not (await tokens_of(home, "webpush", public_url="")).is_handed_over

    run_real(story())


def test_the_query_for_the_key_answers_a_challenge_and_binds_nothing() -> None:
    async def play(scene: Scene) -> None:
        settings = phone_settings()
        task = scene.network.loop.create_task(vapid_key(settings, scene.line, registration(settings)))
        scene.server.answer(await scene.server.request("REGISTER"), 401, ("www-authenticate", CHALLENGE))
        query = await scene.server.request("REGISTER", 2)
        assert query.headers.get("expires") == "0"
        assert ALICE.user not in (query.headers.get("contact") or "")
        scene.server.answer(query, 200, ("feature-caps", '*;+sip.pns="webpush";+sip.vapid="the-key"'))
        assert await task == "the-key"

    on_stage(play)


@pytest.mark.parametrize(
    ("status", "field", "wanted"),
    [(555, ("warning", "x"), 555), (403, ("warning", "x"), 403), (200, ("feature-caps", '*;+sip.pns="fcm"'), 555)],
)
def test_a_server_without_web_push_says_so(status: int, field: tuple[str, str], wanted: int) -> None:
    async def play(scene: Scene) -> None:
        settings = phone_settings()
        task = scene.network.loop.create_task(vapid_key(settings, scene.line, registration(settings)))
        scene.server.answer(await scene.server.request("REGISTER"), status, field)
        with pytest.raises(RegisterError) as caught:
            await task
        assert caught.value.status == wanted

    on_stage(play)


def test_a_server_that_does_not_answer_has_no_key() -> None:
    async def play(scene: Scene) -> None:
        settings = phone_settings()
        with pytest.raises(RegisterError, match="not answered"):
            await vapid_key(settings, scene.line, registration(settings))

    on_stage(play)
