"""`host:port`: numeric, and IPv6 in brackets, or it is refused with its place."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.config.error import ConfigError
from ringwake.config.host_port import HostPort, host_port


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:5060", "127.0.0.1", 5060),
        ("0.0.0.0:0", "0.0.0.0", 0),
        ("[::1]:65535", "::1", 65535),
        ("[::]:5061", "::", 5061),
        ("[fe80::1%eth0]:5060", "fe80::1%eth0", 5060),
    ],
)
def test_a_numeric_address_is_read(text: str, host: str, port: int) -> None:
    assert host_port(text, "x") == HostPort(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        ":5060",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1:1_0",
        "127.0.0.1: 5060",
        "127.0.0.1:٥٠٦٠",
        "127.0.0.1:" + "9" * 5000,
        "127.0.0.1:5060\n",
        "127.0.0.1:5060:5060",
        "127.1:5060",
        "010.0.0.1:5060",
        "localhost:5060",
        "sip.example.com:5060",
        "http://127.0.0.1:8080",
        "::1:5060",
        "[::1]",
        "[::1:5060",
        "::1]:5060",
        "[[::1]]:5060",
        "]::1[:5060",
        "[127.0.0.1]:5060",
        "[]:5060",
    ],
)
def test_anything_else_is_refused_with_its_place_and_the_mend(text: str) -> None:
    with pytest.raises(ConfigError, match=r'^listen\[0\]: not host:port .*: write it like "127\.0\.0\.1:5060"'):
        host_port(text, "listen[0]")


@pytest.mark.parametrize("text", ["[::ffff:0.0.0.0]:5060", "[::ffff:127.0.0.1]:5060"])
def test_ipv4_in_the_dress_of_ipv6_is_refused(text: str) -> None:
    """It would be a wildcard, or loopback, that does not look like one."""
    with pytest.raises(ConfigError, match=r"in IPv6 form: write (0\.0\.0\.0|127\.0\.0\.1):5060"):
        host_port(text, "x")


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(ConfigError):
        host_port(text, "x")


@pytest.mark.parametrize(
    ("text", "is_loopback", "is_wildcard"),
    [
        ("127.0.0.1:1", True, False),
        ("127.255.0.9:1", True, False),
        ("[::1]:1", True, False),
        ("0.0.0.0:1", False, True),
        ("[::]:1", False, True),
        ("10.0.0.1:1", False, False),
        ("[2001:db8::1]:1", False, False),
    ],
)
def test_loopback_and_wildcard_are_told_from_the_rest(text: str, *, is_loopback: bool, is_wildcard: bool) -> None:
    address = host_port(text, "x")
    assert (address.is_loopback, address.is_wildcard) == (is_loopback, is_wildcard)
