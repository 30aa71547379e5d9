"""The laboratory's keys, made once."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps the lab's keys from test to test: making them is slow."""
    return tmp_path_factory.mktemp("lab")
