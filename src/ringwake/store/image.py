"""The truth, in memory: every store applies its operations here, and only the journal behind it differs.

No I/O, no clock. `apply` is one atomic step: it answers at once, and says which rows to write and how to go back.
Results never depend on the order of a set, a dict or a heap, so that all stores give the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, assert_never, cast

from ringwake.model.account import Account, Aor
from ringwake.model.account_ops import ForgetLogins, ListAccounts, PutAccount, RemoveAccount
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.history import Outcome
from ringwake.model.history_ops import Log
from ringwake.model.message_ops import KeepMessage, Kept, MailboxFull, MessageDone
from ringwake.model.store_ops import (
    CancelCall,
    Decline,
    Finish,
    Finished,
    Invite,
    Op,
    Park,
    Parked,
    Recover,
    Recovered,
    Register,
    Registered,
    RegisterRefusal,
    Sweep,
)
from ringwake.model.stored_message import StoredMessage
from ringwake.model.upload import Upload
from ringwake.store.accounts import Accounts
from ringwake.store.bindings import Bindings, phones_of
from ringwake.store.calls import Calls
from ringwake.store.changes import Changes, Steps
from ringwake.store.choices import Choices
from ringwake.store.history import History
from ringwake.store.messages import Messages
from ringwake.store.once import Once
from ringwake.store.registrations import Registrations
from ringwake.store.rows import Choice, Letter, Line, Row, Subscription, Used, Value
from ringwake.store.serial import Serial
from ringwake.store.subscriptions import Subscriptions

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Step(Generic[R]):
    """An operation that was applied."""

    result: R
    rows: list[Row]
    """What the journal writes; empty when nothing was changed."""
    undo: Callable[[], None]
    """Puts the image back. Steps are undone in reverse order, each once."""


class Image:
    """Bindings, subscriptions, uploads, calls, messages, accounts, histories and settings."""

    def __init__(self) -> None:
        self._bindings = Bindings()
        self._subscriptions = Subscriptions()
        self._calls = Calls()
        self._messages = Messages()
        self._accounts = Accounts()
        self._history = History()
        self._choices = Choices()
        self._once = Once()
        self._serial = Serial()
        self._registrations = registrations = Registrations(
            self._bindings, self._subscriptions, self._serial, calls=self._calls, messages=self._messages
        )
        # The result type of each step is that of its operation: `apply` says so, mypy cannot.
        self._steps: Steps = {
            Register: self._register,
            Sweep: self._sweep,
            Park: self._park,
            Invite: self._invite,
            Decline: self._decline,
            CancelCall: self._cancel_call,
            Finish: self._finish,
            Recover: self._recover,
            KeepMessage: self._keep_message,
            MessageDone: self._message_done,
            PutAccount: self._put_account,
            RemoveAccount: self._remove_account,
            ForgetLogins: self._forget_logins,
            ListAccounts: self._list_accounts,
            Log: self._log,
            **registrations.steps,
            **self._history.steps,
            **self._choices.steps,
            **self._once.steps,
        }

    def apply(self, op: Op[R]) -> Step[R]:
        """Apply an operation: all of it, or nothing when it raises."""
        changes = Changes()
        try:
            result = self._steps[type(op)](op, changes)
        except BaseException:
            changes.undo()
            raise
        return Step(cast("R", result), changes.rows, changes.undo)

    def load(self, values: Iterable[Value]) -> None:
        """Fill an empty image with what an earlier life has left."""
        for value in values:
            match value:
                case Binding() | Subscription() | Upload():
                    self._registrations.load(value)
                case CallRecord():
                    self._calls.load(value)
                case Letter():
                    self._messages.load(value)
                    self._serial.note(value.serial)
                case Account():
                    self._accounts.load(value)
                case Line():
                    self._history.load(value)
                    self._serial.note(value.serial)
                case Choice():
                    self._choices.load(value)
                case Used():
                    self._once.load(value)
                case _:
                    assert_never(value)
        self._history.loaded()
        # A binding whose row could not be read comes back under a new id: its messages must not wait for the old one.
        for aor in self._messages.aors():
            self._messages.leave(Changes(), aor, self._messages.waited_for(aor) - phones_of(self._bindings.at(aor)))

    # ---- all parts

    def _sweep(self, op: Sweep, changes: Changes) -> int:
        dropped = 0
        for remove in (
            self._remove_expired_binding,
            self._remove_expired_message,
            self._calls.remove_expired,
            self._history.remove_expired,
            self._once.remove_expired,
        ):
            while dropped < op.limit and remove(changes, op.wall):
                dropped += 1
        return dropped

    def _remove_expired_binding(self, changes: Changes, wall: float) -> bool:
        expired = self._registrations.remove_expired(changes, wall)
        if expired is not None:
            self._accounts.hear(changes, expired.aor, expired.registered_at, self._bound_at)
        return expired is not None

    def _remove_expired_message(self, changes: Changes, wall: float) -> bool:
        expired = self._messages.remove_expired(changes, wall)
        if expired is not None:
            self._history.became(changes, expired.listed_as, Outcome.EXPIRED, at=wall)
        return expired is not None

    def _register(self, op: Register, changes: Changes) -> Registered | RegisterRefusal:
        result = self._registrations.register(op, changes)
        if isinstance(result, Registered) and (op.contacts or op.remove_all):
            self._accounts.hear(changes, op.aor, op.wall, self._bound_at)
        return result

    def _bound_at(self, aor: Aor) -> float:
        return max((binding.registered_at for binding in self._bindings.at(aor)), default=0.0)

    # ---- calls

    def _park(self, op: Park, changes: Changes) -> Parked:
        self._calls.park(changes, op.call)
        return Parked(self._bindings.current(op.call.aor, op.call.received_at), self._history.unread(op.call.aor))

    def _invite(self, op: Invite, changes: Changes) -> bool:
        call = self._calls.get(op.call)
        if call is None:
            return False
        self._calls.invite(changes, call, op.bindings)
        return True

    def _decline(self, op: Decline, changes: Changes) -> bool:
        call = self._calls.get(op.call)
        if call is None:
            return False
        self._calls.decline(changes, call, op.phone, op.status)
        return True

    def _cancel_call(self, op: CancelCall, changes: Changes) -> bool:
        call = self._calls.get(op.call)
        if call is None:
            return False
        self._calls.cancel(changes, call)
        return True

    def _finish(self, op: Finish, changes: Changes) -> Finished:
        call = self._calls.get(op.call)
        if call is not None:
            self._calls.finish(changes, call)
        # A call that could not be written down when it came is listed nevertheless; one that has ended stays as it is.
        is_new = not call.is_unlisted if call else op.entry is not None and not self._history.knows(op.entry.id)
        if op.entry is not None and is_new:
            self._log(Log(self._history.joined(op.entry) if call and call.only else op.entry), changes)
        aor = call.aor if call else op.entry.aor if op.entry else None
        return Finished(was_open=call is not None, unread=self._history.unread(aor) if aor else 0)

    def _recover(self, op: Recover, _: Changes) -> Recovered:
        # Also those for which it is too late: their callers still wait for a final answer.
        calls = self._calls.everywhere()
        found = tuple((call, self._bindings.current(call.aor, op.wall)) for call in calls)
        messages = tuple(self._awaited(op.wall))
        aors = {call.aor for call in calls} | {message.aor for message, _ in messages}
        unread = tuple((aor, count) for aor in sorted(aors) if (count := self._history.unread(aor)))
        return Recovered(found, messages, unread)

    def _awaited(self, wall: float) -> Iterator[tuple[StoredMessage, tuple[Binding, ...]]]:
        for message in self._messages.everywhere(wall):
            bindings = self._bindings.current(message.aor, wall)
            if phones := tuple(binding for binding in bindings if binding.phone in message.waiting):
                yield message, phones

    # ---- messages

    def _keep_message(self, op: KeepMessage, changes: Changes) -> Kept | MailboxFull:
        bindings = self._bindings.current(op.message.aor, op.message.received_at)
        known = self._messages.get(op.message.id)
        if known is not None:
            return Kept(known, bindings, self._history.unread(op.message.aor))
        if op.most is not None and self._messages.count(op.message.aor) >= op.most:
            return MailboxFull()
        message = replace(op.message, waiting=tuple(phones_of(one for one in bindings if one.is_meant(op.only))))
        self._messages.keep(changes, message, self._serial.next())
        # What has come for another phone already is what it has become there.
        if op.entry is not None and not (message.entry and self._history.knows(message.entry)):
            self._log(Log(op.entry), changes)
        return Kept(message, bindings, self._history.unread(message.aor))

    def _message_done(self, op: MessageDone, changes: Changes) -> bool:
        known = self._messages.get(op.message)
        if known is None or not self._messages.done(changes, op.message, op.binding):
            return False
        if op.status < 300 or self._messages.get(op.message) is None:
            outcome = Outcome.DELIVERED if op.status < 300 else Outcome.REFUSED
            self._history.became(changes, known.listed_as, outcome, at=op.wall, status=op.status)
        return True

    # ---- history

    def _log(self, op: Log, changes: Changes) -> int:
        self._history.log(changes, op.entry, self._serial.next())
        return self._history.unread(op.entry.aor)

    # ---- accounts

    def _put_account(self, op: PutAccount, changes: Changes) -> bool:
        is_new = self._accounts.get(op.account.aor) is None
        self._accounts.put(changes, op.account.aor, op.account)
        return is_new

    def _remove_account(self, op: RemoveAccount, changes: Changes) -> bool:
        if self._accounts.get(op.aor) is None:
            return False
        self._accounts.put(changes, op.aor, None)
        self._messages.remove(changes, op.aor)
        self._history.remove(changes, op.aor)
        self._calls.unlist(changes, op.aor)
        self._choices.remove(changes, op.aor)
        self._registrations.remove(changes, op.aor)
        return True

    def _forget_logins(self, op: ForgetLogins, changes: Changes) -> tuple[Account, ...]:
        return tuple(self._accounts.forget_logins(op, changes, self._bound_at))

    def _list_accounts(self, op: ListAccounts, _: Changes) -> tuple[Account, ...]:
        return self._accounts.of(op.tenant)
