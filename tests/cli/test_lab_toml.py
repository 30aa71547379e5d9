"""What `ringwake emulate` writes is a configuration that the server takes."""

from __future__ import annotations

from pathlib import Path

from tests.support.home import wall
from tests.support.real_loop import run_real

from ringwake.cli.lab_toml import BUNDLE, lab_toml
from ringwake.config.load import parse
from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab


def test_it_names_the_emulators_their_keys_and_the_accounts(lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab:
            config = parse(lab_toml(lab, {"alice": 'a "quoted" \\ word', "bob": "ü"}))
            (tenant,) = config.tenant
            words = {account.user: account.password for account in tenant.account}
            assert words == {"alice": 'a "quoted" \\ word', "bob": "ü"}
            assert config.server.lab
            assert [(app.provider, app.endpoint) for app in config.app] == [
                ("apns", lab.apns_url),
                ("fcm", lab.fcm_url),
                ("webpush", ""),
                ("unifiedpush", ""),
                ("hms", lab.hms_url),
                ("http", lab.hook_url),
            ]
            assert config.app[0].other_endpoint == lab.apns_sandbox_url
            assert config.lab is not None
            assert (config.lab.inbox, config.lab.bundle) == (lab.inbox_url, BUNDLE)
            assert config.lab.ca_file == str(lab.ca_file)

    run_real(story())


def test_more_tables_may_be_added(lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab:
            config = parse(lab_toml(lab, {}, more='[[peer]]\naddress = "127.0.0.1"'))
            assert [peer.address for peer in config.peer] == ["127.0.0.1"]

    run_real(story())
