"""The relayed calls of this process, by Call-ID and by branch."""

from __future__ import annotations

from collections import OrderedDict

from ringwake.edge.media.call import Leg, RelayedCall
from ringwake.edge.media.rules import MediaRules
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, BYE, INVITE, PRACK, UPDATE

MAX_CALLS = 50_000
"""Calls remembered. One that was forgotten is recognised by the same rule as a new one."""
MAX_LEGS = 64
"""Requests of one call whose responses are still rewritten; beyond them the oldest inside the dialog is forgotten."""
_OF_SESSIONS = frozenset({INVITE, ACK, BYE, PRACK, UPDATE})


class Book:
    """Remembers calls until they are over, the most recent `MAX_CALLS` of them."""

    def __init__(self, rules: MediaRules) -> None:
        self._rules = rules
        self._calls: OrderedDict[str, RelayedCall] = OrderedDict()
        self._branches: dict[str, RelayedCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def get(self, call_id: str) -> RelayedCall | None:
        """Return a call that is known."""
        return self._calls.get(call_id)

    def find(self, request: Request, flow: Flow) -> RelayedCall | None:
        """Return the call that a request belongs to, known or not; None when it is not relayed."""
        call = self._calls.get(request.call_id)
        if call is not None:
            self._calls.move_to_end(request.call_id)
        elif request.method in _OF_SESSIONS and self._rules.relays(request, flow):
            call = self._calls[request.call_id] = RelayedCall(request.call_id)
            if len(self._calls) > MAX_CALLS:
                self.forget(next(iter(self._calls.values())))
        return call

    def keep(self, leg: Leg, call: RelayedCall) -> None:
        """Let a request that goes out be found by its branch."""
        self._branches[leg.branch] = call
        if len(call.legs) > MAX_LEGS:
            oldest = next((each for each in call.legs.values() if not each.is_initial), leg)
            self.drop(call, oldest)

    def leg(self, branch: str, method: str) -> tuple[RelayedCall, Leg] | None:
        """Return a request of ours with its call. A CANCEL has the branch of its INVITE and is none."""
        call = self._branches.get(branch)
        leg = call.legs.get(branch) if call else None
        return (call, leg) if call and leg and leg.request.method == method else None

    def held(self, branch: str) -> Leg | None:
        """Return an INVITE that was not sent yet."""
        found = self.leg(branch, INVITE)
        return found[1] if found and found[1].is_held else None

    def drop(self, call: RelayedCall, leg: Leg) -> bool:
        """Let go of a request; False when another has taken its branch, or the call is forgotten."""
        if call.legs.get(leg.branch) is not leg:
            return False
        del call.legs[leg.branch]
        return self._branches.pop(leg.branch, None) is not None

    def forget(self, call: RelayedCall) -> None:
        """Let go of a call."""
        self._calls.pop(call.call_id, None)
        for branch in call.legs:
            self._branches.pop(branch, None)
