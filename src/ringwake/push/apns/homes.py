"""Which tokens live in Apple's other environment: learnt from its answers, and bounded."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST: Final = 10_000
"""The one not used for longest goes; then its phone's next push asks both environments again."""


class Homes:
    """Digests of the tokens that are at home in the other environment."""

    __slots__ = ("_other",)

    def __init__(self) -> None:
        self._other: OrderedDict[str, None] = OrderedDict()

    def is_other(self, digest: str) -> bool:
        """Tell whether a token lives in the other environment."""
        if digest not in self._other:
            return False
        self._other.move_to_end(digest)
        return True

    def remember(self, digest: str) -> None:
        """Note that it does."""
        self._other[digest] = None
        if len(self._other) > MOST:
            self._other.popitem(last=False)

    def forget(self, digest: str) -> None:
        """Note that it does not."""
        self._other.pop(digest, None)
