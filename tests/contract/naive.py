"""The store's contract, written down once more in the simplest way: flat lists, no index, everything is a scan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import singledispatchmethod
from typing import Any

from tests.contract.naive_history import NaiveHistory

from ringwake.model.account import Account, Aor
from ringwake.model.account_ops import ForgetLogins, ListAccounts, PutAccount, RemoveAccount
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.history import Outcome
from ringwake.model.history_ops import Log
from ringwake.model.message_ops import KeepMessage, Kept, MailboxFull, MessageDone
from ringwake.model.push import PushTarget, Service, SubscriptionKeys
from ringwake.model.store_ops import (
    CancelCall,
    Decline,
    Finish,
    Finished,
    Invite,
    ListBindings,
    Park,
    Parked,
    PutSubscription,
    Recover,
    Recovered,
    Refreshed,
    Register,
    Registered,
    RegisterRefusal,
    StrangeToken,
    Sweep,
    TakeDue,
    TooManyAccounts,
)
from ringwake.model.stored_message import StoredMessage
from ringwake.model.token_claims import TokenClaims
from ringwake.model.token_ops import ForgetToken, Forgotten, RestoreTokens
from ringwake.model.upload import PutUpload, RemoveUpload, Upload
from ringwake.registrar.merge import Merged, merge
from ringwake.registrar.uploaded import bound_at_once, with_uploads

MAX_SUBSCRIPTIONS = 20
MAX_UPLOADS = MAX_ACCOUNTS = 10


@dataclass
class Mail:
    message: StoredMessage
    had: list[str] = field(default_factory=list)

    def is_for(self, binding: str) -> bool:
        waiting = self.message.waiting
        return binding in waiting if waiting else binding not in self.had


class Naive:
    """Applies operations to lists. What it does is meant to be seen to be right."""

    def __init__(self) -> None:
        self.bindings: list[Binding] = []
        self.subscriptions: list[tuple[Aor, str, SubscriptionKeys]] = []
        self.uploads: list[Upload] = []
        self.calls: list[CallRecord] = []
        self.mail: list[Mail] = []
        self.accounts: list[Account] = []
        self.history = NaiveHistory()

    @singledispatchmethod
    def apply(self, op: Any) -> Any:
        return self.history.apply(op)

    def at(self, aor: Aor, wall: float = -1.0) -> tuple[Binding, ...]:
        found = [b for b in self.bindings if b.aor == aor and b.expires_at > wall]
        return tuple(sorted(found, key=lambda b: (b.registered_at, b.id)))

    def keep(self, aor: Aor, bindings: list[Binding]) -> None:
        """Replace the bindings of an AOR; messages do not wait for what is gone."""
        left = {b.phone for b in bindings}
        gone = {b.phone for b in self.at(aor)} - left
        self.bindings = [b for b in self.bindings if b.aor != aor] + bindings
        for mail in self.mail:
            if mail.message.aor == aor:
                waiting = tuple(b for b in mail.message.waiting if b not in gone)
                mail.message = replace(mail.message, waiting=waiting)

    @apply.register
    def _(self, op: Register) -> Registered | RegisterRefusal:
        op = with_uploads(op, self.uploads_at(op.aor), self.at(op.aor))
        result = merge(self.at(op.aor), op, [b for b in self.bindings if b.aor != op.aor])
        if not isinstance(result, Merged):
            return result
        calls = sorted(
            (c for c in self.calls if c.aor == op.aor and c.wake_until > op.wall and not c.is_cancelled), key=_age
        )
        if not op.contacts and not op.remove_all:
            return Registered(result.bindings, calls=tuple(calls))
        touched = [self._with_keys(b, self.subscriptions) for b in result.touched]
        ids = [b.id for b in touched]
        self.keep(op.aor, [b for b in result.bindings if b.id not in ids] + touched)
        told = {(b.aor, b.id): b for b in result.peers}
        self.bindings = [told.get((b.aor, b.id), b) for b in self.bindings]
        phones = list(dict.fromkeys(b.phone for b in touched))
        for call in calls:
            new = tuple(p for p in phones if p not in call.invited)
            self.calls[self.calls.index(call)] = replace(call, invited=call.invited + new)
        self.heard(op.aor, op.wall)
        mail = [m for m in self.mail if m.message.aor == op.aor and m.message.expires_at > op.wall]
        messages = tuple(m.message for m in mail if any(m.is_for(p) for p in phones))
        challenged = tuple(c._replace(push=self._keyed(op.aor, c.push)) for c in result.challenged)
        return Registered(self.at(op.aor), tuple(touched), tuple(calls), messages, result.shared, challenged)

    def _keyed(self, aor: Aor, target: PushTarget) -> PushTarget:
        for owner, digest, keys in self.subscriptions:
            if owner == aor and digest in _digests(target):
                target = replace(target, keys=keys)
        return target

    def _with_keys(self, binding: Binding, known: list[tuple[Aor, str, SubscriptionKeys]]) -> Binding:
        for aor, digest, keys in known:
            if binding.push and aor == binding.aor and digest in [t.digest for _, t in binding.push.tokens]:
                binding = replace(binding, push=replace(binding.push, keys=keys))
        return binding

    @apply.register
    def _(self, op: PutSubscription) -> bool:
        mine = [s for s in self.subscriptions if s[0] == op.aor and s[1] != op.digest]
        others = [s for s in self.subscriptions if s[0] != op.aor]
        used = {t.digest for b in self.at(op.aor) if b.push for _, t in b.push.tokens}
        if len(mine) == MAX_SUBSCRIPTIONS:
            mine.remove(next(s for s in mine if s[1] not in used))
        new = (op.aor, op.digest, op.keys)
        self.subscriptions = [*others, *mine, new]
        self.bindings = [self._with_keys(b, [new]) for b in self.bindings]
        return op.digest in used

    def uploads_at(self, aor: Aor) -> list[Upload]:
        return sorted((u for u in self.uploads if u.aor == aor), key=lambda u: (u.at, u.instance))

    @apply.register
    def _(self, op: PutUpload) -> bool | TooManyAccounts | StrangeToken:
        new = op.upload
        holders = {b.aor for b in self.bindings if b.push and _digests(b.push) & _digests(new.push)}
        if new.aor not in holders and len(holders) >= MAX_ACCOUNTS:
            return TooManyAccounts()
        own = {d for b in self.at(new.aor, new.at) if b.push for d in _digests(b.push)}
        for b in self.bindings if op.claims is not TokenClaims.ALLOW else []:
            is_other = b.aor != new.aor and b.expires_at > new.at
            is_same_phone = bool(new.instance) and b.instance == new.instance
            if is_other and not is_same_phone and b.push and _digests(b.push) & (_digests(new.push) - own):
                return StrangeToken()
        mine = self.uploads_at(new.aor)
        before = next((u for u in mine if u.instance == new.instance), None)
        if before is None or before.push != new.push:
            self.keep_upload(new, before)
            for changed in bound_at_once(new, before, self.at(new.aor)):
                place = next(n for n, b in enumerate(self.bindings) if (b.aor, b.id) == (changed.aor, changed.id))
                self.bindings[place] = self._with_keys(changed, self.subscriptions)
        return any(b.push and _digests(b.push) & _digests(new.push) for b in self.at(new.aor, new.at))

    @apply.register
    def _(self, op: RemoveUpload) -> bool:
        found = [u for u in self.uploads if (u.aor, u.instance) == (op.aor, op.instance)]
        for upload in found:
            self.uploads.remove(upload)
            for n, b in enumerate(self.bindings):
                if b.aor == op.aor and b.push and _digests(b.push) & _digests(upload.push):
                    self.bindings[n] = replace(b, push=None, refresh_at=None, dead_token=None)
        for n, b in enumerate(self.bindings if not found else []):
            if b.aor == op.aor and b.push is None and op.instance in ("", b.instance):
                self.bindings[n] = replace(b, dead_token=None)
        return bool(found)

    @apply.register
    def _(self, op: ForgetToken) -> Forgotten:
        lost: list[Binding] = []
        seen = {b.aor for b in self.bindings if b.push and op.digest in _digests(b.push)}
        having = [u for u in self.uploads if u.aor in seen and _is_meant(u.push, op)]
        spared = {u.aor for u in having if op.is_timed and u.at > op.dead_at}
        dead = sorted((u for u in having if u.at <= op.dead_at), key=lambda u: (u.aor, u.at, u.instance))
        for upload in dead:
            pairs = tuple(pair for pair in upload.push.tokens if pair[1].digest != op.digest)
            self.uploads.remove(upload)
            if pairs:
                self.uploads.append(replace(upload, push=replace(upload.push, tokens=pairs)))
        for binding in sorted(self.bindings, key=lambda b: (b.aor, b.registered_at, b.id)):
            target = binding.push
            if target is None or binding.registered_at > op.dead_at or binding.aor in spared:
                continue
            left = tuple(pair for pair in target.tokens if pair[1].digest != op.digest)
            if not _is_meant(target, op):
                continue
            push = replace(target, tokens=left) if left else None
            again = binding.refresh_at if _may_refresh(push) else None
            bare = replace(binding, push=push, refresh_at=again, dead_token=target.app.provider)
            self.bindings[self.bindings.index(binding)] = bare
            lost.append(binding)
        return Forgotten(digest=op.digest, bindings=tuple(lost), uploads=tuple(dead))

    @apply.register
    def _(self, op: RestoreTokens) -> tuple[Binding, ...]:
        restored = []
        for lost in reversed(op.forgotten):
            for old in lost.uploads:
                now = next((u for u in self.uploads if (u.aor, u.instance) == (old.aor, old.instance)), None)
                if now is None:
                    mine = [b for b in self.bindings if b.aor == old.aor]
                    bare = [b for b in mine if b.dead_token and not b.push and old.instance in ("", b.instance)]
                    if bare or any(b.push and lost.digest in _digests(b.push) for b in mine):
                        self.keep_upload(old, None)
                elif now.at == old.at and (both := _both(now.push, old.push, lost.digest)):
                    self.keep_upload(replace(now, push=both), now)
            for before in lost.bindings:
                for n, b in enumerate(self.bindings):
                    is_it = (b.aor, b.id, b.registered_at) == (before.aor, before.id, before.registered_at)
                    if not is_it or b.dead_token is None or not (both := _both(b.push, before.push, lost.digest)):
                        continue
                    due = before.refresh_at if b.refresh_at is None else b.refresh_at
                    whole = replace(b, push=both, refresh_at=due, dead_token=before.dead_token)
                    self.bindings[n] = self._with_keys(whole, self.subscriptions)
                    restored.append(self.bindings[n])
        return tuple(restored)

    def keep_upload(self, new: Upload, before: Upload | None) -> None:
        left = [u for u in self.uploads_at(new.aor) if u != before]
        gone = [before, *left[: len(left) + 1 - MAX_UPLOADS]] if len(left) >= MAX_UPLOADS else [before]
        self.uploads = [*(u for u in self.uploads if u not in gone), new]

    @apply.register
    def _(self, op: TakeDue) -> tuple[Binding, ...]:
        alive = [b for b in self.bindings if b.refresh_at is not None and b.expires_at > op.wall]
        due = sorted((b.refresh_at or 0.0, b.aor, b.id, b) for b in alive if (b.refresh_at or 0.0) <= op.wall)
        taken = []
        for _, _, _, binding in due[: op.limit]:
            later = replace(binding, refresh_at=op.wall + op.lease)
            self.bindings[self.bindings.index(binding)] = later
            taken.append(later)
        return tuple(taken)

    @apply.register
    def _(self, op: Refreshed) -> None:
        for n, b in enumerate(self.bindings):
            if (b.aor, b.id, b.registered_at) == (op.aor, op.binding, op.registered_at):
                self.bindings[n] = replace(b, refresh_tries=op.tries, refresh_at=op.refresh_at)

    @apply.register
    def _(self, op: ListBindings) -> tuple[Binding, ...]:
        aors = sorted({b.aor for b in self.bindings}) if op.aor is None else [op.aor]
        return tuple(b for aor in aors for b in self.at(aor, op.wall))

    @apply.register
    def _(self, op: Sweep) -> int:
        over = sorted((b.expires_at, b.aor, b.id, b) for b in self.bindings if b.expires_at <= op.wall)[: op.limit]
        for _, aor, _, binding in over:
            self.keep(aor, [b for b in self.at(aor) if b != binding])
            self.heard(aor, binding.registered_at)
        late = sorted((m.message.expires_at, m.message.id) for m in self.mail if m.message.expires_at <= op.wall)
        late = late[: op.limit - len(over)]
        for _, name in late:
            self.history.became(name, Outcome.EXPIRED, op.wall)
        self.mail = [m for m in self.mail if m.message.id not in {known for _, known in late}]
        old = sorted((c for c in self.calls if c.received_at <= op.wall - 3600), key=_age)
        old = old[: op.limit - len(over) - len(late)]
        self.calls = [c for c in self.calls if c not in old]
        done = len(over) + len(late) + len(old)
        return done + self.history.sweep(op.wall, op.limit - done)

    @apply.register
    def _(self, op: Park) -> Parked:
        if op.call.id not in [c.id for c in self.calls]:
            self.calls.append(op.call)
        return Parked(self.at(op.call.aor, op.call.received_at), self.history.unread(op.call.aor))

    @apply.register
    def _(self, op: Invite) -> bool:
        for n, call in enumerate(self.calls):
            if call.id == op.call:
                new = tuple(b for b in op.bindings if b not in call.invited)
                self.calls[n] = replace(call, invited=call.invited + new)
                return True
        return False

    @apply.register
    def _(self, op: Decline) -> bool:
        for n, call in enumerate(self.calls):
            if call.id == op.call:
                if op.phone not in [phone for phone, _ in call.refusals]:
                    self.calls[n] = replace(call, refusals=(*call.refusals, (op.phone, op.status)))
                return True
        return False

    @apply.register
    def _(self, op: CancelCall) -> bool:
        for n, call in enumerate(self.calls):
            if call.id == op.call:
                self.calls[n] = replace(call, is_cancelled=True)
                return True
        return False

    @apply.register
    def _(self, op: Finish) -> Finished:
        found = [c for c in self.calls if c.id == op.call]
        self.calls = [c for c in self.calls if c.id != op.call]
        listed = [entry.id for entry in self.history.entries]
        if op.entry and (not found[0].is_unlisted if found else op.entry.id not in listed):
            self.history.apply(Log(op.entry))
        aor = found[0].aor if found else op.entry.aor if op.entry else Aor("")
        return Finished(was_open=bool(found), unread=self.history.unread(aor))

    @apply.register
    def _(self, op: Recover) -> Recovered:
        calls = tuple((c, self.at(c.aor, op.wall)) for c in sorted(self.calls, key=_age))
        mail = [m.message for m in self.mail if m.message.expires_at > op.wall]
        awaited = [(m, tuple(b for b in self.at(m.aor, op.wall) if b.phone in m.waiting)) for m in mail]
        messages = tuple((m, phones) for m, phones in awaited if phones)
        aors = sorted({c.aor for c in self.calls} | {m.aor for m, _ in messages})
        counts = [(aor, self.history.unread(aor)) for aor in aors]
        return Recovered(calls, messages, tuple((aor, count) for aor, count in counts if count))

    @apply.register
    def _(self, op: KeepMessage) -> Kept | MailboxFull:
        current = self.at(op.message.aor, op.message.received_at)
        for mail in self.mail:
            if mail.message.id == op.message.id:
                return Kept(mail.message, current, self.history.unread(op.message.aor))
        if op.most is not None and sum(m.message.aor == op.message.aor for m in self.mail) >= op.most:
            return MailboxFull()
        phones = tuple(dict.fromkeys(b.phone for b in current))
        self.mail.append(Mail(replace(op.message, waiting=phones)))
        if op.entry:
            self.history.apply(Log(op.entry))
        return Kept(self.mail[-1].message, current, self.history.unread(op.message.aor))

    @apply.register
    def _(self, op: MessageDone) -> bool:
        for mail in self.mail:
            if mail.message.id == op.message and mail.is_for(op.binding):
                waiting = tuple(b for b in mail.message.waiting if b != op.binding)
                mail.message = replace(mail.message, waiting=waiting)
                mail.had.append(op.binding)
                if not waiting:
                    self.mail.remove(mail)
                if op.status < 300:
                    self.history.became(op.message, Outcome.DELIVERED, op.wall, op.status)
                elif not waiting:
                    self.history.became(op.message, Outcome.REFUSED, op.wall, op.status)
                return True
        return False

    @apply.register
    def _(self, op: PutAccount) -> bool:
        known = [a for a in self.accounts if a.aor != op.account.aor]
        is_new = len(known) == len(self.accounts)
        self.accounts = [*known, op.account]
        return is_new

    @apply.register
    def _(self, op: RemoveAccount) -> bool:
        if op.aor not in [a.aor for a in self.accounts]:
            return False
        self.accounts = [a for a in self.accounts if a.aor != op.aor]
        self.bindings = [b for b in self.bindings if b.aor != op.aor]
        self.subscriptions = [s for s in self.subscriptions if s[0] != op.aor]
        self.uploads = [u for u in self.uploads if u.aor != op.aor]
        self.mail = [m for m in self.mail if m.message.aor != op.aor]
        self.calls = [replace(c, is_unlisted=True) if c.aor == op.aor else c for c in self.calls]
        self.history.remove(op.aor)
        return True

    def heard(self, aor: Aor, at: float) -> None:
        """Keep in the account what no binding will tell any more."""
        for n, account in enumerate(self.accounts):
            if account.aor == aor and account.pbx and at > max(account.pbx.heard_at, self.bound_at(aor)):
                self.accounts[n] = replace(account, pbx=replace(account.pbx, heard_at=at))

    def bound_at(self, aor: Aor) -> float:
        return max((b.registered_at for b in self.at(aor)), default=0.0)

    @apply.register
    def _(self, op: ForgetLogins) -> tuple[Account, ...]:
        known = [(max(a.pbx.heard_at, self.bound_at(a.aor)), a.aor, a) for a in self.accounts if a.pbx]
        silent = sorted(each for each in known if each[2].tenant == op.tenant and each[0] <= op.wall - op.after)
        for at, _, account in silent[: op.limit]:
            login = None if at else replace(account.pbx, heard_at=op.wall)  # type: ignore[type-var]  # it has one
            self.accounts[self.accounts.index(account)] = replace(account, pbx=login)
        return tuple(account for at, _, account in silent[: op.limit] if at)

    @apply.register
    def _(self, op: ListAccounts) -> tuple[Account, ...]:
        found = [a for a in self.accounts if op.tenant in (None, a.tenant)]
        return tuple(sorted(found, key=lambda a: a.aor))


def _is_meant(push: PushTarget, op: ForgetToken) -> bool:
    return any(t.digest == op.digest and op.service in (Service.ONLY, service) for service, t in push.tokens)


def _digests(target: PushTarget) -> set[str]:
    return {token.digest for _, token in target.tokens}


def _both(now: PushTarget | None, before: PushTarget | None, digest: str) -> PushTarget | None:
    """Return what a target is with a token that it has lost; None when it has it, or another than before."""
    assert before is not None
    have = _digests(now) if now else set()
    if digest in have or have - _digests(before):
        return None
    return replace(before, tokens=tuple(pair for pair in before.tokens if pair[1].digest in {digest, *have}))


def _age(call: CallRecord) -> tuple[float, str]:
    return call.received_at, call.id


def _may_refresh(target: PushTarget | None) -> bool:
    if target is None or target.app.provider is Provider.WEBPUSH:
        return False
    return any(service is not Service.VOIP for service, _ in target.tokens)
