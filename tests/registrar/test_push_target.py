"""Claims about push parameters: what a phone wrote becomes its tokens, or this server cannot push to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringwake.model.app import App, AppKey, Provider
from ringwake.model.push import PushTarget, Service
from ringwake.model.tenant import Tenant
from ringwake.registrar.push_target import push_target
from ringwake.sip.push_params import PushParams, push_params
from ringwake.sip.uri import escape_param, parse_uri
from ringwake.store.directory import MemoryDirectory

TENANT, OTHER = "example.com", "example.net"
IPHONE = AppKey(Provider.APNS, "TEAM123456.com.example.phone")
ANDROID = AppKey(Provider.FCM, "demo-project")
BROWSER = AppKey(Provider.WEBPUSH, TENANT)
UNIFIED = AppKey(Provider.UNIFIEDPUSH, TENANT)
HUAWEI = AppKey(Provider.HMS, "100000001")
OWN = AppKey(Provider.HTTP, "demo-phone")
APPS = [App(key=key, tenant=TENANT) for key in (IPHONE, ANDROID, BROWSER, UNIFIED, HUAWEI, OWN)]
FOREIGN = [App(key=AppKey(Provider.FCM, "their-project"), tenant=OTHER)]
DIRECTORY = MemoryDirectory([Tenant(domain=TENANT), Tenant(domain=OTHER)], [*APPS, *FOREIGN], [])

A, B = "0a" * 32, "ff" * 32
FCM = "cX3-_dD:APA91b" + "x" * 140


def target(contact_uri: str, tenant: str = TENANT) -> PushTarget | None:
    params = push_params(parse_uri(contact_uri))
    assert params is not None
    return push_target(params, tenant, DIRECTORY)


def tokens(found: PushTarget | None) -> dict[Service, str] | None:
    return None if found is None else {service: token.reveal() for service, token in found.tokens}


def apns(param: str, prid: str) -> PushTarget | None:
    return target(f"sip:a@h;pn-provider=apns;pn-param={escape_param(param)};pn-prid={escape_param(prid)}")


VOIP, REMOTE = Service.VOIP, Service.REMOTE
NAME = IPHONE.param


@pytest.mark.parametrize(
    ("param", "prid", "expected"),
    [
        # RFC 8599 section 10: TeamID.Topic, whose last part may be the service
        (f"{NAME}.voip", A, {VOIP: A}),
        (f"{NAME}.voip", f"{A}:voip", {VOIP: A}),
        (f"{NAME}.remote", A, {REMOTE: A}),
        (NAME, A, {REMOTE: A}),
        (NAME, f"{A}:remote", {REMOTE: A}),
        # Linphone: two services, two tokens, in any order
        (f"{NAME}.voip&remote", f"{A}:voip&{B}:remote", {VOIP: A, REMOTE: B}),
        (f"{NAME}.voip&remote", f"{B}:remote&{A}:voip", {VOIP: A, REMOTE: B}),
        (f"{NAME}.remote&voip", f"{A}:voip&{B}:remote", {VOIP: A, REMOTE: B}),
        (f"{NAME}.voip&remote", f"{A}:voip&{A}:remote", {VOIP: A, REMOTE: A}),
        # counts or names that do not match
        (f"{NAME}.voip&remote", f"{A}:voip", None),
        (f"{NAME}.voip&remote", A, None),
        (f"{NAME}.voip&remote", f"{A}&{B}", None),
        (f"{NAME}.voip&remote", f"{A}:voip&{B}:voip", None),
        (f"{NAME}.voip&remote", f"{A}:voip&{B}:remote&{B}:remote", None),
        (f"{NAME}.voip", f"{A}:voip&{B}:remote", None),
        (f"{NAME}.voip", f"{A}&{B}", None),
        (f"{NAME}.voip", f"{A}:remote", None),
        (f"{NAME}.voip&voip", f"{A}:voip&{B}:voip", None),
        (NAME, f"{A}:voip", None),
        (f"{NAME}.voip", f"{A}:other", None),
        # tokens that are no hex octets
        (f"{NAME}.voip", A[:-1], None),
        (f"{NAME}.voip", "0a" * 7, None),
        (f"{NAME}.voip", "0a" * 8, {VOIP: "0a" * 8}),
        (f"{NAME}.voip", "0a" * 200, {VOIP: "0a" * 200}),
        (f"{NAME}.voip", "0a" * 201, None),
        (f"{NAME}.voip", "zz" * 32, None),
        (f"{NAME}.voip", ":voip", None),
        (f"{NAME}.voip", f"{A}\n", None),
        (f"{NAME}.voip&remote", f"{A}:voip&../x:remote", None),
        # other applications
        (f"{NAME}.video.voip", A, None),
        ("TEAM123456.com.example", A, None),
        ("voip", A, None),
        (".voip", A, None),
        ("team123456.com.example.phone.voip", A, None),
    ],
)
def test_an_iphone_brings_one_token_or_two(param: str, prid: str, expected: dict[Service, str] | None) -> None:
    found = apns(param, prid)
    assert tokens(found) == expected
    if found is not None:
        assert found.app == IPHONE
        assert {token.app for _, token in found.tokens} == {NAME}


def test_one_token_of_an_iphone_in_two_spellings_is_one_token() -> None:
    param, prid = f"{NAME}.voip&remote", f"{A}:voip&{B}:remote"
    upper = apns(param, f"{A.upper()}:voip&{B.upper()}:remote")
    assert tokens(upper) == {VOIP: A, REMOTE: B}
    assert upper == apns(param, prid)


@pytest.mark.parametrize(
    ("uri", "is_served"),
    [
        (f"sip:a@h;pn-provider=fcm;pn-param=demo-project;pn-prid={FCM}", True),
        (f"sip:a@h;pn-provider=FCM;pn-param=demo%2Dproject;pn-prid={FCM.replace(':', '%3A')}", True),
        (f"sip:a@h;pn-provider=fcm;pn-param=Demo-Project;pn-prid={FCM}", False),
        (f"sip:a@h;pn-provider=fcm;pn-param=their-project;pn-prid={FCM}", False),
        (f"sip:a@h;pn-provider=fcm;pn-prid={FCM}", False),
        ("sip:a@h;pn-provider=fcm;pn-param=demo-project", False),
        ("sip:a@h;pn-provider=fcm;pn-param=demo-project;pn-prid", False),
        ("sip:a@h;pn-provider=fcm;pn-param=demo-project;pn-prid=short", False),
        ("sip:a@h;pn-provider=fcm;pn-param=demo-project;pn-prid=with%2Fslash", False),
        (f"sip:a@h;pn-provider=fcm;pn-param=demo-project;pn-prid={FCM}%0D%0AX:", False),
        (f"sip:a@h;pn-provider=acme;pn-param=demo-project;pn-prid={FCM}", False),
        (f"sip:a@h;pn-provider=apns.dev;pn-param=demo-project;pn-prid={A}", False),
        (f"sip:a@h;pn-provider;pn-prid={FCM}", False),
    ],
)
def test_an_android_brings_one_token_of_a_project_of_its_tenant(uri: str, is_served: bool) -> None:
    found = target(uri)
    assert tokens(found) == ({Service.ONLY: FCM} if is_served else None)
    assert found is None or found.app == ANDROID


SANDBOXED = AppKey(Provider.APNS, "TEAM123456.com.example.beta")


@pytest.mark.parametrize(
    ("provider", "app", "is_served"),
    [
        ("apns", IPHONE, True),
        ("apns.dev", IPHONE, False),
        ("apns", SANDBOXED, True),
        ("apns.dev", SANDBOXED, True),
        ("APNS.Dev", SANDBOXED, True),
        ("fcm.dev", ANDROID, False),
        ("apns.prod", IPHONE, False),
    ],
)
def test_a_token_of_apples_sandbox_needs_an_application_that_is_configured_for_it(
    provider: str, app: AppKey, is_served: bool
) -> None:
    directory = MemoryDirectory(
        [Tenant(domain=TENANT)], [*APPS, App(key=SANDBOXED, tenant=TENANT, is_sandbox=True)], []
    )
    params = push_params(parse_uri(f"sip:a@h;pn-provider={provider};pn-param={app.param}.voip;pn-prid={A}"))
    assert params is not None
    found = push_target(params, TENANT, directory)
    assert (found.app if found else None) == (app if is_served else None)


def test_an_application_belongs_to_one_tenant() -> None:
    uri = f"sip:a@h;pn-provider=fcm;pn-param={{}};pn-prid={FCM}"
    assert target(uri.format("their-project"), OTHER) is not None
    assert target(uri.format("demo-project"), OTHER) is None
    assert apns(f"{NAME}.voip", A) is not None


ENDPOINT = "https://push.example.org/wpush/v2/gAAAAA=?a=b@c#d"


@pytest.mark.parametrize(
    ("endpoint", "more", "is_served"),
    [
        (ENDPOINT, "", True),
        ("https://[2001:db8::1]:443/x", "", True),  # which hosts are allowed is decided where it is used
        (ENDPOINT, ";pn-param=example.com", False),  # RFC 8599 section 12: it must not be used
        ("http://push.example.org/x", "", False),
        ("https://push.example.org", "", False),
        ("https://user@push.example.org/x", "", False),
        ("https:///x", "", False),
        ("https://push.example.org/a b", "", False),
        ("https://push.example.org/\r\nX: y", "", False),
        ("https://push.example.org/é", "", False),
        ("file:///dev/random", "", False),
    ],
)
def test_a_browser_brings_its_endpoint_and_no_application(endpoint: str, more: str, is_served: bool) -> None:
    for key in (BROWSER, UNIFIED):
        found = target(f"sip:a@h;pn-provider={key.provider};pn-prid={escape_param(endpoint)}{more}")
        assert tokens(found) == ({Service.ONLY: endpoint} if is_served else None)
        assert found is None or found.app == key


@pytest.mark.parametrize("provider", ["webpush", "unifiedpush"])
def test_without_an_application_for_subscriptions_there_are_none(provider: str) -> None:
    assert target(f"sip:a@h;pn-provider={provider};pn-prid={escape_param(ENDPOINT)}", OTHER) is None
    assert target(f"sip:a@h;pn-provider={provider};pn-prid=") is None


def test_one_endpoint_of_two_services_is_two_tokens() -> None:
    found = [
        target(f"sip:a@h;pn-provider={name};pn-prid={escape_param(ENDPOINT)}") for name in ("webpush", "unifiedpush")
    ]
    assert len({one.lease for one in found if one}) == 2


@pytest.mark.parametrize(
    ("prid", "is_served"),
    [
        ("IQAAAACy0-_.:" + "x" * 100, True),
        ("x" * 16, True),
        ("x" * 15, False),
        ("x" * 1024, True),
        ("x" * 1025, False),
        ("x" * 16 + "/", False),
        ("x" * 16 + "\r\nX: y", False),
        ("x" * 16 + '"', False),
    ],
)
def test_a_huawei_phone_brings_one_token_of_its_app(prid: str, is_served: bool) -> None:
    said = PushParams(provider="hms", param="100000001", prid=prid)
    assert tokens(push_target(said, TENANT, DIRECTORY)) == ({Service.ONLY: prid} if is_served else None)
    assert push_target(replace(said, param="100000002"), TENANT, DIRECTORY) is None
    assert push_target(said, OTHER, DIRECTORY) is None


@pytest.mark.parametrize(
    ("prid", "is_served"),
    [
        ("x", True),
        ("x" * 4096, True),
        ("x" * 4097, False),
        ('phone/42;a="1%2f<&>"@[]', True),
        ("a b", False),
        ("a\r\nX: y", False),
        ("\u00e9", False),
        ("a\x00b", False),
    ],
)
def test_a_phone_of_a_push_server_of_ones_own_brings_whatever_that_calls_it(prid: str, is_served: bool) -> None:
    said = PushParams(provider="http", param="demo-phone", prid=prid)
    assert tokens(push_target(said, TENANT, DIRECTORY)) == ({Service.ONLY: prid} if is_served else None)
    assert push_target(replace(said, param="other-phone"), TENANT, DIRECTORY) is None
    assert push_target(replace(said, param=None), TENANT, DIRECTORY) is None


def test_an_opaque_token_survives_a_contact() -> None:
    prid = 'phone/42;a="1%2f<&>"@[]'
    found = target(f"sip:a@h;pn-provider=http;pn-param=demo-phone;pn-prid={escape_param(prid)}")
    assert tokens(found) == {Service.ONLY: prid}
