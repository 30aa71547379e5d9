"""From the `[[app]]` tables to senders: a key that is none shows at start, and says where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.push import certificates
from tests.support.home import home_config, wall
from tests.support.real_loop import run_real

from ringwake.app.credentials import access_of
from ringwake.app.parts import Parts
from ringwake.app.senders import parts_of
from ringwake.config.app_section import AppSection
from ringwake.config.load import ConfigError
from ringwake.config.schema import Config, ServerSection, TenantSection
from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab
from ringwake.model.app import AppKey, Provider
from ringwake.model.template import Template
from ringwake.model.texts import OURS
from ringwake.push.access import ApnsAccess, HmsAccess, WebPushAccess
from ringwake.push.senders import Senders
from ringwake.push.transport.endpoint import SERVICES
from ringwake.secret import Secret

KINDS: dict[str, dict[str, Any]] = {
    "apns": {"param": "AB12CD34EF.com.example.phone", "key_id": "KEYKEYKEY1", "key_file": "key"},
    "fcm": {"param": "project", "service_account": "key"},
    "webpush": {"vapid_key_file": "key"},
}
FIELDS = {"apns": "key_file", "fcm": "service_account", "webpush": "vapid_key_file"}


def config(provider: Any, *, lab: bool = False) -> Config:
    app = AppSection(provider=provider, tenant="Example.com", **KINDS[provider])
    return Config(server=ServerSection(lab=lab), tenant=[TenantSection(domain="example.com")], app=[app])


def secret(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


def in_lab(lab_folder: Path, test: Callable[[Parts, Lab], None]) -> None:
    """Run a test with the applications of a laboratory."""

    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab:
            test(parts_of(home_config(lab, {}), lab_folder), lab)

    run_real(story())


def test_each_application_is_its_tenants(lab_folder: Path) -> None:
    def check(parts: Parts, lab: Lab) -> None:
        ids = lab.credentials.ids
        assert [(app.key, app.tenant, app.show_caller) for app in parts.applications] == [
            (AppKey(Provider.APNS, f"{ids.team}.com.example.ringwake"), "ringwake.test", True),
            (AppKey(Provider.FCM, ids.project), "ringwake.test", True),
            (AppKey(Provider.WEBPUSH, "ringwake.test"), "ringwake.test", True),
            (AppKey(Provider.UNIFIEDPUSH, "ringwake.test"), "ringwake.test", True),
            (AppKey(Provider.HMS, "100000001"), "ringwake.test", True),
            (AppKey(Provider.HTTP, "demo-phone"), "ringwake.test", True),
        ]

    in_lab(lab_folder, check)


def test_an_application_has_its_own_words_and_the_others_ringwakes(lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab:
            config = home_config(lab, {})
            config.app[0].text.call.body = "{name}!"
            config.app[0].extra = {"call-id": "{call_id}"}
            first, *others = parts_of(config, lab_folder).applications
            assert first.texts.call.body.fill({"name": "Boss"}) == "Boss!"
            assert first.extra == (("call-id", Template.read("{call_id}", ["call_id"])),)
            assert {(app.texts, app.extra) for app in others} == {(OURS, ())}

    run_real(story())


def test_only_web_push_and_unifiedpush_show_a_public_key(lab_folder: Path) -> None:
    def check(parts: Parts, lab: Lab) -> None:
        shown = {app.key.provider: app.vapid_key for app in parts.applications if app.vapid_key}
        assert shown == dict.fromkeys((Provider.WEBPUSH, Provider.UNIFIEDPUSH), lab.credentials.vapid_public_key)

    in_lab(lab_folder, check)


def test_each_server_makes_senders_of_its_own(lab_folder: Path) -> None:
    def check(parts: Parts, lab: Lab) -> None:
        del lab
        first, second = parts.pusher(print), parts.pusher(print)
        assert isinstance(first, Senders)
        assert first is not second

    in_lab(lab_folder, check)


@pytest.mark.parametrize(
    ("fields", "endpoint"),
    [
        ({}, "https://api.push.apple.com"),
        ({"sandbox": True}, "https://api.sandbox.push.apple.com"),
        ({"sandbox": True, "endpoint": "https://127.0.0.1:8443"}, "https://127.0.0.1:8443"),
    ],
)
def test_a_sandboxed_application_is_pushed_to_by_apples_sandbox(
    fields: dict[str, Any], endpoint: str, tmp_path: Path
) -> None:
    secret(tmp_path / "key", "x")
    section = AppSection(provider="apns", tenant="example.com", **KINDS["apns"], **fields)
    access = access_of(section, tmp_path, "app[0]", lab=False)
    assert isinstance(access, ApnsAccess)
    assert access.endpoint == endpoint


def test_only_unifiedpush_may_be_at_any_public_host(tmp_path: Path) -> None:
    secret(tmp_path / "key", "x")
    found = []
    for provider in ("webpush", "unifiedpush"):
        section = AppSection(
            provider=provider,
            tenant="example.com",
            vapid_key_file="key",
            services=["push.example.net:8443"],
        )
        access = access_of(section, tmp_path, "app[0]", lab=False)
        assert isinstance(access, WebPushAccess)
        assert not access.allow_private
        found.append(access.services)
    assert found == [(*SERVICES, "push.example.net:8443"), ("*", "push.example.net:8443")]


def test_huaweis_hosts_and_its_project_may_be_others(tmp_path: Path) -> None:
    secret(tmp_path / "key", "s3cret\n")
    section = AppSection(provider="hms", tenant="example.com", param="100000001", secret_file="key")
    usual = access_of(section, tmp_path, "app[0]", lab=False)
    assert usual == HmsAccess(secret=Secret("s3cret"))
    section.endpoint, section.token_endpoint, section.project = "https://h", "https://h/token", "736430079244000001"
    other = access_of(section, tmp_path, "app[0]", lab=False)
    assert isinstance(other, HmsAccess)
    assert (other.endpoint, other.token_endpoint, other.project) == (
        "https://h",
        "https://h/token",
        "736430079244000001",
    )


def test_a_push_servers_key_is_checked_at_start(tmp_path: Path) -> None:
    secret(tmp_path / "key", "a passphrase")
    app = AppSection(provider="http", tenant="example.com", param="x", endpoint="https://h/p", secret_file="key")
    with pytest.raises(ConfigError, match=re.escape("app[0]: http:x: the key is whsec_")):
        parts_of(Config(tenant=[TenantSection(domain="example.com")], app=[app]), tmp_path)


@pytest.mark.parametrize("provider", KINDS)
def test_a_key_file_that_is_not_there_is_named(provider: str, tmp_path: Path) -> None:
    words = f"app[0].{FIELDS[provider]}: {tmp_path / 'key'}: No such file or directory: check its name"
    with pytest.raises(ConfigError, match=re.escape(words)):
        parts_of(config(provider), tmp_path)


@pytest.mark.parametrize("provider", KINDS)
def test_a_key_file_that_others_may_read_is_refused(provider: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    secret(key, "x")
    key.chmod(0o640)
    words = f"app[0].{FIELDS[provider]}: others may read {key}: chmod 600 {key}"
    with pytest.raises(ConfigError, match=re.escape(words)):
        parts_of(config(provider), tmp_path)


@pytest.mark.parametrize("has_key_file", [True, False])
def test_a_client_certificate_that_holds_a_private_key_is_ours_alone(tmp_path: Path, *, has_key_file: bool) -> None:
    both = certificates.make(tmp_path).client
    secret(tmp_path / "key", both.read_text())
    fields: dict[str, Any] = {"client_certificate": both.name} | ({"client_key": "key"} if has_key_file else {})
    section = AppSection(provider="apns", tenant="example.com", param=KINDS["apns"]["param"], **fields)
    both.chmod(0o640)
    words = f"app[0].client_certificate: others may read {both}: chmod 600 {both}"
    with pytest.raises(ConfigError, match=re.escape(words)):
        access_of(section, tmp_path, "app[0]", lab=False)
    both.chmod(0o600)
    assert access_of(section, tmp_path, "app[0]", lab=False).identity is not None


def test_a_client_certificate_alone_may_be_read_by_all(tmp_path: Path) -> None:
    both = certificates.make(tmp_path).client
    secret(tmp_path / "key", both.read_text())
    both.write_text(both.read_text().partition("-----BEGIN PRIVATE")[0])
    both.chmod(0o644)
    fields: dict[str, Any] = {"client_certificate": both.name, "client_key": "key"}
    section = AppSection(provider="apns", tenant="example.com", param=KINDS["apns"]["param"], **fields)
    assert access_of(section, tmp_path, "app[0]", lab=False).identity is not None


def test_a_client_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    section = AppSection(provider="apns", tenant="example.com", param=KINDS["apns"]["param"], client_certificate="none")
    words = f"app[0].client_certificate: {tmp_path / 'none'}: No such file or directory: check its name"
    with pytest.raises(ConfigError, match=re.escape(words)):
        access_of(section, tmp_path, "app[0]", lab=False)


@pytest.mark.parametrize("provider", KINDS)
@pytest.mark.parametrize("lab", [True, False])
def test_a_key_that_is_none_is_refused_at_start(provider: str, tmp_path: Path, *, lab: bool) -> None:
    secret(tmp_path / "key", json.dumps({"type": "service_account"}))
    with pytest.raises(ConfigError, match=re.escape("app[0]")):
        parts_of(config(provider, lab=lab), tmp_path)


@pytest.mark.parametrize("text", ["nonsense", "[]", "[" * 100_000])
def test_a_service_account_that_is_no_json_object_is_refused(text: str, tmp_path: Path) -> None:
    secret(tmp_path / "key", text)
    with pytest.raises(ConfigError, match=re.escape("app[0].service_account: key is not the JSON file that Google")):
        parts_of(config("fcm"), tmp_path)
