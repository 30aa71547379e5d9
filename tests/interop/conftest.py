"""What all interop tests share: one server of ours per module, with or without push services around it.

One more stands in front of many PBXs, for all modules.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.interop.exchange import Exchange, exchange
from tests.interop.lab_server import LabServer, lab_server
from tests.interop.pbx import Front, fronts, in_front


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with lab_server(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def pbxs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Front]]:
    with fronts(tmp_path_factory.mktemp("fronts")) as running:
        yield running


@pytest.fixture
def front(pbxs: dict[str, Front], name: str) -> Iterator[Front]:
    """The tenant that the test has named."""
    with in_front(pbxs[name]) as lent:
        yield lent
