"""Proxy and client certificate of an application reach its connections, whichever its service is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.push.certificates import Certificates
from tests.push.connect_proxy import ConnectProxy
from tests.push.fcm.google import account, google
from tests.push.house import KEY, SUBJECT, apns_access, made
from tests.push.loop import run
from tests.push.samples import APNS_APP, FCM_APP, HTTP_APP, WEBPUSH_APP, apns_push, fcm_push, http_push, webpush_push
from tests.push.service import Faults, Reply, Service

from ringwake.model.push import Accepted, Unreachable
from ringwake.push.access import FcmAccess, HookAccess, WebPushAccess
from ringwake.push.errors import CredentialsError
from ringwake.secret import Secret


def own(certs: Certificates) -> Secret[bytes]:
    return Secret(certs.client.read_bytes())


def url_of(proxy: ConnectProxy, credentials: str = "") -> Secret[str]:
    return Secret(f"http://{credentials}127.0.0.1:{proxy.port}")


def test_apns_goes_by_the_proxy_and_shows_the_certificate(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(asks_who=True)) as apple, ConnectProxy(apple.port) as proxy, made() as (it, _):
            it.add(APNS_APP, replace(apns_access(apple, certs), identity=own(certs), proxy=url_of(proxy)))
            assert await it.send(apns_push()) == Accepted()
            assert len(proxy.asked) == 1

    run(story())


def test_fcm_and_its_oauth_go_by_the_proxy(certs: Certificates) -> None:
    async def story() -> None:
        async with google(certs) as cloud, ConnectProxy(cloud.server.port) as proxy, made() as (it, _):
            url = cloud.server.url
            access = FcmAccess(service_account=account(url), endpoint=url, ca_file=certs.ca, proxy=url_of(proxy))
            it.add(FCM_APP, access)
            assert isinstance(await it.send(fcm_push()), Accepted)
            assert len(proxy.asked) == 2, "OAuth, and FCM itself"

    run(story())


def test_web_push_and_hooks_go_by_the_proxy_and_show_the_certificate(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(asks_who=True)) as web, ConnectProxy(web.port) as proxy, made() as (it, _):
            web.handle = lambda _: Reply(status=201)
            access = WebPushAccess(
                vapid_key=KEY,
                subject=SUBJECT,
                allow_private=True,
                ca_file=certs.ca,
                identity=own(certs),
                proxy=url_of(proxy),
            )
            it.add(WEBPUSH_APP, access)
            assert await it.send(webpush_push(f"{web.url}/wpush/v2/abc")) == Accepted()
            secret = Secret(b"whsec_" + b"A" * 32)
            hook = HookAccess(endpoint=f"{web.url}/push", secret=secret, ca_file=certs.ca, identity=own(certs))
            it.add(HTTP_APP, replace(hook, proxy=url_of(proxy)))
            await it.send(http_push())
            assert [received.path for received in web.received] == ["/wpush/v2/abc", "/push"]
            assert len(proxy.asked) == 2

    run(story())


def test_a_wrong_proxy_password_is_an_outcome_that_does_not_name_it(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as apple, ConnectProxy(apple.port, credentials="me:right") as proxy, made() as made_:
            it, faults = made_
            access = replace(apns_access(apple, certs), proxy=url_of(proxy, "me:canary@"))
            it.add(APNS_APP, access)
            assert await it.send(apns_push()) == Unreachable("proxy: HTTP 407")
            assert "canary" not in f"{access!r}{faults}"

    run(story())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"proxy": Secret("socks5://canary@x:1")}, "a proxy is http://"),
        ({"identity": Secret(b"canary")}, "client certificate is not in PEM"),
    ],
)
def test_settings_that_cannot_be_used_name_the_application(
    change: dict[str, object], reason: str, certs: Certificates
) -> None:
    async def story() -> None:
        async with Service(certs) as apple, made() as (it, _):
            with pytest.raises(CredentialsError, match=f"{APNS_APP.provider}:{APNS_APP.param}: .*{reason}") as caught:
                it.add(APNS_APP, replace(apns_access(apple, certs), **change))  # type: ignore[arg-type]
            assert "canary" not in str(caught.value)

    run(story())
