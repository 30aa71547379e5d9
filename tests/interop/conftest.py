"""What all interop tests share: one server of ours per module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.interop.exchange import Exchange, exchange


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running
