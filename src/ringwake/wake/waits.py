"""The phones that one call waits for, found by phone and by branch."""

from __future__ import annotations

from collections.abc import Iterator

from ringwake.model.binding import Binding
from ringwake.proxy.branch import BranchState
from ringwake.proxy.forking import ResponseContext
from ringwake.wake.wait import Wait


class Waits:
    """All waits of one call. Each branch of its context has one, once its phone's turn has come."""

    def __init__(self, context: ResponseContext) -> None:
        self._context = context
        self._by_phone: dict[str, Wait] = {}
        self.wake_until = 0.0
        """Until when a phone is waited for that nobody had planned with."""

    def __iter__(self) -> Iterator[Wait]:
        return iter(tuple(self._by_phone.values()))

    def __len__(self) -> int:
        return len(self._by_phone)

    def get(self, phone: str) -> Wait | None:
        """Return the wait for a phone."""
        return self._by_phone.get(phone)

    def of(self, binding: Binding) -> Wait:
        """Return the wait for the phone of a binding; it begins when there is none."""
        return self._by_phone.setdefault(binding.phone, Wait(binding, wake_until=self.wake_until))

    def of_branch(self, branch_id: str) -> Wait | None:
        """Return the wait for the phone of a branch."""
        return next((self._by_phone[b.device] for b in self._context.branches if b.id == branch_id), None)

    def silent(self) -> list[Wait]:
        """Return the waits for phones that have said nothing yet, asleep or not."""
        open_ones = (b for b in self._context.branches if b.state is not BranchState.DONE and not b.has_answered)
        return [self._by_phone[b.device] for b in open_ones if b.device in self._by_phone]

    def stop_pushing(self) -> None:
        """Push to none of them any more."""
        for wait in self:
            wait.stop_pushing()

    def timers(self) -> list[float]:
        """Return when something is due."""
        return [at for wait in self for at in wait.timers()] + [wait.silent_until for wait in self.silent()]
