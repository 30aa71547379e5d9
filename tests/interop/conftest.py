"""What all interop tests share: one server of ours per module, with or without push services around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.interop.exchange import Exchange, exchange
from tests.interop.lab_server import LabServer, lab_server


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with lab_server(tmp_path_factory.mktemp("lab")) as running:
        yield running
