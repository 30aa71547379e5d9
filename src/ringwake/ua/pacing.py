"""Which accounts may REGISTER at their PBX now: one while it is gone, and no storm when it is back.

Those come first that were called last. There is one pacing for each PBX. A PBX that was gone may have lost all
bindings, so all its accounts are registered anew, spread over a window. Nothing here looks at all accounts: every step
costs O(log n), and an outage at most O(1) for each account that was registered since the last one.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeAlias

from ringwake.model.ports import Ids
from ringwake.sip.timers import Deadlines
from ringwake.ua.pbx_probe import Probe

# Seconds of slots that a late timer has missed and that are made up for. More would be a burst.
_SLACK = 0.1
_Queue: TypeAlias = OrderedDict[str, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast."""

    rate: float = 10.0
    """REGISTERs a second, unless `window` or `hold` needs more."""
    window: float = 50.0
    """Seconds over which accounts are spread after an outage: all are back within a minute, answers included."""
    longest_gap: float = 1.0
    """Seconds between two of them: a few accounts do not need the whole window."""
    hold: float = 5.0
    """Seconds in which refreshes that fall due together have all left."""


class Pacing:
    """The accounts of one PBX."""

    __slots__ = (
        "_burst",
        "_done",
        "_due",
        "_free_at",
        "_heard_at",
        "_ids",
        "_pace",
        "_probe",
        "_ready",
        "_round",
        "_round_at",
        "_sent_at",
        "_tried",
        "_turn",
        "_waiting",
    )

    def __init__(self, ids: Ids, pace: Pace | None = None, probe: Probe | None = None) -> None:
        """Begin as after an outage.

        Args:
            ids: for the jitter.
            pace: how fast.
            probe: how patiently.
        """
        self._ids = ids
        self._pace = pace or Pace()
        self._probe = probe or Probe()
        self._waiting: _Queue = OrderedDict()  # to be registered anew; the one called last stands last
        self._done: _Queue = OrderedDict()  # others that an outage concerns, in the same order
        self._tried: _Queue = OrderedDict()  # probes that failed
        self._ready: _Queue = OrderedDict()  # refreshes that are due, first come first served
        self._due: Deadlines[str] = Deadlines()
        self._sent_at: dict[str, float] = {}
        self._heard_at = float("-inf")
        self._free_at = float("-inf")
        self._round_at = float("-inf")
        self._round = 0  # how many were in `_waiting` at most, since it was empty
        self._burst = 0  # likewise in `_ready`
        self._turn = False

    @property
    def is_up(self) -> bool:
        """Whether the PBX answers, as far as is known."""
        return self._probe.is_up

    @property
    def waiting(self) -> int:
        """How many accounts are still to be registered anew."""
        return len(self._waiting) + len(self._tried)

    # ---- accounts

    def add(self, account: str) -> None:
        """Take an account that is to be registered: at start, or when it is made."""
        if account not in self._tried:
            self._wait(account)

    def plan(self, account: str, at: float | None, *, is_renewable: bool = True) -> None:
        """Say when an account wants to REGISTER by itself; also when it was taken and then did not send.

        Args:
            account: which is known by now, or new.
            at: monotonic seconds; None for never.
            is_renewable: whether to register it anew after an outage.
        """
        if self._sent_at.pop(account, None) is not None and account == self._probe.account:
            self._probe.account = ""
        self._ready.pop(account, None)
        if account in self._waiting or account in self._tried:
            return
        if at is None:
            self._due.drop(account)
        else:
            self._due.set(account, at)
        if is_renewable:
            self._settle(account)
        else:
            self._done.pop(account, None)

    def drop(self, account: str) -> None:
        """Forget an account."""
        self._release(account)
        self._done.pop(account, None)
        self._sent_at.pop(account, None)
        if account == self._probe.account:
            self._probe.account = ""

    def called(self, account: str) -> None:
        """Take note that somebody wanted to reach an account: it comes first next time."""
        for queue in (self._waiting, self._done):
            if account in queue:
                queue.move_to_end(account)

    # ---- sending

    def take(self, now: float) -> tuple[str, ...]:
        """Return the accounts that are to REGISTER now. Of each it is told `answered`, `failed`, `busy` or `plan`."""
        while (due := self._due.pop_due(now)) is not None:
            if due not in self._waiting and due not in self._tried:
                self._ready[due] = None
                self._burst = max(self._burst, len(self._ready)) if len(self._ready) > 1 else 1
        taken = []
        while (account := self._next(now)) is not None:
            self.sent(account, now)
            taken.append(account)
        return tuple(taken)

    def sent(self, account: str, now: float) -> None:
        """Take note that an account has sent a REGISTER, taken or not: a phone's own does not wait here."""
        self._release(account)
        self._sent_at[account] = now

    def get_timer(self) -> float | None:
        """Return when to `take` again."""
        due = self._due.first()
        if not self._probe.is_up:
            some = self._waiting or self._ready or self._tried
            first = self._probe.at if some else due
            return None if first is None or self._probe.account else max(first, self._probe.at)
        times = [self._free_at] if self._ready else []
        times += [max(self._free_at, self._round_at)] if self._waiting else []
        times += [max(self._free_at, due)] if due is not None else []
        return min(times, default=None)

    # ---- what comes of it

    def answered(self, account: str, now: float) -> None:
        """Take note that the PBX has answered an account's REGISTER, whatever it said but 503."""
        self._sent_at.pop(account, None)
        self._heard_at = now
        self._settle(account)
        if not self._probe.is_up:
            self._probe.succeed()
            self._tried.pop(account, None)
            for each in self._tried:
                self._waiting[each] = None
            self._tried.clear()
            self._round, self._round_at, self._free_at = len(self._waiting), now, now

    def failed(self, account: str, now: float) -> None:
        """Take note that the PBX has not answered an account's REGISTER.

        If it has answered others since, the trouble is the account's own: it is up to its own back-off.
        """
        sent_at = self._sent_at.pop(account, now)
        if account == self._probe.account:
            self._tried[account] = None
            self._probe.fail(now, self._chance())
        elif self._probe.is_up and self._heard_at < sent_at:
            self._settle(account)
            self.lost(now)
            self._waiting.move_to_end(account, last=False)  # or it would be the next probe, too
        elif self._probe.is_up:
            self._settle(account)
        else:
            self._wait(account, is_last=True)

    def busy(self, account: str, now: float, seconds: float) -> None:
        """Take note of a 503: the PBX knows its bindings, and wants nothing of anybody for some seconds."""
        self._sent_at.pop(account, None)
        self._heard_at = now
        if account == self._probe.account:
            self._tried[account] = None
        else:
            self._wait(account, is_last=True)
        self._probe.fail(now, self._chance(), least=seconds)

    def lost(self, now: float) -> None:
        """Take note that the PBX is gone, or the way to it: all accounts are to be registered anew."""
        if not self._waiting:
            self._waiting, self._done = self._done, self._waiting
        for account in self._done:  # were released in this round already, so they were called later than the others
            self._waiting[account] = None
        self._done.clear()
        for account in [each for each in self._ready if each in self._waiting]:
            del self._ready[account]
        if self._probe.is_up:
            self._probe.lose(now)

    def heard(self, now: float) -> None:
        """Take note of a sign of life from the PBX that is no answer to a REGISTER, or of a new connection to it."""
        self._heard_at = now
        self._probe.hurry(now)

    # ---- inside

    def _next(self, now: float) -> str | None:
        if not self._probe.is_up:
            return self._next_probe(now)
        if self._free_at > now:
            return None
        in_round = bool(self._waiting) and self._round_at <= now
        if not in_round and not self._ready:
            return None
        step = self._step()
        self._free_at = max(self._free_at, now - _SLACK) + step
        self._turn = in_round and not (self._ready and self._turn)
        if not self._turn:
            return next(iter(self._ready))
        gap = min(self._pace.longest_gap, self._pace.window / self._round) * (0.5 + self._chance() / 2)
        self._round_at = max(self._round_at, now - _SLACK) + gap
        return next(reversed(self._waiting))

    def _step(self) -> float:
        """Return the seconds that one REGISTER takes up: as many as leave time for all that wait.

        That is told by how many they were, not by how many are left, or the last ones would be slow.
        """
        steps = [1 / self._pace.rate]
        steps += [self._pace.hold / self._burst] if self._ready else []
        steps += [self._pace.window / self._round] if self._waiting else []
        return min(steps)

    def _next_probe(self, now: float) -> str | None:
        if not self._probe.may_leave(now):
            return None
        account = next(reversed(self._waiting), None) or next(iter(self._ready), None) or next(iter(self._tried), None)
        self._probe.account = account or ""
        return account

    def _wait(self, account: str, *, is_last: bool = False) -> None:
        if account not in self._waiting:
            self._waiting[account] = None
            self._waiting.move_to_end(account, last=not is_last)
            waiting = len(self._waiting)
            self._round = max(self._round, waiting) if waiting > 1 else 1
        self._done.pop(account, None)
        self._ready.pop(account, None)

    def _settle(self, account: str) -> None:
        """Have an account registered anew after the next outage, after those that are known to be called."""
        if account not in self._done and account not in self._waiting:
            self._done[account] = None
            self._done.move_to_end(account, last=False)

    def _release(self, account: str) -> None:
        self._due.drop(account)
        for queue in (self._waiting, self._ready, self._tried):
            queue.pop(account, None)

    def _chance(self) -> float:
        return int(self._ids.hex(4), 16) / 0xFFFF
