"""A proxy is one URL; what is wrong with it is said without repeating it."""

from __future__ import annotations

import pytest

from ringwake.push.errors import CredentialsError
from ringwake.push.transport.proxy import Proxy, read_proxy
from ringwake.secret import Secret


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("http://proxy:3128/", "http://proxy:3128"),
        ("http://10.0.0.1:80", "http://10.0.0.1:80"),
        ("http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
    ],
)
def test_a_proxy_without_a_password(text: str, url: str) -> None:
    assert read_proxy(Secret(text)) == Proxy(url=url)


def test_no_proxy_is_none() -> None:
    assert read_proxy(None) is None


def test_user_and_password_are_decoded() -> None:
    proxy = read_proxy(Secret("http://me%40work:p%3Aw%2F%C3%A9@proxy:3128"))
    assert proxy == Proxy(url="http://proxy:3128", user="me@work", password=Secret("p:w/é"))


def test_its_password_is_never_shown() -> None:
    proxy = read_proxy(Secret("http://me:canary@proxy:3128"))
    assert "canary" not in repr(proxy)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "proxy:3128",
        "https://canary:canary@proxy:3128",
        "socks5://canary@proxy:1080",
        "http://canary@proxy:3128",
        "http://canary:x@proxy",
        "http://canary:x@proxy:0",
        "http://canary:x@proxy:65536",
        "http://canary:x@proxy:3128/path",
        "http://canary:x@pro xy:3128",
        "http://canary:x@proxy:3128\n",
        "http://canary:a@b@proxy:3128",
        "http://canary:%0d%0a@proxy:3128",
        "http://canary:%ff@proxy:3128",
        "http://canary%00:x@proxy:3128",
        "http://canary%3A:x@proxy:3128",
    ],
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(CredentialsError, match="proxy") as caught:
        read_proxy(Secret(text))
    assert "canary" not in str(caught.value)
