"""Claims about sealed tokens: they bring back what was put in, and nobody else can make one."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import TCP, UDP

from ringwake.proxy.flow_token import FlowToken
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.keys import KeyRing

SEAL = KeyRing([Secret(b"k" * 32)])
IPV6 = Flow(Transport.WSS, Address("2001:db8::1", 443), Address("2001:db8::9", 5), serial=7, node="n2")


@pytest.mark.parametrize(
    "token",
    [
        FlowToken(UDP),
        FlowToken(TCP, "0123456789abcdef", "alice@example.com"),
        FlowToken(IPV6, "b", "al ice\udcff@example.com"),
        FlowToken(TCP, "0123456789abcdef", "alice@example.com", is_path=True),
        FlowToken(TCP, "", "alice@example.com", is_path=True),
        FlowToken(UDP, "", "example.com", shift=1),
        FlowToken(UDP, "", "", shift=12),
    ],
)
def test_a_token_comes_back_as_it_went(token: FlowToken) -> None:
    text = token.seal(SEAL)
    assert FlowToken.open(SEAL, text) == token
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_token_says_nothing_to_others() -> None:
    text = FlowToken(TCP, "0123456789abcdef", "alice@example.com").seal(SEAL)
    assert FlowToken.open(KeyRing([Secret(b"x" * 32)]), text) is None
    assert FlowToken.open(KeyRing([Secret(b"x" * 32), Secret(b"k" * 32)]), text) is not None  # a rotated key


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "bob",
        SEAL.seal("nonce", b"b tcp|192.0.2.1|5060|198.51.100.7|1|1|n1 a"),  # sealed by us, for something else
        FlowToken(TCP, "b").seal(SEAL)[:-1] + "A",
        FlowToken(TCP, "b").seal(SEAL)[:-2],
    ],
)
def test_a_token_that_we_did_not_write_is_none(forged: str) -> None:
    assert FlowToken.open(SEAL, forged) is None


def test_a_token_of_a_path_is_none_of_a_dialog_and_the_other_way_round() -> None:
    """What was handed to a PBX begins requests; what stands in a dialog only goes on with one."""
    path, route = FlowToken(TCP, "b", "alice@example.com", is_path=True), FlowToken(TCP, "b", "alice@example.com")
    assert path.seal(SEAL) != route.seal(SEAL)
    opened = [FlowToken.open(SEAL, token.seal(SEAL)) for token in (path, route)]
    assert [token is not None and token.is_path for token in opened] == [True, False]


@pytest.mark.parametrize(
    ("token", "tenant"),
    [
        (FlowToken(UDP, "", "example.com"), "example.com"),
        (FlowToken(UDP, "", "example.com", shift=1), "example.com"),
        (FlowToken(TCP, "b", "alice@example.com"), ""),
        (FlowToken(TCP, "", "alice@example.com", is_path=True), ""),
        (FlowToken(TCP), ""),
    ],
)
def test_a_side_that_is_a_pbx_names_its_tenant(token: FlowToken, tenant: str) -> None:
    assert token.tenant == tenant
