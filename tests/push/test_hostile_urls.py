"""Endpoints are URLs that strangers choose: none leads inside the house (reliability S14, issue 6, point 4).

A canary listens on loopback. Whatever a phone registers as its endpoint, the push is refused with a reason, and the
canary hears nothing.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pycurl
import pytest
from tests.push.certificates import Certificates
from tests.push.connect_proxy import ConnectProxy
from tests.push.everybody import PROVIDERS, everybody
from tests.push.house import KEY, SUBJECT, made
from tests.push.loop import run
from tests.push.samples import UNIFIEDPUSH_APP, WEBPUSH_APP, push
from tests.push.service import Reply, Service

from ringwake.model.app import AppKey
from ringwake.model.push import Accepted, Outcome, Push, Refused, Throttled, Unreachable
from ringwake.push.access import WebPushAccess
from ringwake.push.senders import Senders
from ringwake.push.transport.curl_driver import CurlDriver
from ringwake.push.transport.curl_handle import CurlHandle
from ringwake.push.transport.curl_options import options
from ringwake.secret import Secret

NOWHERE = "8.8.8.8"
"""A public address. Nobody calls it: the tests' proxy leads elsewhere."""
MALFORMED, NOT_LISTED, NOT_PUBLIC = "malformed endpoint", "endpoint not allowed", "address not public"
# {} is the canary's port. Every host is allowed on it, and on 443, so that nothing but the form and the address counts.
TABLE = [
    # not https, or not at all
    ("http://127.0.0.1:{}/", MALFORMED),
    ("HTTP://127.0.0.1:{}/", MALFORMED),
    ("file:///dev/random", MALFORMED),
    ("gopher://127.0.0.1:{}/_x", MALFORMED),
    ("ftp://127.0.0.1:{}/", MALFORMED),
    ("//127.0.0.1:{}/", MALFORMED),
    ("127.0.0.1:{}", MALFORMED),
    ("https:127.0.0.1:{}/", MALFORMED),
    ("https:/127.0.0.1:{}/", MALFORMED),
    ("https:///127.0.0.1:{}/", MALFORMED),
    ("https:\\\\127.0.0.1:{}\\", MALFORMED),
    ("", MALFORMED),
    # addresses inside, as they are
    ("https://127.0.0.1:{}/", NOT_PUBLIC),
    ("https://127.255.255.254:{}/", NOT_PUBLIC),
    ("https://localhost:{}/", NOT_PUBLIC),
    ("https://LOCALHOST:{}/", NOT_PUBLIC),
    ("https://0.0.0.0:{}/", NOT_PUBLIC),
    ("https://10.0.0.1:{}/", NOT_PUBLIC),
    ("https://172.16.0.1:{}/", NOT_PUBLIC),
    ("https://192.168.0.1:{}/", NOT_PUBLIC),
    ("https://100.64.0.1:{}/", NOT_PUBLIC),
    ("https://169.254.169.254/latest/meta-data/", NOT_PUBLIC),
    ("https://192.88.99.1:{}/", NOT_PUBLIC),
    ("https://224.0.0.1:{}/", NOT_PUBLIC),
    ("https://255.255.255.255:{}/", NOT_PUBLIC),
    ("https://[::1]:{}/", NOT_PUBLIC),
    ("https://[::]:{}/", NOT_PUBLIC),
    ("https://[fe80::1]:{}/", NOT_PUBLIC),
    ("https://[fd00::1]:{}/", NOT_PUBLIC),
    ("https://[ff02::1]:{}/", NOT_PUBLIC),
    # an IPv4 address inside of an IPv6 one
    ("https://[::ffff:127.0.0.1]:{}/", NOT_PUBLIC),
    ("https://[::ffff:7f00:1]:{}/", NOT_PUBLIC),
    ("https://[::127.0.0.1]:{}/", NOT_PUBLIC),
    ("https://[0:0:0:0:0:ffff:7f00:0001]:{}/", NOT_PUBLIC),
    ("https://[64:ff9b::127.0.0.1]:{}/", NOT_PUBLIC),
    ("https://[64:ff9b:1::7f00:1]:{}/", NOT_PUBLIC),
    ("https://[2002:7f00:1::]:{}/", NOT_PUBLIC),
    ("https://[2001:0:7f00:1::]:{}/", NOT_PUBLIC),
    ("https://[::ffff:169.254.169.254]/", NOT_PUBLIC),
    # other ways to write an address
    ("https://0177.0.0.1:{}/", MALFORMED),
    ("https://0x7f.0.0.1:{}/", MALFORMED),
    ("https://0x7f000001:{}/", MALFORMED),
    ("https://2130706433:{}/", MALFORMED),
    ("https://017700000001:{}/", MALFORMED),
    ("https://127.1:{}/", MALFORMED),
    ("https://127.0.1:{}/", MALFORMED),
    ("https://127.0.0.1.:{}/", MALFORMED),
    ("https://127.0.0.01:{}/", MALFORMED),
    ("https://127.0.0.1%2f:{}/", MALFORMED),
    ("https://%31%32%37.0.0.1:{}/", MALFORMED),
    ("https://\uff11\uff12\uff17.0.0.1:{}/", MALFORMED),
    ("https://\u2460\u2461\u2466.0.0.1:{}/", MALFORMED),
    ("https://[::1%25lo]:{}/", MALFORMED),
    ("https://[::1%lo]:{}/", MALFORMED),
    ("https://[fe80::1%25eth0]:{}/", MALFORMED),
    ("https://::1:{}/", MALFORMED),
    ("https://[::1:{}/", MALFORMED),
    ("https://[127.0.0.1]:{}/", MALFORMED),
    ("https://[:::]:{}/", MALFORMED),
    ("https://[::ffff:127.1]:{}/", MALFORMED),
    # names that only look like others
    ("https://localhost.:{}/", MALFORMED),
    ("https://l\u043ecalhost:{}/", MALFORMED),
    ("https://localhost\u3002:{}/", MALFORMED),
    ("https://\u24dbocalhost:{}/", MALFORMED),
    ("https://loc%61lhost:{}/", MALFORMED),
    ("https://localhost%00.example.com:{}/", MALFORMED),
    # where readers of URLs disagree
    ("https://fcm.googleapis.com@127.0.0.1:{}/", MALFORMED),
    ("https://user:password@127.0.0.1:{}/", MALFORMED),
    ("https://@127.0.0.1:{}/", MALFORMED),
    ("https://127.0.0.1:{}@fcm.googleapis.com/", MALFORMED),
    ("https://fcm.googleapis.com#@127.0.0.1:{}/", MALFORMED),
    ("https://127.0.0.1:{}/x#y", MALFORMED),
    ("https://127.0.0.1:{}#/", MALFORMED),
    ("https://fcm.googleapis.com\\@127.0.0.1:{}/", MALFORMED),
    ("https://127.0.0.1:{}\\.fcm.googleapis.com/", MALFORMED),
    ("https://127.0.0.1:{}?x", MALFORMED),
    ("https://fcm.googleapis.com;@127.0.0.1:{}/", MALFORMED),
    # ports
    ("https://127.0.0.1:0{}/", MALFORMED),
    ("https://127.0.0.1:+{}/", MALFORMED),
    ("https://127.0.0.1: {}/", MALFORMED),
    ("https://127.0.0.1:{}:443/", MALFORMED),
    ("https://127.0.0.1:/", MALFORMED),
    ("https://127.0.0.1:65536/", MALFORMED),
    ("https://127.0.0.1:22/", NOT_LISTED),
    ("https://127.0.0.1:6379/", NOT_LISTED),
    # what breaks out of a line
    (" https://127.0.0.1:{}/", MALFORMED),
    ("https://127.0.0.1:{}/ ", MALFORMED),
    ("https://127.0.0.1:{}/x y", MALFORMED),
    ("https://127.0.0.1:{}/\t", MALFORMED),
    ("https://127.0.0.1:{}/\n", MALFORMED),
    ("https://127.0.0.1:{}/x\r\nHost: localhost\r\n\r\nGET / HTTP/1.1", MALFORMED),
    ("https://127.0.0.1:{}/\0", MALFORMED),
    ("https://127.0.0.1:{}/\u2028", MALFORMED),
    ("https://127.0.0.1\r\n:{}/", MALFORMED),
    ("ht\ntps://127.0.0.1:{}/", MALFORMED),
    ("https://127.0.0.1:{}/" + "x" * 4096, MALFORMED),
]
# Names that are not on the list of the browsers' services, however they look.
STRANGERS = [
    "https://localhost/",
    "https://127.0.0.1/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://fcm.googleapis.com.evil.example/",
    "https://fcm-googleapis.com/",
    "https://xn--cm-1db.googleapis.com/",
    "https://evilpush.apple.com/",
    "https://push.apple.com.evil.example/",
    "https://fcm.googleapis.com:8443/",
    "https://instance-data/",
]


