"""The truth, in memory: every store applies its operations here, and only the journal behind it differs.

No I/O, no clock. `apply` is one atomic step: it answers at once, and says which rows to write and how to go back.
Results never depend on the order of a set, a dict or a heap, so that all stores give the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, KeysView
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, assert_never, cast

from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.push import Kind
from ringwake.model.store_ops import (
    CancelCall,
    Finish,
    ForgetToken,
    Invite,
    KeepMessage,
    Kept,
    ListAccounts,
    ListBindings,
    MessageDone,
    Op,
    OutOfOrder,
    Park,
    Parked,
    PutAccount,
    PutSubscription,
    Recover,
    Recovered,
    Refreshed,
    Register,
    Registered,
    RemoveAccount,
    Sweep,
    TakeDue,
)
from ringwake.model.stored_message import StoredMessage
from ringwake.registrar.merge import merge
from ringwake.store.accounts import Accounts
from ringwake.store.bindings import Bindings
from ringwake.store.calls import Calls
from ringwake.store.changes import Changes
from ringwake.store.messages import Messages
from ringwake.store.rows import Letter, Row, Subscription, Value
from ringwake.store.subscriptions import Subscriptions, has_token, with_keys

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
    """Bindings, subscriptions, calls, messages and accounts."""

    def __init__(self) -> None:
        self._bindings = Bindings()
        self._subscriptions = Subscriptions()
        self._calls = Calls()
        self._messages = Messages()
        self._accounts = Accounts()
        self._serial = 0
        # The result type of each step is that of its operation: `apply` says so, mypy cannot.
        self._steps: dict[type, Callable[[Any, Changes], object]] = {
            Register: self._register,
            PutSubscription: self._put_subscription,
            ForgetToken: self._forget_token,
            TakeDue: self._take_due,
            Refreshed: self._refreshed,
            ListBindings: self._list_bindings,
            Sweep: self._sweep,
            Park: self._park,
            Invite: self._invite,
            CancelCall: self._cancel_call,
            Finish: self._finish,
            Recover: self._recover,
            KeepMessage: self._keep_message,
            MessageDone: self._message_done,
            PutAccount: self._put_account,
            RemoveAccount: self._remove_account,
            ListAccounts: self._list_accounts,
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
                case Binding():
                    self._bindings.load(value)
                case Subscription():
                    self._subscriptions.load(value)
                    self._serial = max(self._serial, value.serial)
                case CallRecord():
                    self._calls.load(value)
                case Letter():
                    self._messages.load(value)
                    self._serial = max(self._serial, value.serial)
                case Account():
                    self._accounts.load(value)
                case _:
                    assert_never(value)
        # A binding whose row could not be read comes back under a new id: its messages must not wait for the old one.
        for aor in self._messages.aors():
            self._messages.leave(Changes(), aor, self._messages.waited_for(aor) - _phones(self._bindings.at(aor)))

    # ---- registrations

    def _register(self, op: Register, changes: Changes) -> Registered | OutOfOrder:
        """Merge, and hand out what waits for the touched bindings.

        The calls are returned as they were before this REGISTER: a binding that stands in `invited` was sent the
        INVITE earlier, one that does not is noted in this same step and is the caller's to send to.
        """
        known = self._bindings.at(op.aor)
        merged = merge(known, op)
        if isinstance(merged, OutOfOrder):
            return merged
        calls = self._calls.at(op.aor, op.wall)
        if not op.contacts and not op.remove_all:
            return Registered(merged.bindings, calls=calls)
        touched = tuple(self._subscriptions.join(binding) for binding in merged.touched)
        bindings = {binding.id: binding for binding in (*merged.bindings, *touched)}
        self._bindings.put(changes, op.aor, bindings.values())
        self._messages.leave(changes, op.aor, _phones(known) - _phones(bindings.values()))
        phones = tuple(_phones(touched))
        for call in calls:
            self._calls.invite(changes, call, phones)
        messages = self._messages.waiting_for(op.aor, phones, op.wall)
        return Registered(self._bindings.at(op.aor), touched, calls, messages)

    def _put_subscription(self, op: PutSubscription, changes: Changes) -> bool:
        bindings = self._bindings.at(op.aor)
        targets = [binding.push for binding in bindings if binding.push]
        in_use = {token.digest for target in targets for _, token in target.tokens}
        self._serial += 1
        subscription = Subscription(aor=op.aor, digest=op.digest, keys=op.keys, serial=self._serial)
        self._subscriptions.put(changes, subscription, in_use)
        if op.digest not in in_use:
            return False
        self._bindings.put(changes, op.aor, [with_keys(binding, op.digest, op.keys) for binding in bindings])
        return True

    def _forget_token(self, op: ForgetToken, changes: Changes) -> tuple[Binding, ...]:
        lost: list[Binding] = []
        for aor in self._bindings.with_token(op.digest):
            bindings = {binding.id: binding for binding in self._bindings.at(aor)}
            for binding in bindings.values():
                target = binding.push
                if target is not None and has_token(target, op.digest) and binding.registered_at <= op.dead_at:
                    lost.append(_without_token(binding, op.digest))
            bindings |= {binding.id: binding for binding in lost if binding.aor == aor}
            self._bindings.put(changes, aor, bindings.values())
        return tuple(lost)

    def _take_due(self, op: TakeDue, changes: Changes) -> tuple[Binding, ...]:
        taken: list[Binding] = []
        while len(taken) < op.limit and (due := self._bindings.next_due(op.wall)) is not None:
            taken.append(replace(due, refresh_at=op.wall + op.lease))
            self._replace_binding(changes, taken[-1])
        return tuple(taken)

    def _refreshed(self, op: Refreshed, changes: Changes) -> None:
        for binding in self._bindings.at(op.aor):
            if binding.id == op.binding and binding.registered_at == op.registered_at:
                put_off = replace(binding, refresh_tries=op.tries, refresh_at=op.refresh_at)
                self._replace_binding(changes, put_off)

    def _list_bindings(self, op: ListBindings, _: Changes) -> tuple[Binding, ...]:
        aors = self._bindings.aors() if op.aor is None else (op.aor,)
        return tuple(binding for aor in aors for binding in self._bindings.current(aor, op.wall))

    def _sweep(self, op: Sweep, changes: Changes) -> int:
        dropped = 0
        while dropped < op.limit and (expired := self._bindings.next_expired(op.wall)) is not None:
            left = [binding for binding in self._bindings.at(expired.aor) if binding.id != expired.id]
            self._bindings.put(changes, expired.aor, left)
            self._messages.leave(changes, expired.aor, _phones([expired]) - _phones(left))
            dropped += 1
        for part in (self._messages, self._calls):
            while dropped < op.limit and part.remove_expired(changes, op.wall):
                dropped += 1
        return dropped

    def _replace_binding(self, changes: Changes, binding: Binding) -> None:
        others = (known for known in self._bindings.at(binding.aor) if known.id != binding.id)
        self._bindings.put(changes, binding.aor, (*others, binding))

    # ---- calls

    def _park(self, op: Park, changes: Changes) -> Parked:
        self._calls.park(changes, op.call)
        return Parked(self._bindings.current(op.call.aor, op.call.received_at))

    def _invite(self, op: Invite, changes: Changes) -> bool:
        call = self._calls.get(op.call)
        if call is None:
            return False
        self._calls.invite(changes, call, op.bindings)
        return True

    def _cancel_call(self, op: CancelCall, changes: Changes) -> bool:
        call = self._calls.get(op.call)
        if call is None:
            return False
        self._calls.cancel(changes, call)
        return True

    def _finish(self, op: Finish, changes: Changes) -> bool:
        call = self._calls.get(op.call)
        if call is None:
            return False
        self._calls.finish(changes, call)
        return True

    def _recover(self, op: Recover, _: Changes) -> Recovered:
        # Also those for which it is too late: their callers still wait for a final answer.
        calls = self._calls.everywhere()
        found = tuple((call, self._bindings.current(call.aor, op.wall)) for call in calls)
        return Recovered(found, tuple(self._awaited(op.wall)))

    def _awaited(self, wall: float) -> Iterator[tuple[StoredMessage, tuple[Binding, ...]]]:
        for message in self._messages.everywhere(wall):
            bindings = self._bindings.current(message.aor, wall)
            if phones := tuple(binding for binding in bindings if binding.phone in message.waiting):
                yield message, phones

    # ---- messages

    def _keep_message(self, op: KeepMessage, changes: Changes) -> Kept:
        bindings = self._bindings.current(op.message.aor, op.message.received_at)
        known = self._messages.get(op.message.id)
        if known is not None:
            return Kept(known, bindings)
        self._serial += 1
        message = replace(op.message, waiting=tuple(_phones(bindings)))
        self._messages.keep(changes, message, self._serial)
        return Kept(message, bindings)

    def _message_done(self, op: MessageDone, changes: Changes) -> bool:
        return self._messages.done(changes, op.message, op.binding)

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
        self._bindings.put(changes, op.aor, ())
        self._subscriptions.remove(changes, op.aor)
        return True

    def _list_accounts(self, op: ListAccounts, _: Changes) -> tuple[Account, ...]:
        return self._accounts.of(op.tenant)


def _phones(bindings: Iterable[Binding]) -> KeysView[str]:
    """Return whose bindings these are, in order and each once: a phone may have several flows (RFC 5626)."""
    return dict.fromkeys(binding.phone for binding in bindings).keys()


def _without_token(binding: Binding, digest: str) -> Binding:
    assert binding.push is not None
    left = tuple((service, token) for service, token in binding.push.tokens if token.digest != digest)
    target = replace(binding.push, tokens=left) if left else None
    # A phone that has only a VoIP token left gets no silent push.
    refresh_at = binding.refresh_at if target and target.vehicle(Kind.REFRESH) else None
    return replace(binding, push=target, refresh_at=refresh_at)
