"""A credentials file of the laboratory that is cut off for a while: its folder is every test's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.household import Household
from tests.support.home import Home

from ringwake.model.events import Happened


@contextmanager
def spoilt(house: Household, file: Path, content: bytes = b"") -> Iterator[None]:
    """Let the server find something else in a file: by default half of what it held."""

    async def finding(home: Home) -> None:
        home.app.reread()
        await home.server.happened(Happened.CREDENTIALS_BROKEN)

    before = file.read_bytes()
    try:
        file.write_bytes(content or before[: len(before) // 2])
        house.do(finding)
        yield
    finally:
        file.write_bytes(before)
