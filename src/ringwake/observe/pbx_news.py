"""How tenants and accounts stand at their PBXs, by the last that was heard of them."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import NamedTuple

from ringwake.model.check import Check, Verdict
from ringwake.model.events import Event, Happened

MOST_ACCOUNTS = 100_000
MOST_EVENTS = 20
"""Of one account: how it came to stand as it does."""
_OF_TENANTS = (Happened.PBX_REACHED, Happened.PBX_LOST)
OF_ACCOUNTS = (
    Happened.PBX_REGISTERED,
    Happened.PBX_REFUSED,
    Happened.PBX_GRANTED_LITTLE,
    Happened.PBX_ASKED_NOBODY,
)
_MENDS = {
    Happened.PBX_GRANTED_LITTLE: "raise the PBX's longest registration to a day or more, so that phones may sleep",
    Happened.PBX_ASKED_NOBODY: "let the PBX ask what comes from ringwake for passwords, as it asks all others",
    Happened.PBX_REFUSED: "see `ringwake trace ACCOUNT`, and the account and its password at the PBX",
}


class Reach(NamedTuple):
    """Whether a PBX can be reached, and why not."""

    is_up: bool
    reason: str


class PbxNews:
    """Remembers it."""

    def __init__(self) -> None:
        self._tenants: dict[str, Reach] = {}
        self._accounts: OrderedDict[str, deque[Event]] = OrderedDict()

    def note(self, event: Event) -> None:
        """Take an event that is about a PBX."""
        if event.what in _OF_TENANTS:
            is_up = event.what is Happened.PBX_REACHED
            self._tenants[str(event.fields.get("tenant"))] = Reach(is_up, str(event.fields.get("reason") or ""))
        elif event.what in OF_ACCOUNTS:
            aor = str(event.fields.get("aor"))
            self._accounts.setdefault(aor, deque(maxlen=MOST_EVENTS)).append(event)
            self._accounts.move_to_end(aor)
            if len(self._accounts) > MOST_ACCOUNTS:
                self._accounts.popitem(last=False)
        elif event.what is Happened.PBX_LEFT:
            self._accounts.pop(str(event.fields.get("aor")), None)

    def of(self, aor: str) -> tuple[Event, ...]:
        """Return what happened to an account at its PBX, oldest first."""
        return tuple(self._accounts.get(aor, ()))

    def sentence(self, aor: str) -> str:
        """Say how an account stands at its PBX; empty when it is at none, or nothing was heard of it yet."""
        reach = self._tenants.get(aor.rpartition("@")[2])
        if reach is not None and not reach.is_up:
            return f"the PBX cannot be reached: {reach.reason}"
        events = self._accounts.get(aor)
        return str(events[-1].fields.get("reason") or "") if events else ""

    def checks(self) -> Iterator[Check]:
        """Judge each PBX, and what it says of the accounts that it does not serve as it should."""
        for tenant, reach in sorted(self._tenants.items()):
            name = f"pbx {tenant}"
            if reach.is_up:
                yield Check(name=name, verdict=Verdict.OK, cause="the PBX is reached")
            else:
                mend = "see to the PBX and to `tenant.pbx` in the configuration"
                cause = f"the PBX cannot be reached: {reach.reason}"
                yield Check(name=name, verdict=Verdict.FAIL, cause=cause, mend=mend)
        yield from self._of_accounts()

    def _of_accounts(self) -> Iterator[Check]:
        """Put accounts with the same trouble together: a thousand lines say no more than one."""
        troubled: dict[tuple[str, Happened, str], list[str]] = {}
        for aor, events in self._accounts.items():
            last = events[-1]
            if last.what is not Happened.PBX_REGISTERED:
                key = (aor.rpartition("@")[2], last.what, str(last.fields.get("reason")))
                troubled.setdefault(key, []).append(aor)
        for (tenant, what, reason), accounts in sorted(troubled.items(), key=lambda item: str(item[0])):
            more = f" and {len(accounts) - 1} more" if len(accounts) > 1 else ""
            cause = f"{accounts[0]}{more}: {reason}"
            yield Check(name=f"accounts {tenant}", verdict=Verdict.WARN, cause=cause, mend=_MENDS[what])
