"""Web Push keys: they come by HTTP, the endpoint that they belong to comes in a REGISTER, in either order."""

from __future__ import annotations

from dataclasses import replace

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.push import PushTarget, SubscriptionKeys
from ringwake.store.changes import Changes
from ringwake.store.rows import Subscription

MAX_SUBSCRIPTIONS = 20
"""Of one AOR: twice its bindings, so that the oldest one that no binding uses can always go."""


class Subscriptions:
    """The subscriptions of each AOR, oldest first."""

    __slots__ = ("_by_aor",)

    def __init__(self) -> None:
        self._by_aor: dict[Aor, tuple[Subscription, ...]] = {}

    def at(self, aor: Aor) -> tuple[Subscription, ...]:
        """Return the subscriptions of an AOR."""
        return self._by_aor.get(aor, ())

    def join(self, binding: Binding) -> Binding:
        """Return the binding with the keys that are known for its endpoint."""
        for subscription in self.at(binding.aor):
            binding = with_keys(binding, subscription.digest, subscription.keys)
        return binding

    def joined(self, aor: Aor, target: PushTarget) -> PushTarget:
        """Return a target of an AOR with the keys that are known for its endpoint."""
        known = (subscription for subscription in self.at(aor) if has_token(target, subscription.digest))
        subscription = next(known, None)
        return replace(target, keys=subscription.keys) if subscription else target

    def put(self, changes: Changes, subscription: Subscription, in_use: set[str]) -> None:
        """Keep a subscription as the newest of its AOR; `in_use` are the digests of the tokens that are bound there."""
        old = self.at(subscription.aor)
        new = [known for known in old if known.digest != subscription.digest]
        before = next((known for known in old if known.digest == subscription.digest), None)
        if len(new) >= MAX_SUBSCRIPTIONS:
            oldest = next((known for known in new if known.digest not in in_use), new[0])
            new.remove(oldest)
            changes.write(oldest, None)
        changes.write(before, subscription)
        self._change(changes, subscription.aor, (*new, subscription))

    def remove(self, changes: Changes, aor: Aor) -> None:
        """Remove all subscriptions of an AOR."""
        for known in self.at(aor):
            changes.write(known, None)
        self._change(changes, aor, ())

    def load(self, subscription: Subscription) -> None:
        """Add a subscription that an earlier life has left."""
        known = (*self.at(subscription.aor), subscription)
        self._set(subscription.aor, tuple(sorted(known, key=lambda subscription: subscription.serial)))

    def _change(self, changes: Changes, aor: Aor, new: tuple[Subscription, ...]) -> None:
        changes.way_back(self._set, aor, self.at(aor))
        self._set(aor, new)

    def _set(self, aor: Aor, new: tuple[Subscription, ...]) -> None:
        if new:
            self._by_aor[aor] = new
        else:
            self._by_aor.pop(aor, None)


def with_keys(binding: Binding, digest: str, keys: SubscriptionKeys) -> Binding:
    """Return the binding with these keys if it has the token with this digest."""
    target = binding.push
    if target is None or target.keys == keys or not has_token(target, digest):
        return binding
    return replace(binding, push=replace(target, keys=keys))


def has_token(target: PushTarget, digest: str) -> bool:
    """Tell whether the token with this digest is one of the target's."""
    return any(token.digest == digest for _, token in target.tokens)
