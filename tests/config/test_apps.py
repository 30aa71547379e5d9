"""Applications: what each push service needs, whose they are, and nothing that would be ignored."""

from __future__ import annotations

import pytest
from tests.config.refusal import refusal

from ringwake.config.load import parse

TENANTS = '[[tenant]]\ndomain = "example.com"\n[[tenant]]\ndomain = "example.net"\n'
APNS = {"param": "TEAM123456.com.example.phone", "key_file": "key.p8", "key_id": "ABCDE12345"}
FCM = {"param": "example-phone", "service_account": "sa.json"}
WEBPUSH = {"vapid_key_file": "vapid.pem"}
HMS = {"param": "100000001", "secret_file": "hms.secret"}
HTTP = {"param": "example-phone", "endpoint": "https://push.example.com/calls", "secret_file": "hook.secret"}
WHOLE = {"apns": APNS, "fcm": FCM, "webpush": WEBPUSH, "unifiedpush": WEBPUSH, "hms": HMS, "http": HTTP}


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
    others = {name for keys in WHOLE.values() for name in keys} - WHOLE[provider].keys() - {"endpoint"}
    for name in others:
        error = refusal(TENANTS + app(provider, {**WHOLE[provider], name: "x"}))
        assert error == f"app[0].{name}: {provider} has no use for it: remove it"


@pytest.mark.parametrize("provider", WHOLE)
def test_an_application_belongs_to_a_tenant_that_is_there(provider: str) -> None:
    error = refusal(TENANTS + app(provider, WHOLE[provider], "example.org"))
    assert error == 'app[0].tenant: there is no tenant "example.org": add [[tenant]] with that domain'
    parse(TENANTS + app(provider, WHOLE[provider], "EXAMPLE.net"))


@pytest.mark.parametrize("provider", ["apns", "fcm", "hms", "http"])
@pytest.mark.parametrize("tenant", ["example.com", "example.net"])
def test_an_application_has_one_tenant(provider: str, tenant: str) -> None:
    """Reliability S10: another's phones are not pushed to."""
    error = refusal(TENANTS + app(provider, WHOLE[provider]) + app(provider, WHOLE[provider], tenant))
    assert error == "app[1]: the same application as app[0], and it has one tenant: remove one"


@pytest.mark.parametrize("provider", ["webpush", "unifiedpush"])
def test_a_tenant_has_one_application_for_subscriptions(provider: str) -> None:
    parse(TENANTS + app(provider, WEBPUSH) + app(provider, WEBPUSH, "example.net"))
    parse(TENANTS + app("webpush", WEBPUSH) + app("unifiedpush", WEBPUSH))
    error = refusal(TENANTS + app(provider, WEBPUSH) + app(provider, WEBPUSH, "EXAMPLE.COM"))
    assert error.startswith("app[1]: the same application as app[0]")


@pytest.mark.parametrize(
    ("name", "value", "owners"),
    [
        ("services", '["ntfy.example.com:8443"]', {"webpush", "unifiedpush"}),
        ("other_endpoint", '"https://127.0.0.1:1"', {"apns"}),
        ("token_endpoint", '"https://127.0.0.1:1/token"', {"hms"}),
        ("project", '"736430079244000001"', {"hms"}),
    ],
)
@pytest.mark.parametrize("provider", WHOLE)
def test_a_setting_of_some_services_is_none_of_the_others(
    name: str, value: str, owners: set[str], provider: str
) -> None:
    text = TENANTS + app(provider, WHOLE[provider]) + f"{name} = {value}\n"
    if provider in owners:
        parse(text)
    else:
        assert refusal(text) == f"app[0].{name}: {provider} has no use for it: remove it"


@pytest.mark.parametrize("name", ["param", "project"])
@pytest.mark.parametrize("value", ["com.example", "12345", "1" * 25, "1000/0001"])
def test_huaweis_ids_are_numbers(name: str, value: str) -> None:
    assert refusal(TENANTS + app("hms", {**HMS, name: value})).startswith(f"app[0].{name}: no ")


@pytest.mark.parametrize("param", ["a b", "a/b", "\u00e9", "x" * 65])
def test_an_application_of_a_push_server_has_a_plain_name(param: str) -> None:
    error = refusal(TENANTS + app("http", {**HTTP, "param": param}))
    assert error == 'app[0].param: not letters, digits and . _ - alone: write it like "example-phone"'


@pytest.mark.parametrize("provider", WHOLE)
def test_a_client_key_needs_its_certificate(provider: str) -> None:
    text = TENANTS + app(provider, WHOLE[provider]) + 'client_key = "client.key"\n'
    assert refusal(text) == "app[0].client_key: it is the key of client_certificate: add that"


@pytest.mark.parametrize("proxy", ["http://proxy.example.com:3128", "http://user:pass%40@[::1]:3128/"])
def test_a_proxy_is_an_http_proxy(proxy: str) -> None:
    assert parse(TENANTS + app("fcm", {**FCM, "proxy": proxy})).app[0].proxy == proxy


@pytest.mark.parametrize(
    "proxy",
    ["proxy:3128", "https://proxy:3128", "socks5://proxy:1080", "http://proxy", "http://a:b:3128", "http://p:1/x"],
)
def test_another_proxy_is_refused_and_not_shown(proxy: str) -> None:
    error = refusal(TENANTS + app("fcm", {**FCM, "proxy": proxy}))
    assert error == 'app[0].proxy: no HTTP proxy: write it like "http://proxy.example.com:3128"'


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


@pytest.mark.parametrize("provider", ["fcm", "webpush", "hms", "http"])
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
    for provider, name in (("fcm", "endpoint"), ("http", "endpoint"), ("hms", "token_endpoint")):
        error = refusal(TENANTS + app(provider, {**WHOLE[provider], name: endpoint}))
        assert error.startswith(f"app[0].{name}: not https: write it like ")


def test_a_certificate_stands_in_the_place_of_apples_key() -> None:
    certificate = {"param": APNS["param"], "client_certificate": "apns.pem", "client_key": "apns.key"}
    assert parse(TENANTS + app("apns", certificate)).app[0].client_certificate == "apns.pem"
    for name in ("key_file", "key_id"):
        error = refusal(TENANTS + app("apns", certificate | {name: APNS[name]}))
        assert error == f"app[0].{name}: client_certificate stands in its place: remove one of the two"
    error = refusal(TENANTS + app("apns", certificate | {"param": ""}))
    assert error == "app[0].param: apns needs it: add it"


@pytest.mark.parametrize("seconds", ["0", "3", "10.5", "60"])
def test_an_iphone_rings_again_after_some_seconds_or_never(seconds: str) -> None:
    (made,) = parse(TENANTS + app("apns", APNS) + f"call_repeat = {seconds}\n").app
    assert made.call_repeat == float(seconds)


@pytest.mark.parametrize("seconds", ["-1", "2.9", "61"])
def test_it_does_not_ring_like_a_drum(seconds: str) -> None:
    error = refusal(TENANTS + app("apns", APNS) + f"call_repeat = {seconds}\n")
    assert error == "app[0].call_repeat: not between 3 and 60: write 0 for never"
