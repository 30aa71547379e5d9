"""Each scenario is a canary run: its servers log at debug level, and no secret of it may be in what comes out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.scenario.overheard import Overheard
from tests.support.watcher import WATCHERS


@pytest.fixture(scope="module", autouse=True)
def overheard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Overheard]:
    """Watch all programs of a module; the first fixture to begin is the last to end, after a server of all tests."""
    ears = Overheard(tmp_path_factory.mktemp("overheard"))
    WATCHERS.append(ears)
    yield ears
    WATCHERS.remove(ears)
    ears.judge()
    if ears.tokens:
        assert ears.answers, "no server was asked"
        assert ears.debug_lines, "no server spoke at debug level"


@pytest.fixture(autouse=True)
def _canary(overheard: Overheard) -> Iterator[None]:
    """Let the canary judge after each test."""
    yield
    overheard.judge()
