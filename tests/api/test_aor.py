"""Addresses of record: what becomes an account's name, and what would be one nobody can call, see or remove."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.api.aor import canonical, new_aor
from ringwake.api.problems import Problem
from ringwake.sip.uri import parse_uri


@pytest.mark.parametrize(
    ("text", "aor"),
    [
        ("alice@example.com", "alice@example.com"),
        ("Alice@EXAMPLE.Com", "Alice@example.com"),
        ("alice@example.com.", "alice@example.com"),
        ("%61lice@example.com", "alice@example.com"),
        ("a%20b@example.com", "a b@example.com"),
        ("j%C3%BCrgen@example.com", "jürgen@example.com"),
        ("+15551234@10.0.0.1", "+15551234@10.0.0.1"),
        ("a/b@[2001:db8::1]", "a/b@[2001:db8::1]"),
    ],
)
def test_a_name_is_kept_in_the_form_in_which_sip_compares_it(text: str, aor: str) -> None:
    """RFC 3261 section 10.3 step 5."""
    assert new_aor(text) == aor == parse_uri(f"sip:{text}").aor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "example.com",
        "@example.com",
        "alice@",
        "al ice@example.com",
        "alice@exa mple.com",
        "sip:alice@example.com",
        "sips:alice@example.com",
        "alice:secret@example.com",
        "alice@example.com:5060",
        "alice@example.com;transport=tcp",
        "alice@example.com?subject=x",
        "<sip:alice@example.com>",
        "alice%00@example.com",
        "alice%0d%0aBcc:@example.com",
        "alice%1b[2J@example.com",
        "alice%E2%80%AE@example.com",
        "alice%ff@example.com",
        "\udcff@example.com",
        "jürgen@example.com",
    ],
)
def test_what_is_no_name_is_refused_with_the_form_of_one(text: str) -> None:
    with pytest.raises(Problem) as caught:
        new_aor(text)
    assert caught.value.status == 422
    assert caught.value.detail.startswith("no address of record like alice@example.com: ")
    assert "secret" not in caught.value.detail


@given(st.text(), st.text())
def test_every_name_can_be_written_as_json(user: str, domain: str) -> None:
    try:
        aor = new_aor(f"{user}@{domain}")
    except Problem:
        return
    assert msgspec.json.decode(msgspec.json.encode(aor)) == aor


@pytest.mark.parametrize(
    ("text", "aor"), [("Alice@EXAMPLE.com", "Alice@example.com"), ("a@b@C", "a@b@c"), ("alice", "alice"), ("", "")]
)
def test_the_case_of_the_domain_does_not_count(text: str, aor: str) -> None:
    assert canonical(text) == aor
