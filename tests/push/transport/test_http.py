"""What every transport does, on a real server that misbehaves (push-services 7.4)."""

from __future__ import annotations

import asyncio
import gc

import pytest
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.service import Reply, Service
from tests.push.transports import Make, curl, opened, post, provider

from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.transport.http import BODY_LIMIT, Answer

both = pytest.mark.parametrize("make", [curl, provider])


@both
def test_an_answer_comes_back_as_it_was_given(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            service.handle = lambda _: Reply(
                status=410, headers=(("Apns-Id".lower(), "x"), ("a", "b c")), body=b'{"a":1}'
            )
            answer = await post(transport, service.url + "/3/device/abab", body=b"hello\0\xff")
            assert answer == Answer(status=410, headers={"apns-id": "x", "a": "b c"}, body=b'{"a":1}')
            assert service.received[0].body == b"hello\0\xff"
            assert service.received[0].header(":method") == "POST"

    run(story())


@both
def test_the_server_sees_the_headers_that_were_given_and_http_s_own(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            given = {"ttl": "60", "authorization": "bearer abc", "content-type": "application/json"}
            await post(transport, service.url + "/v1/x:send?a=%2f..&b", given)
            received = service.received[0]
            added = {"user-agent": "ringwake", "content-length": "1"}
            assert {name: value for name, value in received.plain.items() if name != "accept"} == given | added
            assert received.path == "/v1/x:send?a=%2f..&b"
            assert received.header(":authority") == f"127.0.0.1:{service.port}"

    run(story())


@both
def test_an_empty_body_is_sent_as_one(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            await post(transport, service.url + "/", body=b"")
            assert service.received[0].body == b""
            assert "content-type" not in service.received[0].plain

    run(story())


@both
@pytest.mark.parametrize(
    "headers", [{"ttl": "1\r\nx: y"}, {"ttl": "1\0"}, {"topic": "a\u2028b"}, {"x-other": "1"}, {"ttl\r\nx": "1"}]
)
def test_a_bad_header_is_never_sent(make: Make, headers: dict[str, str], certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            with pytest.raises(UnsendableError):
                await post(transport, service.url + "/", headers)
            assert service.accepted == 0

    run(story())


@both
@pytest.mark.parametrize("length", [BODY_LIMIT - 1, BODY_LIMIT, BODY_LIMIT + 1, 60_000])
def test_no_more_of_an_answer_is_read_than_the_limit(make: Make, length: int, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            service.handle = lambda _: Reply(status=400, body=b"z" * length)
            answer = await post(transport, service.url + "/")
            assert answer.status == 400
            assert answer.body == b"z" * min(length, BODY_LIMIT)
            service.handle = lambda _: Reply()
            assert (await post(transport, service.url + "/")).status == 200
            assert service.accepted == 1, "the connection is still good"

    run(story())


@both
def test_an_endless_answer_is_given_up(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            service.handle = lambda _: Reply(body=b"z" * 200_000)  # more than the window: it never ends
            assert len((await post(transport, service.url + "/")).body) == BODY_LIMIT

    run(story())


@both
def test_a_redirect_is_an_answer(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            service.handle = lambda _: Reply(status=307, headers=(("location", f"{service.url}/other"),))
            assert (await post(transport, service.url + "/")).status == 307
            assert len(service.received) == 1

    run(story())


@both
def test_an_unknown_host_is_reported_without_its_name(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(make(certs)) as transport:
            with pytest.raises(UnansweredError) as caught:
                await post(transport, "https://no-such-host.invalid/secret", within=20)
            assert "secret" not in str(caught.value)

    run(story())


@both
def test_a_certificate_that_nobody_vouches_for_is_refused(
    make: Make, certs: Certificates, other_certs: Certificates
) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(other_certs)) as transport:
            with pytest.raises(UnansweredError, match="certificate"):
                await post(transport, service.url + "/")
            assert not service.received

    run(story())


@both
def test_the_environments_proxies_are_not_used(
    make: Make, certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            assert (await post(transport, service.url + "/")).status == 200

    run(story())


@both
def test_closing_ends_what_is_under_way_and_lets_nothing_begin(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            transport = make(certs)
            service.handle = lambda _: None
            pending = asyncio.create_task(post(transport, service.url + "/", within=0.5))
            await service.until(lambda: bool(service.held))
            await transport.close()
            with pytest.raises(UnansweredError, match="closed"):
                await pending
            with pytest.raises(UnansweredError, match="closed"):
                await post(transport, service.url + "/")
            await transport.close()
            gc.collect()
            await service.until(lambda: not service.live)

    run(story())


@both
def test_closing_closes_the_idle_connection(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            async with opened(make(certs)) as transport:
                await post(transport, service.url + "/")
                assert service.live
            await service.until(lambda: not service.live)

    run(story())


@both
def test_a_transport_that_never_sent_can_be_closed(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(make(certs)):
            pass

    run(story())
