"""Setting applications up: what is shared, what is refused, what can be changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.push.certificates import Certificates
from tests.push.fcm.google import account, google
from tests.push.hms.huawei import huawei
from tests.push.house import KEY, SUBJECT, apns_access, made
from tests.push.loop import run
from tests.push.samples import (
    APNS_APP,
    FCM_APP,
    HMS_APP,
    HTTP_APP,
    UNIFIEDPUSH_APP,
    WEBPUSH_APP,
    Clock,
    apns_push,
    fcm_push,
    hms_push,
    http_push,
)
from tests.push.service import Service

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Accepted, Refused
from ringwake.push.access import Access, ApnsAccess, FcmAccess, HmsAccess, HookAccess, WebPushAccess
from ringwake.push.errors import CredentialsError
from ringwake.push.senders import Senders
from ringwake.push.workshop import vapid_public_key
from ringwake.secret import Secret


def test_a_project_is_named_by_its_id_even_if_phones_name_its_number(certs: Certificates) -> None:
    numbered = AppKey(Provider.FCM, "123456789012")

    async def story() -> None:
        async with google(certs) as cloud, made() as (senders, _):
            url = cloud.server.url
            senders.add(numbered, FcmAccess(service_account=account(url), endpoint=url, ca_file=certs.ca))
            push = fcm_push()
            await senders.send(replace(push, target=replace(push.target, app=numbered)))
            assert cloud.messages[0].path == "/v1/projects/demo-project/messages:send"

    run(story())


def test_applications_of_one_team_share_its_token(certs: Certificates) -> None:
    other = AppKey(Provider.APNS, "TEAM123456.com.example.tablet")

    async def story() -> None:
        async with Service(certs) as apple, made() as (senders, _):
            for app in (APNS_APP, other):
                senders.add(app, apns_access(apple, certs))
                push = apns_push()
                await senders.send(replace(push, target=replace(push.target, app=app)))
            first, second = apple.received
            assert first.header("authorization") == second.header("authorization")
            assert first.header("apns-topic") != second.header("apns-topic")
            assert first.connection != second.connection, "one connection for each application"

    run(story())


def test_an_application_can_be_taken_away_and_set_up_anew(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as apple, made() as (senders, _):
            senders.add(APNS_APP, apns_access(apple, certs))
            with pytest.raises(ValueError, match="there already"):
                senders.add(APNS_APP, apns_access(apple, certs))
            await senders.send(apns_push())
            await senders.remove(APNS_APP)
            await apple.until(lambda: not apple.live)
            assert isinstance(await senders.send(apns_push()), Refused)
            await senders.remove(APNS_APP)
            senders.add(APNS_APP, apns_access(apple, certs))
            assert await senders.send(apns_push()) == Accepted()

    run(story())


@pytest.mark.parametrize(
    ("app", "access"),
    [
        (APNS_APP, FcmAccess(service_account={})),
        (FCM_APP, ApnsAccess(key_id="KEY1234567", key=KEY)),
        (WEBPUSH_APP, ApnsAccess(key_id="KEY1234567", key=KEY)),
        (APNS_APP, ApnsAccess(key_id="KEY1234567", key=Secret(b"no key"))),
        (APNS_APP, ApnsAccess(key_id="short", key=KEY)),
        (APNS_APP, ApnsAccess(key_id="KEY1234567", key=KEY, endpoint="http://127.0.0.1")),
        (AppKey(Provider.APNS, "TEAM123456"), ApnsAccess(key_id="KEY1234567", key=KEY)),
        (AppKey(Provider.APNS, "TEAM.com.example"), ApnsAccess(key_id="KEY1234567", key=KEY)),
        (FCM_APP, FcmAccess(service_account={})),
        (FCM_APP, FcmAccess(service_account=account("http://localhost:1"))),
        (FCM_APP, FcmAccess(service_account=account("https://x") | {"project_id": "\ud800"})),
        (AppKey(Provider.FCM, "x"), FcmAccess(service_account=account("https://x") | {"project_id": "a/b"})),
        (WEBPUSH_APP, WebPushAccess(vapid_key=KEY, subject="nobody")),
        (WEBPUSH_APP, WebPushAccess(vapid_key=KEY, subject=SUBJECT, services=("https://x",))),
    ],
)
def test_credentials_that_cannot_be_used_name_the_application(app: AppKey, access: Access) -> None:
    senders = Senders(wall=Clock(), report=print)
    with pytest.raises(CredentialsError) as caught:
        senders.add(app, access)
    assert f"{app.provider}:{app.param}: " in str(caught.value)
    assert app not in senders._senders


def test_the_public_key_is_for_pages_and_feature_caps() -> None:
    text = vapid_public_key(WebPushAccess(vapid_key=KEY, subject=SUBJECT))
    assert len(text) == 87
    with pytest.raises(CredentialsError):
        vapid_public_key(WebPushAccess(vapid_key=Secret(b""), subject=SUBJECT))


HOOK_KEY = Secret(b"whsec_" + b"A" * 40)


def test_a_huawei_app_and_a_push_server_of_ones_own_are_set_up_like_the_others(certs: Certificates) -> None:
    async def story() -> None:
        async with huawei(certs) as cloud, Service(certs) as hook, made() as (senders, faults):
            url, ca = cloud.server.url, certs.ca
            hms = HmsAccess(secret=Secret("s"), endpoint=f"{url}/", token_endpoint=cloud.token_url, ca_file=ca)
            senders.add(HMS_APP, hms)
            senders.add(HTTP_APP, HookAccess(endpoint=f"{hook.url}/push", secret=HOOK_KEY, ca_file=ca))
            assert await senders.send(hms_push()) == Accepted("1570")
            assert await senders.send(http_push()) == Accepted()
            assert hook.received[0].path == "/push"
            assert not faults

    run(story())


@pytest.mark.parametrize(
    ("app", "access", "words"),
    [
        (HMS_APP, HmsAccess(secret=Secret("s"), endpoint="http://x"), "hms:100000001: an endpoint is"),
        (HMS_APP, HmsAccess(secret=Secret("s"), token_endpoint="http://x"), "hms:100000001: a URL is"),
        (HMS_APP, HmsAccess(secret=Secret("s"), project="x"), "hms:100000001: bad huawei id"),
        (HMS_APP, HookAccess(endpoint="https://x", secret=HOOK_KEY), "hms:100000001: credentials of another service"),
        (HTTP_APP, HookAccess(endpoint="http://x", secret=HOOK_KEY), "http:demo-phone: a URL is"),
        (HTTP_APP, HookAccess(endpoint="https://x", secret=Secret(b"x")), "http:demo-phone: the key is whsec_"),
        (
            UNIFIEDPUSH_APP,
            WebPushAccess(vapid_key=KEY, subject=SUBJECT, services=("a b",)),
            "unifiedpush:example.com: a push service is",
        ),
    ],
)
def test_what_a_further_service_cannot_use_is_said_at_once(app: AppKey, access: Access, words: str) -> None:
    senders = Senders(wall=Clock(), report=lambda _: None)
    with pytest.raises(CredentialsError, match=words):
        senders.add(app, access)
