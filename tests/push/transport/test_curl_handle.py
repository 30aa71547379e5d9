"""What curl tells us while it works, taken with care."""

from __future__ import annotations

import socket

import pycurl
import pytest
from tests.push.loop import run

from ringwake.push.errors import UnansweredError
from ringwake.push.transport.curl_handle import HEADERS_LIMIT, CurlHandle
from ringwake.push.transport.http import BODY_LIMIT


def handle(*, allows: bool = True) -> CurlHandle:
    return CurlHandle((), allows=lambda _: allows)


def test_interim_answers_do_not_count() -> None:
    it = handle()
    for line in (b"HTTP/1.1 103 Early Hints\r\n", b"Link: x\r\n", b"\r\n", b"HTTP/2 201 \r\n", b"TTL: 60\r\n", b"\r\n"):
        it._lines.append(line)
    assert (it.answer().status, it.answer().headers) == (201, {"ttl": "60"})


def test_what_a_proxy_says_of_its_tunnel_does_not_count() -> None:
    it = handle()
    for line in (b"HTTP/1.1 200 OK: open\r\n", b"X-Proxy: x\r\n", b"\r\n", b"HTTP/2 410 \r\n", b"a: b: c\r\n", b"\r\n"):
        it._lines.append(line)
    assert (it.answer().status, it.answer().headers) == (410, {"a": "b: c"})


@pytest.mark.parametrize("line", [b"HTTP/x: y\r\n", b"HTTP/:\r\n", b"HTTP/1.1 200: 1\r\n"])
def test_a_field_or_trailer_that_looks_like_a_status_line_is_none(line: bytes) -> None:
    it = handle()
    it._lines += [b"HTTP/1.1 404 Not Found\r\n", b"retry-after: 3\r\n", line, b"\r\n", line, b"\r\n"]
    assert (it.answer().status, it.answer().headers["retry-after"]) == (404, "3")


@pytest.mark.parametrize("lines", [[], [b"HTTP/1.1 99999 x\r\n"], [b"HTTP/1.1\r\n", b"x: y\r\n"]])
def test_an_answer_without_a_status_is_none(lines: list[bytes]) -> None:
    it = handle()
    it._lines += lines
    with pytest.raises(UnansweredError, match="an answer that is none"):
        it.answer()


def test_a_status_line_may_be_written_small() -> None:
    it = handle()
    it._lines.append(b"http/1.1 201 created\r\n")
    assert it.answer().status == 201


def test_headers_are_bounded_and_may_be_no_text() -> None:
    it = handle()
    it._lines.append(b"HTTP/2 200\r\n")
    for number in range(1000):
        it._lines.append(b"x-%d: x\xe9\r\n" % number)
    assert len(it.answer().headers) == HEADERS_LIMIT
    assert it.answer().headers["x-1"] == "x\xe9"


def test_a_body_is_cut_off_at_the_limit() -> None:
    it = handle()
    it._lines.append(b"HTTP/2 200\r\n")
    assert it._take_body(b"x" * (BODY_LIMIT - 1)) is None
    before = it.is_full
    assert it._take_body(b"xyz") == -1
    assert (before, it.is_full) == (False, True)
    assert len(it.answer().body) == BODY_LIMIT


@pytest.mark.parametrize(
    ("family", "allows", "is_opened"),
    [(socket.AF_INET, True, True), (socket.AF_INET, False, False), (socket.AF_UNIX, True, False)],
)
def test_only_allowed_addresses_get_a_socket(family: int, *, allows: bool, is_opened: bool) -> None:
    async def story() -> None:
        it = handle(allows=allows)
        opened = it._open(0, (family, socket.SOCK_STREAM, 0, ("8.8.8.8", 443)))
        assert isinstance(opened, socket.socket) is is_opened
        assert it.is_refused is not is_opened
        if isinstance(opened, socket.socket):
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 3000
            assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        else:
            assert opened == pycurl.SOCKET_BAD

    run(story())
