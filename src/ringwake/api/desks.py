"""What phones and operators may set going over HTTP, as the edge does it. `app.desks` puts them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringwake.edge.act import Done
from ringwake.wake.actions import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The doors from HTTP into the edge, one for each errand."""

    act: Callable[[Act, str], Done] | None = None
    """Does what a signed URL says; with the text that it is to write, if it writes."""
