"""A stage of its own for each test."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from tests.support.home import wall

from ringwake.cli.demonstration.stage import Stage
from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab

OpenStage = Callable[[], AbstractAsyncContextManager[Stage]]


@pytest.fixture
def open_stage(tmp_path: Path, lab_folder: Path) -> OpenStage:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Stage]:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab:
            await lab.switches.set("apns", token_interval=0)
            stage = await Stage.open(lab, tmp_path, ["alice", "bob", "boss"])
            try:
                yield stage
            finally:
                await stage.close()

    return opened
