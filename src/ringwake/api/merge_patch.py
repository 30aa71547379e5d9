"""JSON merge patches (RFC 7396)."""

from __future__ import annotations

from typing import Any

DEEPEST = 32
"""Levels that are looked into. What lies below is taken as it stands: no document of ours is so deep."""


def merged(target: Any, patch: Any, *, levels: int = DEEPEST) -> Any:
    """Return what a patch makes of a JSON value, which stays as it is (section 2)."""
    if not isinstance(patch, dict) or not levels:
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merged(made.get(name), value, levels=levels - 1)
    return made