class Canary:
    """Listens on loopback and counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self.port = 0

    def _heard(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncIterator[Canary]:
        canary = cls()
        server = await asyncio.start_server(canary._heard, "127.0.0.1", 0)
        canary.port = server.sockets[0].getsockname()[1]
        async with server:
            yield canary


def access(certs: Certificates, *services: str, proxy: Secret[str] | None = None) -> WebPushAccess:
    return WebPushAccess(vapid_key=KEY, subject=SUBJECT, services=services, ca_file=certs.ca, proxy=proxy)


async def sent(senders: Senders, app: AppKey, url: str) -> Outcome:
    made_push: Push = push(app, url)
    return await senders.send(made_push)


def test_the_canary_would_be_heard(certs: Certificates) -> None:
    """Without the table of addresses, that is: in the laboratory."""

    async def story() -> None:
        async with Canary.listening() as canary, made() as (senders, _):
            lab = WebPushAccess(vapid_key=KEY, subject=SUBJECT, allow_private=True, ca_file=certs.ca)
            senders.add(UNIFIEDPUSH_APP, lab)
            for host in ("127.0.0.1", "localhost"):
                assert isinstance(await sent(senders, UNIFIEDPUSH_APP, f"https://{host}:{canary.port}/"), Unreachable)
            assert canary.visits == 2

    run(story())


def test_no_endpoint_leads_inside_and_each_is_refused_with_its_reason(certs: Certificates) -> None:
    assert len(TABLE) + len(STRANGERS) >= 40

    async def story() -> None:
        async with Canary.listening() as canary, made() as (senders, faults):
            senders.add(UNIFIEDPUSH_APP, access(certs, "*", f"*:{canary.port}"))
            for template, reason in TABLE:
                url = template.replace("{}", str(canary.port))
                outcome = await sent(senders, UNIFIEDPUSH_APP, url)
                assert outcome == Refused(reason, 400), url
            assert canary.visits == 0
            assert not faults

    run(story())


def test_a_browsers_endpoint_must_be_at_a_service_that_is_listed(certs: Certificates) -> None:
    async def story() -> None:
        async with made() as (senders, _):
            senders.add(WEBPUSH_APP, WebPushAccess(vapid_key=KEY, subject=SUBJECT, ca_file=certs.ca))
            for url in STRANGERS:
                assert await sent(senders, WEBPUSH_APP, url) == Refused(NOT_LISTED, 400), url

    run(story())


# ---- names that change


def resolver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every name lead to the addresses of the list, which the test may change."""
    addresses: list[str] = []

    def answer(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return addresses


def test_a_name_that_is_bound_anew_leads_to_the_old_address_or_nowhere(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = resolver(monkeypatch)

    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port) as proxy, Canary.listening() as canary:
            url = f"https://localhost:{canary.port}/"
            way = access(certs, f"localhost:{canary.port}", proxy=Secret(f"http://127.0.0.1:{proxy.port}"))
            async with made() as (senders, _):
                senders.add(UNIFIEDPUSH_APP, way)
                addresses[:] = [NOWHERE]
                assert await sent(senders, UNIFIEDPUSH_APP, url) == Accepted()
                addresses[:] = ["127.0.0.1"]
                for connection in tuple(service.live):
                    connection.drop()
                assert await sent(senders, UNIFIEDPUSH_APP, url) == Accepted()
                assert set(proxy.asked) == {f"{NOWHERE}:{canary.port}"}, "it was looked at once, and is kept"
            asked = len(proxy.asked)
            async with made() as (senders, _):
                senders.add(UNIFIEDPUSH_APP, way)
                assert await sent(senders, UNIFIEDPUSH_APP, url) == Refused(NOT_PUBLIC, 400)
            assert len(proxy.asked) == asked
            assert canary.visits == 0

    run(story())


@pytest.mark.parametrize("addresses", [["127.0.0.1", NOWHERE], [NOWHERE, "127.0.0.1"]])
def test_of_a_name_with_both_addresses_the_public_one_is_used(
    addresses: list[str], certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch)[:] = addresses

    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port) as proxy, made() as (senders, _):
            proxied = access(certs, "localhost", proxy=Secret(f"http://127.0.0.1:{proxy.port}"))
            senders.add(UNIFIEDPUSH_APP, proxied)
            assert await sent(senders, UNIFIEDPUSH_APP, "https://localhost/") == Accepted()
            assert proxy.asked == [f"{NOWHERE}:443"]

    run(story())


