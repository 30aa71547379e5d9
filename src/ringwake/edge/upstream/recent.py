"""What strangers can make more of at will: the newest are remembered."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """A set of so many at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: OrderedDict[T, None] = OrderedDict()

    def __contains__(self, item: T) -> bool:
        return item in self._items

    def add(self, item: T) -> T | None:
        """Remember an item as the newest; return the one that is forgotten for it, if there are too many."""
        self._items[item] = None
        self._items.move_to_end(item)
        return self._items.popitem(last=False)[0] if len(self._items) > self._most else None

    def discard(self, item: T) -> None:
        """Forget an item, if it is remembered."""
        self._items.pop(item, None)
