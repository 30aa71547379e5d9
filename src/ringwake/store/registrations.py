"""The steps of registrations: what REGISTERs, dead tokens and the clock do to bindings, and to what waits for these."""

from __future__ import annotations

from dataclasses import replace

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.store_ops import (
    ListBindings,
    PutSubscription,
    Refreshed,
    Register,
    Registered,
    RegisterRefusal,
    StrangeToken,
    TakeDue,
    TooManyAccounts,
)
from ringwake.model.token_claims import TokenClaims
from ringwake.model.token_ops import ForgetToken, Forgotten, RestoreTokens
from ringwake.model.upload import PutUpload, RemoveUpload, Upload
from ringwake.registrar.merge import Merged, merge
from ringwake.registrar.token_claim import MAX_ACCOUNTS, shares_token
from ringwake.registrar.uploaded import bound_at_once, is_doubted, with_uploads
from ringwake.store.bindings import Bindings, phones_of
from ringwake.store.calls import Calls
from ringwake.store.changes import Changes, Steps
from ringwake.store.lost_tokens import (
    is_bare,
    is_missed,
    is_spoken_of,
    target_without,
    upload_again,
    with_token_again,
    without_token,
)
from ringwake.store.messages import Messages
from ringwake.store.rows import Subscription
from ringwake.store.serial import Serial
from ringwake.store.subscriptions import Subscriptions, with_keys
from ringwake.store.uploads import Uploads


