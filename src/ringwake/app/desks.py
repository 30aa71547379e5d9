"""The errands of HTTP, each done by a recipe of the edge."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.api.desks import Desks
from ringwake.edge.core import Core
from ringwake.model.effects import Effects


def desks_of(core: Core, perform: Callable[[Effects, float], None], clock: Callable[[], float]) -> Desks:
    """Make the desks.

    Args:
        core: of the server.
        perform: carries effects out.
        clock: monotonic seconds now.
    """
    del core, perform, clock
    return Desks()
