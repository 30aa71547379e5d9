"""Google's token service is reached like the rest: by the proxy, and with the client certificate."""

from __future__ import annotations

import os
import re

import pytest
from tests.push.certificates import Certificates
from tests.push.connect_proxy import ConnectProxy
from tests.push.fcm.google import account, google
from tests.push.loop import run
from tests.push.service import Faults, Reply, Service
from tests.push.transport.test_http_reach import identity

from ringwake.push.errors import CredentialsError, UnansweredError
from ringwake.push.fcm.google_http import google_client
from ringwake.push.fcm.oauth import AccessToken


def test_a_token_comes_by_the_proxy(certs: Certificates) -> None:
    async def story() -> None:
        async with google(certs) as service, ConnectProxy(service.server.port, credentials="me:pw") as proxy:
            url, ca = service.server.url, certs.ca.read_bytes()
            token = AccessToken(account(url), ca=ca, wall=lambda: 0.0, proxy=proxy.settings("me:pw"))
            try:
                assert await token.current() == "ya29.1"
            finally:
                await token.close()
            assert proxy.asked == [re.sub(r"^https://", "", url)]

    run(story())


def test_a_proxy_that_refuses_us_gives_no_token_and_hears_no_password_repeated(certs: Certificates) -> None:
    async def story() -> None:
        async with google(certs) as service, ConnectProxy(service.server.port, credentials="me:pw") as proxy:
            url, ca = service.server.url, certs.ca.read_bytes()
            token = AccessToken(account(url), ca=ca, wall=lambda: 0.0, proxy=proxy.settings("me:canary"))
            try:
                with pytest.raises(UnansweredError) as caught:
                    await token.current()
            finally:
                await token.close()
            assert "canary" not in f"{caught.value!r}{caught.value.__cause__!r}"
            assert service.server.accepted == 0

    run(story())


def test_the_client_certificate_is_shown(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(asks_who=True)) as service:
            service.handle = lambda _: Reply(status=503)
            ca = certs.ca.read_bytes()
            token = AccessToken(account(service.url), ca=ca, wall=lambda: 0.0, identity=identity(certs))
            try:
                with pytest.raises(UnansweredError):
                    await token.current()
            finally:
                await token.close()
            assert service.received

    run(story())


def test_without_any_certificate_to_trust_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", os.devnull)
    with pytest.raises(CredentialsError, match="install ca-certificates"):
        google_client(ca=None, identity=None, proxy=None)