class Registrations:
    """Bindings, subscriptions and uploads, and the calls and messages that a registration sets free."""

    def __init__(
        self, bindings: Bindings, subscriptions: Subscriptions, serial: Serial, *, calls: Calls, messages: Messages
    ) -> None:
        self._bindings = bindings
        self._subscriptions = subscriptions
        self._uploads = Uploads()
        self._serial = serial
        self._calls = calls
        self._messages = messages

    @property
    def steps(self) -> Steps:
        """Operations that concern nothing else; an account hears of `Register`, too."""
        return {
            PutSubscription: self.put_subscription,
            PutUpload: self.put_upload,
            RemoveUpload: self.remove_upload,
            ForgetToken: self.forget_token,
            RestoreTokens: self.restore_tokens,
            TakeDue: self.take_due,
            Refreshed: self.refreshed,
            ListBindings: self.all_current,
        }

    def register(self, op: Register, changes: Changes) -> Registered | RegisterRefusal:
        """Merge, and hand out what waits for the touched bindings.

        The calls are returned as they were before this REGISTER: a binding that stands in `invited` was sent the
        INVITE earlier, one that does not is noted in this same step and is the caller's to send to.
        """
        known = self._bindings.at(op.aor)
        op = with_uploads(op, self._uploads.at(op.aor), known)
        merged = merge(known, op, self._peers(op))
        if not isinstance(merged, Merged):
            return merged
        calls = self._calls.at(op.aor, op.wall)
        if not op.contacts and not op.remove_all:
            return Registered(merged.bindings, calls=calls)
        touched = tuple(self._subscriptions.join(binding) for binding in merged.touched)
        bindings = {binding.id: binding for binding in (*merged.bindings, *touched)}
        self._bindings.put(changes, op.aor, bindings.values())
        for peer in merged.peers:
            self._replace(changes, peer)
        self._messages.leave(changes, op.aor, phones_of(known) - phones_of(bindings.values()))
        phones = tuple(phones_of(touched))
        for call in calls:
            self._calls.invite(changes, call, phones)
        messages = self._messages.waiting_for(op.aor, phones, op.wall)
        challenged = tuple(
            each._replace(push=self._subscriptions.joined(op.aor, each.push)) for each in merged.challenged
        )
        return Registered(self._bindings.at(op.aor), touched, calls, messages, merged.shared, challenged)

    def put_subscription(self, op: PutSubscription, changes: Changes) -> bool:
        """Keep the keys, and give them to the bindings that have the endpoint."""
        bindings = self._bindings.at(op.aor)
        targets = [binding.push for binding in bindings if binding.push]
        in_use = {token.digest for target in targets for _, token in target.tokens}
        subscription = Subscription(aor=op.aor, digest=op.digest, keys=op.keys, serial=self._serial.next())
        self._subscriptions.put(changes, subscription, in_use)
        if op.digest not in in_use:
            return False
        self._bindings.put(changes, op.aor, [with_keys(binding, op.digest, op.keys) for binding in bindings])
        return True

    def put_upload(self, op: PutUpload, changes: Changes) -> bool | TooManyAccounts | StrangeToken:
        """Keep the target, and give it to the phone if that is bound; the same again changes nothing."""
        upload = op.upload
        tokens = [token for _, token in upload.push.tokens]
        aors = {aor for token in tokens for aor in self._bindings.with_token(token.digest)}
        if upload.aor not in aors and len(aors) >= MAX_ACCOUNTS:
            return TooManyAccounts()
        if op.claims is not TokenClaims.ALLOW:
            others = (known for aor in sorted(aors) for known in self._bindings.current(aor, upload.at))
            if is_doubted(upload, others):
                return StrangeToken()
        before = self._uploads.find(upload.aor, upload.instance)
        if before is None or before.push != upload.push:
            self._uploads.put(changes, upload)
            for binding in bound_at_once(upload, before, self._bindings.at(upload.aor)):
                self._replace(changes, self._subscriptions.join(binding))
        current = self._bindings.current(upload.aor, upload.at)
        return any(shares_token(binding.push, upload.push) for binding in current)

    def remove_upload(self, op: RemoveUpload, changes: Changes) -> bool:
        """Take the target back, also one that is dead: then nobody puts it back either."""
        upload = self._uploads.find(op.aor, op.instance)
        if upload is None:
            for binding in self._bindings.at(op.aor):
                if is_bare(binding, op.instance):
                    self._replace(changes, replace(binding, dead_token=None))
            return False
        self._uploads.drop(changes, upload)
        for binding in self._bindings.at(op.aor):
            if shares_token(binding.push, upload.push):
                self._replace(changes, replace(binding, push=None, refresh_at=None, dead_token=None))
        return True

    def forget_token(self, op: ForgetToken, changes: Changes) -> Forgotten:
        """Take the token from all that had it before it died."""
        bindings: list[Binding] = []
        uploads: list[Upload] = []
        for aor in self._bindings.with_token(op.digest):
            having = [known for known in self._uploads.at(aor) if is_spoken_of(known.push, op)]
            is_newer = op.is_timed and any(known.at > op.dead_at for known in having)
            known = {binding.id: binding for binding in self._bindings.at(aor)}
            lost = [b for b in known.values() if is_spoken_of(b.push, op)]
            lost = [b for b in lost if b.registered_at <= op.dead_at and not is_newer]
            bindings += lost
            self._bindings.put(changes, aor, (known | {b.id: without_token(b, op.digest) for b in lost}).values())
            for upload in having:
                if upload.at <= op.dead_at:
                    uploads.append(upload)
                    self._forget_upload(changes, upload, op.digest)
        return Forgotten(digest=op.digest, bindings=tuple(bindings), uploads=tuple(uploads))

    def restore_tokens(self, op: RestoreTokens, changes: Changes) -> tuple[Binding, ...]:
        """Put tokens back where nothing has come since."""
        restored: list[Binding] = []
        for lost in reversed(op.forgotten):
            for before in lost.uploads:
                upload = self._uploads.find(before.aor, before.instance)
                if upload is None and not is_missed(before, lost.digest, self._bindings.at(before.aor)):
                    continue
                upload = upload_again(upload, before, lost.digest)
                if upload is not None:
                    self._uploads.put(changes, upload)
            for known in lost.bindings:
                now = next((binding for binding in self._bindings.at(known.aor) if binding.id == known.id), None)
                again = with_token_again(now, known, lost.digest) if now is not None else None
                if again is not None:
                    restored.append(self._subscriptions.join(again))
                    self._replace(changes, restored[-1])
        return tuple(restored)

    def take_due(self, op: TakeDue, changes: Changes) -> tuple[Binding, ...]:
        """Take those that have been due longest."""
        taken: list[Binding] = []
        while len(taken) < op.limit and (due := self._bindings.next_due(op.wall)) is not None:
            taken.append(replace(due, refresh_at=op.wall + op.lease))
            self._replace(changes, taken[-1])
        return tuple(taken)

    def refreshed(self, op: Refreshed, changes: Changes) -> None:
        """Note a try, unless the phone has registered since."""
        for binding in self._bindings.at(op.aor):
            if binding.id == op.binding and binding.registered_at == op.registered_at:
                self._replace(changes, replace(binding, refresh_tries=op.tries, refresh_at=op.refresh_at))

    def all_current(self, op: ListBindings, _: Changes) -> tuple[Binding, ...]:
        """Read what has not expired."""
        aors = self._bindings.aors() if op.aor is None else (op.aor,)
        return tuple(binding for aor in aors for binding in self._bindings.current(aor, op.wall))

    def remove_expired(self, changes: Changes, wall: float) -> Binding | None:
        """Remove the binding that expired first, and return it; None when none has."""
        expired = self._bindings.next_expired(wall)
        if expired is None:
            return None
        left = [binding for binding in self._bindings.at(expired.aor) if binding.id != expired.id]
        self._bindings.put(changes, expired.aor, left)
        self._messages.leave(changes, expired.aor, phones_of([expired]) - phones_of(left))
        return expired

    def remove(self, changes: Changes, aor: Aor) -> None:
        """Remove all that is registered at an AOR."""
        self._bindings.put(changes, aor, ())
        self._subscriptions.remove(changes, aor)
        self._uploads.remove(changes, aor)

    def load(self, value: Binding | Subscription | Upload) -> None:
        """Add what an earlier life has left."""
        match value:
            case Binding():
                self._bindings.load(value)
            case Upload():
                self._uploads.load(value)
            case _:
                self._subscriptions.load(value)
                self._serial.note(value.serial)

    def _peers(self, op: Register) -> list[Binding]:
        """Return the bindings of the other AORs where a token of this REGISTER is bound."""
        tokens = (token for contact in op.contacts if contact.push for _, token in contact.push.tokens)
        aors = {aor for token in tokens for aor in self._bindings.with_token(token.digest) if aor != op.aor}
        return [binding for aor in sorted(aors) for binding in self._bindings.at(aor)]

    def _forget_upload(self, changes: Changes, upload: Upload, digest: str) -> None:
        push = target_without(upload.push, digest)
        if push is None:
            self._uploads.drop(changes, upload)
        else:
            self._uploads.put(changes, replace(upload, push=push))

    def _replace(self, changes: Changes, binding: Binding) -> None:
        others = (known for known in self._bindings.at(binding.aor) if known.id != binding.id)
        self._bindings.put(changes, binding.aor, (*others, binding))
