"""What was chosen for accounts, in a running server: it is still there after a restart, and phones follow it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.home import TOKEN, open_home
from tests.support.real_loop import run_real

from ringwake.app.running import App
from ringwake.app.senders import parts_of
from ringwake.cli.operator import Answered, Asked, exchange
from ringwake.config.embedded import DOMAIN
from ringwake.config.load import parse
from ringwake.config.state import RunningServer

CONFIG = """
[server]
http = "127.0.0.1:0"
lab = true
[[tenant]]
domain = "example.com"
[[tenant.account]]
user = "alice"
password = "alice-canary"
[[tenant]]
domain = "example.net"
upstream = "contact"
pbx = "sip:127.0.0.9:5060;transport=udp"
[[listen]]
transport = "udp"
address = "127.0.0.1:0"
"""


async def ask(app: App, aor: str, patch: object = None) -> Answered:
    server = RunningServer(app.http, TOKEN, app.listen, app.public)
    path = f"/api/v1/accounts/{aor}/settings"
    return await asyncio.to_thread(exchange, server, Asked("GET" if patch is None else "PATCH", path, patch))


@pytest.mark.parametrize("aor", ["alice@example.com", "whoever@example.net"])
def test_settings_are_still_there_after_a_restart(aor: str, tmp_path: Path) -> None:
    async def story() -> None:
        kept = []
        for patch in ({"calls": {"block": ["spam@x"]}}, None):
            app = await App.start(parts_of(parse(CONFIG), tmp_path), token=TOKEN)
            kept.append(await ask(app, aor, patch))
            await app.stop()
        assert kept[0] == kept[1]
        assert kept[1].value["calls"]["block"] == ["spam@x"]

    run_real(story())


def test_the_number_goes_from_the_icon_of_a_sleeping_phone_when_it_is_switched_off(
    tmp_path: Path, lab_folder: Path
) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = home.phone()
            await phone.start()
            await phone.terminate()
            assert (await ask(home.app, f"alice@{DOMAIN}", {"notifications": {"badge": False}})).tag == '"1"'
            push = await told.noted("push", kind="read")
            assert push.fields["notification"].badge == 0

    run_real(story())
