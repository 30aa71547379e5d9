"""Whatever a test here leaves open warns when it is collected, and a warning fails the test that left it."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    gc.collect()
