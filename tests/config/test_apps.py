"""Applications: what each push service needs, whose they are, and nothing that would be ignored."""

from __future__ import annotations

import pytest
from tests.config.refusal import refusal

from ringwake.config.load import parse

TENANTS = '[[tenant]]\ndomain = "example.com"\n[[tenant]]\ndomain = "example.net"\n'
APNS = {"param": "TEAM123456.com.example.phone", "key_file": "key.p8", "key_id": "ABCDE12345"}
FCM = {"param": "example-phone", "service_account": "sa.json"}
WEBPUSH = {"vapid_key_file": "vapid.pem"}
WHOLE = {"apns": APNS, "fcm": FCM, "webpush": WEBPUSH}


def app(provider: str, keys: dict[str, str], tenant: str = "example.com") -> str:
    lines = [f'{name} = "{value}"' for name, value in keys.items()]
    return "\n".join(["[[app]]", f'provider = "{provider}"', f'tenant = "{tenant}"', *lines, ""])


@pytest.mark.parametrize("provider", WHOLE)
def test_an_application_needs_all_its_keys(provider: str) -> None:
    whole = WHOLE[provider]
    parse(TENANTS + app(provider, whole))
    for name in whole:
        error = refusal(TENANTS + app(provider, {key: value for key, value in whole.items() if key != name}))
        assert error == f"app[0].{name}: {provider} needs it: add it"


@pytest.mark.parametrize("provider", WHOLE)
def test_a_key_of_another_service_is_a_misunderstanding(provider: str) -> None:
    others = {name for keys in WHOLE.values() for name in keys} - WHOLE[provider].keys()
    for name in others:
        error = refusal(TENANTS + app(provider, {**WHOLE[provider], name: "x"}))
        assert error == f"app[0].{name}: {provider} has no use for it: remove it"


@pytest.mark.parametrize("provider", WHOLE)
def test_an_application_belongs_to_a_tenant_that_is_there(provider: str) -> None:
    error = refusal(TENANTS + app(provider, WHOLE[provider], "example.org"))
    assert error == 'app[0].tenant: there is no tenant "example.org": add [[tenant]] with that domain'
    parse(TENANTS + app(provider, WHOLE[provider], "EXAMPLE.net"))


@pytest.mark.parametrize("provider", ["apns", "fcm"])
@pytest.mark.parametrize("tenant", ["example.com", "example.net"])
def test_an_application_has_one_tenant(provider: str, tenant: str) -> None:
    """Reliability S10: another's phones are not pushed to."""
    error = refusal(TENANTS + app(provider, WHOLE[provider]) + app(provider, WHOLE[provider], tenant))
    assert error == "app[1]: the same application as app[0], and it has one tenant: remove one"


def test_a_tenant_has_one_web_push_application() -> None:
    parse(TENANTS + app("webpush", WEBPUSH) + app("webpush", WEBPUSH, "example.net"))
    error = refusal(TENANTS + app("webpush", WEBPUSH) + app("webpush", WEBPUSH, "EXAMPLE.COM"))
    assert error.startswith("app[1]: the same application as app[0]")


@pytest.mark.parametrize(
    "param",
    [
        "com.example.phone",
        "TEAM12345.com.example",
        "team123456.com.example",
        "TEAM123456",
        "TEAM123456.",
        "TEAM123456.a b",
    ],
)
def test_an_application_of_apns_is_named_by_team_and_bundle(param: str) -> None:
    error = refusal(TENANTS + app("apns", {**APNS, "param": param}))
    assert error.startswith("app[0].param: not TEAMID.bundle: write it like ")


def test_the_phone_adds_voip_itself() -> None:
    error = refusal(TENANTS + app("apns", {**APNS, "param": f"{APNS['param']}.voip"}))
    assert error == "app[0].param: the phone adds .voip itself: remove it"


@pytest.mark.parametrize("provider", ["fcm", "webpush"])
def test_only_apple_has_a_sandbox(provider: str) -> None:
    sandbox = "sandbox = true\n"
    assert parse(TENANTS + app("apns", APNS) + sandbox).app[0].sandbox
    error = refusal(TENANTS + app(provider, WHOLE[provider]) + sandbox)
    assert error == f"app[0].sandbox: {provider} has none: remove it"


@pytest.mark.parametrize("param", ["a/../b", "a b", "a?b", "projects/a"])
def test_a_project_is_no_path(param: str) -> None:
    error = refusal(TENANTS + app("fcm", {**FCM, "param": param}))
    assert error.startswith("app[0].param: no project id: write it like ")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "127.0.0.1:1", "ftp://a"])
def test_an_endpoint_is_https(endpoint: str) -> None:
    error = refusal(TENANTS + app("fcm", {**FCM, "endpoint": endpoint}))
    assert error.startswith("app[0].endpoint: not https: write it like ")