@pytest.mark.parametrize("addresses", ["127.0.0.1", "127.0.0.1,127.0.0.2", "127.0.0.2,127.0.0.1"])
def test_curl_itself_opens_no_connection_to_an_address_that_is_not_allowed(addresses: str, certs: Certificates) -> None:
    """Each connection is asked about when it is opened, so it does not matter what the name meant before.

    127.0.0.2 stands for the internet here, and nobody listens there.
    """

    async def story() -> None:
        async with Canary.listening() as canary:
            driver = CurlDriver()
            bound = (pycurl.RESOLVE, [f"push.example:{canary.port}:{addresses}"])
            asked: list[str] = []

            def allows(address: str) -> bool:
                asked.append(address)
                return address == "127.0.0.2"

            given: Any = (*options(ca=certs.ca.read_bytes(), identity=None, proxy=None), bound)
            handle = CurlHandle(given, allows=allows)
            handle.ask(f"https://push.example:{canary.port}/", {}, body=b"x", within=5.0)
            assert await driver.run(handle.curl) == pycurl.E_COULDNT_CONNECT
            assert handle.is_refused
            assert set(asked) == set(addresses.split(","))
            assert canary.visits == 0
            driver.close(pycurl.E_ABORTED_BY_CALLBACK)
            handle.curl.close()

    run(story())


