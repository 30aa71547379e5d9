"""What phones and operators may set going over HTTP, as the edge does it. `app.desks` puts them together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The doors from HTTP into the edge, one for each errand."""
