"""One branch of a forked request (RFC 3261 section 16.6): one device, asleep or awake, until it has said its word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ringwake.sip.flow import Flow
from ringwake.sip.message import Response

MOST_BRANCHES = 10
"""Branches that share Max-Breadth evenly: as many as an address of record may have bindings."""


class BranchState(Enum):
    """Life of one branch."""

    PENDING = "pending"
    """Its phone sleeps, or has not been tried."""
    LIVE = "live"
    DONE = "done"


@dataclass(slots=True)
class Branch:
    """One device's part of the fork."""

    device: str
    state: BranchState = BranchState.PENDING
    id: str = ""
    """Via branch of its client transaction."""
    flow: Flow | None = None
    breadth: int = 0
    """How much of the request's Max-Breadth it takes while it is live."""
    is_ringing: bool = False
    """Whether a provisional response above 100 has come."""
    has_answered: bool = False
    """Whether any response has come: somebody is there."""
    is_quiet: bool = False
    """Whether it is sent no more: its phone is being woken, and will register."""
    result: Response | int | None = None
    """Final response, or the status that stands for the lack of one."""
    verdict: int | None = None
    """Status that stands for whatever the branch may still say but for a 2xx or 6xx: it rang too long, say."""

    @property
    def may_begin(self) -> bool:
        """Whether its phone has not spoken its word: one that was given up in its sleep may still come."""
        if self.verdict is not None:
            return False
        return self.state is not BranchState.DONE or (isinstance(self.result, int) and not self.has_answered)


def share(branch: Branch, branches: Iterable[Branch], breadth: int) -> int:
    """Return a branch's part of Max-Breadth: of all live ones together never more than the request came with.

    A fixed part leaves enough for phones that wake later. 0 when there is none left (RFC 5393 section 5.3.3.1).
    """
    taken = sum(b.breadth for b in branches if b is not branch and b.state is BranchState.LIVE)
    return min(breadth - taken, max(1, breadth // MOST_BRANCHES))