# ---- what the far end answers


def test_a_redirect_leads_nowhere(certs: Certificates) -> None:
    async def story() -> None:
        async with Canary.listening() as canary, everybody(certs) as all_of_them:
            for location in (f"https://127.0.0.1:{canary.port}/", "http://169.254.169.254/latest/meta-data/", "/other"):
                for status in (301, 302, 307, 308):
                    all_of_them.answer = Reply(status=status, headers=(("location", location),))
                    for provider in PROVIDERS:
                        expected = Refused(f"HTTP {status}", status)
                        assert await all_of_them.send(provider) == expected
            assert len(all_of_them.pushes) == 3 * 4 * len(PROVIDERS), "each was sent once"
            assert "/other" not in {received.path for received in all_of_them.pushes}
            assert canary.visits == 0

    run(story())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_endless_answer_is_read_to_its_bound(provider: str, certs: Certificates) -> None:
    async def story() -> None:
        async with everybody(certs) as all_of_them:
            for status, reason in ((400, "HTTP 400"), (503, "HTTP 503")):
                all_of_them.answer = Reply(status=status, body=b"x" * 10_000_000)
                outcome = await all_of_them.send(provider)
                assert isinstance(outcome, Refused if status == 400 else Unreachable | Throttled)
                assert outcome.reason == reason
            assert not all_of_them.faults

    run(story())


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"])
def test_an_answer_that_never_ends_costs_the_time_of_one_attempt(said: bytes, certs: Certificates) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await reader.read()  # until the other side has enough
        writer.close()

    async def story() -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certs.server)
        server = await asyncio.start_server(say, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with server, made() as (senders, faults):
            lab = WebPushAccess(vapid_key=KEY, subject=SUBJECT, allow_private=True, ca_file=certs.ca)
            senders.add(UNIFIEDPUSH_APP, lab)
            slow = push(UNIFIEDPUSH_APP, f"https://127.0.0.1:{port}/", timeout=0.3)
            assert await senders.send(slow) == Unreachable("no answer in time")
            assert not faults

    run(story())
