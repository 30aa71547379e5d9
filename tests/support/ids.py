"""Identifiers for tests: one seed repeats one history."""

from __future__ import annotations

from random import Random


class SeededIds:
    """Implements `Ids`."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"
