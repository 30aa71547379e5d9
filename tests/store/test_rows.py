"""Rows and their keys."""

from __future__ import annotations

from hashlib import sha256

import pytest
from tests.store.samples import ALICE, account, binding, call, message, subscription_keys, upload

from ringwake.store.rows import Letter, Row, Subscription, Table, Value, row

OCTET = "\udcff".encode("utf-8", "surrogatepass")
VALUES: list[tuple[Value, Table, str]] = [
    (binding("a1"), Table.BINDING, "a1 alice@example.com"),
    (call(1), Table.CALL, "call1"),
    (Letter(message=message(1), serial=3), Table.MESSAGE, "message1"),
    (
        Subscription(aor=ALICE, digest="d1", keys=subscription_keys(1), serial=4),
        Table.SUBSCRIPTION,
        "d1 alice@example.com",
    ),
    (account(), Table.ACCOUNT, "alice@example.com"),
    (upload(), Table.UPLOAD, f"{sha256(b'').hexdigest()} alice@example.com"),
    (upload("<urn:\udcff>"), Table.UPLOAD, f"{sha256(b'<urn:' + OCTET + b'>').hexdigest()} alice@example.com"),
]


@pytest.mark.parametrize(
    ("value", "table", "key"), VALUES, ids=[f"{table}-{n}" for n, (_, table, _) in enumerate(VALUES)]
)
def test_a_value_knows_its_row(value: Value, table: Table, key: str) -> None:
    assert row(None, value) == Row(table, key, None, value)
    assert row(value, None) == Row(table, key, value, None)
    assert row(value, value) == Row(table, key, value, value)


def test_a_row_of_nothing_is_no_row() -> None:
    with pytest.raises(ValueError, match="from something or to something"):
        row(None, None)
