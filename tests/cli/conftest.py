"""A terminal with a state folder of its own, and a home that it finds there."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.household import Household, household
from tests.cli.terminal import Terminal


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps the lab's keys from test to test: making them is slow."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, state: Path) -> Terminal:
    return Terminal(monkeypatch, state)


@pytest.fixture
def house(state: Path, lab_folder: Path) -> Iterator[Household]:
    with household(state, lab_folder) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """`serve` and `demo` set up the logging of their process, which is this one."""
    loggers = [logging.getLogger(), logging.getLogger("ringwake")]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
