"""Reaching a push service: by the library, the trust and the way that pushes have."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate

import pytest
from tests.push.certificates import Certificates
from tests.push.connect_proxy import ConnectProxy
from tests.push.house import KEY, SUBJECT, apns_access
from tests.push.loop import run
from tests.push.samples import NOW
from tests.push.service import Faults, Reply, Service

from ringwake.push.access import Access, ApnsAccess, FcmAccess, HmsAccess, HookAccess, Reach, WebPushAccess
from ringwake.push.checks.reach import Reached, origins, reach
from ringwake.push.errors import UnansweredError
from ringwake.secret import Secret


def test_a_service_that_answers_is_reached_whatever_it_says(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            date = (("date", formatdate(NOW, usegmt=True)),)
            service.handle = lambda _: Reply(status=405, headers=date, body=b"x" * 20_000)
            reached = await reach(service.url, apns_access(service, certs), within=5.0)
            assert reached == Reached(address="127.0.0.1", http=2, date=NOW)
            (received,) = service.received
            assert (received.header(":method"), received.path, received.body) == ("GET", "/", b"")

    run(story())


def test_a_service_without_a_clock_is_reached(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            assert (await reach(service.url, apns_access(service, certs), within=5.0)).date is None

    run(story())


def test_a_certificate_that_nobody_vouches_for_is_none(certs: Certificates, other_certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            with pytest.raises(UnansweredError, match="invalid peer certificate"):
                await reach(service.url, Reach(ca_file=other_certs.ca), within=5.0)

    run(story())


@pytest.mark.parametrize(
    ("origin", "reason"), [("https://127.0.0.1:1", "connection refused"), ("https://nowhere.invalid", "unknown host")]
)
def test_how_far_it_went_is_said(origin: str, reason: str) -> None:
    async def story() -> None:
        with pytest.raises(UnansweredError, match=reason):
            await reach(origin, Reach(), within=10.0)

    run(story())


def test_a_service_that_says_nothing_is_given_up_in_time(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(is_deaf=True)) as service:
            with pytest.raises(UnansweredError, match="no answer in time"):
                await reach(service.url, apns_access(service, certs), within=0.2)

    run(story())


def test_a_client_certificate_is_shown(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(asks_who=True)) as service:
            access = replace(apns_access(service, certs), identity=Secret(certs.client.read_bytes()))
            assert (await reach(service.url, access, within=5.0)).http == 2

    run(story())


def test_it_goes_by_the_proxy(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port) as proxy:
            access = Reach(ca_file=certs.ca, proxy=Secret(f"http://127.0.0.1:{proxy.port}"))
            assert (await reach(f"https://localhost:{service.port}", access, within=5.0)).http == 2
            assert proxy.asked == [f"localhost:{service.port}"]

    run(story())


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (ApnsAccess(endpoint="https://a.example"), ("https://a.example",)),
        (
            ApnsAccess(endpoint="https://a.example", other_endpoint="https://b.example"),
            ("https://a.example", "https://b.example"),
        ),
        (
            FcmAccess(service_account={"token_uri": "https://oauth.example/token"}, endpoint="https://f.example"),
            ("https://f.example", "https://oauth.example"),
        ),
        (FcmAccess(service_account={}, endpoint="https://f.example"), ("https://f.example",)),
        (
            HmsAccess(secret=Secret("s"), endpoint="https://h.example", token_endpoint="https://h.example/token"),
            ("https://h.example",),
        ),
        (
            HookAccess(endpoint="https://own.example:8443/push?x=1", secret=Secret(b"s")),
            ("https://own.example:8443",),
        ),
        (WebPushAccess(vapid_key=KEY, subject=SUBJECT), ()),
    ],
)
def test_all_hosts_that_pushes_need_are_named_once(access: Access, expected: tuple[str, ...]) -> None:
    assert origins(access) == expected
