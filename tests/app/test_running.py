"""A running server: what it opens, what it closes, and what it does when something cannot be had."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import pytest
from tests.store.sqlite.beside import hurt_disk
from tests.support.authority import Authority
from tests.support.home import TOKEN, open_home
from tests.support.real_loop import run_real
from tests.support.sip_messages import request

from ringwake.app.listeners import ListenError
from ringwake.app.policies import expiry_policy
from ringwake.app.running import App
from ringwake.app.senders import parts_of
from ringwake.app.system import SystemIds, wall_now, wall_of
from ringwake.app.tenants import fixed_accounts
from ringwake.config.load import parse
from ringwake.model.events import Happened
from ringwake.model.ports import StoreError
from ringwake.registrar.rules import ExpiryPolicy
from ringwake.sip.digest import Algorithm, ha1
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.keys import KeysError
from ringwake.ua.call import CallState

wall = time.time  # noqa: TID251  what the server reads
BARE = '[server]\nhttp = "127.0.0.1:0"\nlab = true\n'


async def start(folder: Path, text: str = BARE) -> App:
    return await App.start(parts_of(parse(text), folder), token=TOKEN)


async def get(
    url: str, *, token: str = TOKEN.reveal(), ca_file: Path | None = None, body: object = None
) -> tuple[int, Any]:
    """GET a URL, or POST a body to it: status, and the decoded answer."""

    def ask() -> tuple[int, Any]:
        handlers = [HTTPSHandler(context=ssl.create_default_context(cafile=ca_file))] if ca_file else []
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        request = Request(url, None if body is None else json.dumps(body).encode(), headers)
        try:
            with build_opener(ProxyHandler({}), *handlers).open(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    return await asyncio.to_thread(ask)


def test_an_empty_configuration_gives_a_server_without_sip(tmp_path: Path) -> None:
    async def story() -> None:
        app = await start(tmp_path)
        assert (app.listen, app.public) == ([], "")
        assert (await get(f"{app.http}/readyz"))[0] == 200
        assert (await get(f"{app.http}/api/v1/accounts")) == (200, [])
        assert (await get(f"{app.http}/api/v1/accounts", token="another"))[0] == 401
        await app.stop()

    run_real(story())


def test_it_says_where_it_listens_by_each_transport(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            assert [one["transport"] for one in home.app.listen] == ["udp", "tcp", "ws", "tls", "wss"]
            assert all(not one["address"].endswith(":0") for one in home.app.listen)
            assert home.app.http.startswith("http://127.0.0.1:")
            assert home.app.public.startswith("https://127.0.0.1:")

    run_real(story())


def test_the_accounts_of_the_file_are_there_and_keep_no_password(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            _, accounts = await get(f"{home.app.http}/api/v1/accounts")
            assert [(one["aor"], one["source"]) for one in accounts] == [
                ("alice@ringwake.test", "file"),
                ("bob@ringwake.test", "file"),
                ("boss@ringwake.test", "file"),
            ]

    run_real(story())
    config = parse('[[tenant]]\ndomain = "Example.COM"\n[[tenant.account]]\nuser = "al"\npassword = "pw"\n')
    (account,) = fixed_accounts(config)
    assert (account.aor, account.tenant) == ("al@example.com", "example.com")
    assert account.ha1_md5.reveal() == ha1(Algorithm.MD5, "al", "example.com", "pw")
    assert account.ha1_sha256.reveal() == ha1(Algorithm.SHA256, "al", "example.com", "pw")


def test_phones_reach_it_by_tls_only_where_it_has_a_certificate(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            status, problem = await get(f"{home.app.public}/nothing", ca_file=home.lab.ca_file)
            assert (status, problem["status"]) == (404, 404)

    run_real(story())


def test_the_public_url_is_the_configured_one(tmp_path: Path) -> None:
    async def story() -> None:
        app = await start(tmp_path, f'{BARE}[public]\nlisten = "127.0.0.1:0"\nurl = "https://phones.example.com"\n')
        assert app.public == "https://phones.example.com"
        await app.stop()

    run_real(story())


def test_a_call_is_parked_pushed_and_counted(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = home.phone()
            await phone.start()
            await phone.terminate()
            boss, _ = home.phone("boss", "", Transport.UDP)
            await boss.start()
            call = boss.call(phone.settings.identity.aor)
            await told.noted("invite")
            assert await metric(home.app, "ringwake_parked_calls") >= 1
            assert await metric(home.app, "ringwake_store_up") == 1
            boss.hang_up(call)
            await told.noted("call", state="ended")
            _, calls = await get(f"{home.app.http}/api/v1/calls")
            assert calls[0]["call_id"] == call.call_id
            assert call.state is CallState.ENDED

    run_real(story())


async def metric(app: App, name: str) -> float:
    def read() -> str:
        with build_opener(ProxyHandler({})).open(f"{app.http}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    lines = (await asyncio.to_thread(read)).splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_what_was_registered_is_there_after_the_next_start(tmp_path: Path) -> None:
    text = f'{BARE}[[tenant]]\ndomain = "example.com"\n'

    async def story() -> None:
        first = await start(tmp_path, text)
        status, _ = await get(f"{first.http}/api/v1/accounts", body={"aor": "al@example.com", "password": "pw"})
        assert status == 201
        await first.stop()
        second = await start(tmp_path, text)
        _, accounts = await get(f"{second.http}/api/v1/accounts")
        assert [(one["aor"], one["source"]) for one in accounts] == [("al@example.com", "store")]
        await second.stop()

    run_real(story())


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("", ExpiryPolicy()),
        ("[wake]\npnsreg = true\n", ExpiryPolicy(own_refresh=True)),
        (
            "[server]\nlab = true\n[wake]\ngrant = 60\nrefresh_every = 30\nrefresh_lead = 10\n",
            ExpiryPolicy(grant=60, push_least=60, needs_tls=False),
        ),
    ],
)
def test_the_configuration_says_how_long_phones_are_bound(text: str, policy: ExpiryPolicy) -> None:
    assert expiry_policy(parse(text)) == policy


def test_a_second_server_cannot_have_the_database(tmp_path: Path) -> None:
    async def story() -> None:
        app = await start(tmp_path)
        with pytest.raises(StoreError, match="is in use by process"):
            await start(tmp_path)
        await app.stop()
        await (await start(tmp_path)).stop()

    run_real(story())


@pytest.mark.parametrize("place", ["server.http", "public.listen", "listen[1].address"])
def test_an_address_that_is_taken_is_named_and_all_else_is_let_go(place: str, tmp_path: Path) -> None:
    async def story() -> None:
        with socket(AF_INET, SOCK_STREAM) as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            addresses = dict.fromkeys(("server.http", "public.listen", "listen[1].address"), "127.0.0.1:0")
            addresses[place] = f"127.0.0.1:{other.getsockname()[1]}"
            text = (
                f'[server]\nhttp = "{addresses["server.http"]}"\nlab = true\n'
                f'[public]\nlisten = "{addresses["public.listen"]}"\n'
                f'[[listen]]\ntransport = "udp"\naddress = "127.0.0.1:0"\n'
                f'[[listen]]\ntransport = "tcp"\naddress = "{addresses["listen[1].address"]}"\n'
            )
            with pytest.raises(ListenError) as caught:
                await start(tmp_path, text)
            assert str(caught.value).startswith(f"{place}: cannot listen on ")
        await (await start(tmp_path)).stop()  # the database is free again

    run_real(story())


def test_keys_that_are_spoilt_keep_it_from_starting(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("nonsense")
    keys.chmod(0o600)
    with pytest.raises(KeysError):
        run_real(start(tmp_path))


def test_a_store_that_cannot_write_is_a_problem_that_readyz_names(tmp_path: Path) -> None:
    async def story() -> None:
        app = await start(tmp_path, f'{BARE}[[tenant]]\ndomain = "example.com"\n')
        hurt_disk(app._store, most_octets=0)
        status, _ = await get(f"{app.http}/api/v1/accounts", body={"aor": "al@example.com", "password": "pw"})
        assert status == 503
        status, answer = await get(f"{app.http}/readyz")
        assert (status, answer["status"]) == (503, "unready")
        assert answer["problems"] == ["the store cannot write: SQLITE_IOERR_WRITE: disk I/O error"]
        assert await metric(app, "ringwake_store_up") == 0
        await app.stop()

    run_real(story())


def test_errors_that_nobody_caught_are_logged_with_version_and_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        app = await start(tmp_path)
        with caplog.at_level(logging.ERROR, "ringwake"):
            app._fault("receive", ValueError("broken"))
        await app.stop()

    run_real(story())
    (fault,) = caplog.records
    assert "receive" in fault.getMessage()
    assert fault.exc_info is not None


def test_each_message_has_its_line_at_debug_level_and_none_above(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        app = await start(tmp_path)
        flow = Flow(Transport.UDP, Address("127.0.0.1", 5060), Address("127.0.0.1", 5062))
        app.stack.receive([(flow, request("OPTIONS", uri="sip:ringwake.test").encode())])
        await app.stop()

    def told() -> list[tuple[Happened, object]]:
        events = [vars(record)["event"] for record in caplog.records]
        return [(event.what, event.fields.get("method") or event.fields.get("status")) for event in events]

    with caplog.at_level(logging.INFO, "ringwake"):
        run_real(story())
    assert not {Happened.SIP_RECEIVED, Happened.SIP_SENT} & {what for what, _ in told()}
    with caplog.at_level(logging.DEBUG, "ringwake"):
        run_real(story())
    wire = [(Happened.SIP_RECEIVED, "OPTIONS"), (Happened.SIP_SENT, 407)]
    assert [one for one in told() if one in wire] == wire


def test_times_of_the_loop_follow_the_wall_clock() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        assert abs(wall_of(loop)(loop.time() + 60) - (wall() + 60)) < 1

    run_real(story())
    assert abs(wall_now() - wall()) < 1


@pytest.mark.parametrize("digits", [1, 8, 31])
def test_identifiers_have_the_digits_that_are_asked_for(digits: int) -> None:
    ids = SystemIds()
    assert len(ids.hex(digits)) == digits
    assert int(ids.hex(digits), 16) >= 0
    assert ids.hex(32) != ids.hex(32)


def test_a_certificate_that_does_not_fit_keeps_it_from_starting(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.issue("127.0.0.1"), authority.issue("127.0.0.1")
    text = (
        f'{BARE}[[listen]]\ntransport = "tls"\naddress = "127.0.0.1:0"\n'
        f'certificate = "{one.certificate}"\nkey = "{other.key}"\n'
    )
    with pytest.raises(ssl.SSLError):
        run_real(start(tmp_path, text))
