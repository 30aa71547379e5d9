"""Why nobody has taken a call: what becomes of it then depends on that."""

from __future__ import annotations

from enum import Enum

from ringwake.proxy.best_response import OF_THE_PHONE
from ringwake.sip.message import Response

_BUSY = (486, 600)
_UNANSWERED = (408, 480)


class Lack(Enum):
    """Why."""

    SILENCE = "silence"
    """No phone rang, and none refused: none is registered, or none has come."""
    BUSY = "busy"
    """The best that phones have said is 486 or 600."""
    NO_ANSWER = "no answer"
    """A phone rang or was reached, and nobody has answered it: the best is 408 or 480, its own or ours."""


def lack_of(best: Response | int) -> Lack | None:
    """Return why nobody has taken a call that is not silent; None when a phone has said another word than that."""
    status = best if isinstance(best, int) else OF_THE_PHONE.get(best.status, best.status)
    if status in _BUSY:
        return Lack.BUSY
    return Lack.NO_ANSWER if status in _UNANSWERED else None
