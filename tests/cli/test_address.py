"""Addresses of record as people type them."""

import pytest

from ringwake.cli.address import full_aor


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("alice", "alice@ringwake.test"),
        ("alice@Example.COM", "alice@example.com"),
        ("sip:alice@example.com", "alice@example.com"),
        ("sip:alice", "alice@ringwake.test"),
        ("a@b@example.com", "a@b@example.com"),
        ("", "@ringwake.test"),
    ],
)
def test_an_address_is_completed(typed: str, full: str) -> None:
    assert full_aor(typed) == full
