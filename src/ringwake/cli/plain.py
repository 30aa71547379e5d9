"""Text that may stand on a terminal (reliability S22)."""

from __future__ import annotations


def plain(text: str) -> str:
    """Return a line in which what is not printable is escaped: it could clear the screen, or write lines of its own."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
