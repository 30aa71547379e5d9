"""What it means that a Contact brings a push token: who else has it, and how often its phone was woken (standards S6).

A phone with several accounts registers one token for each, so a token under many accounts is no crime, and a binding
is never taken away because another has its token. But a token is not proved by a REGISTER: somebody who knows another's
could have that phone woken. So there is a limit, and the operator is told when a second phone claims a token.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import ContactUpdate
from ringwake.model.wakes import NEVER, Wakes

MAX_ACCOUNTS = 10
"""Accounts under which one token may be bound: people have two or three; a wake goes out for each."""


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """The tokens of one Contact, and all current bindings, of any account, that have one of them."""

    aor: Aor
    contact: ContactUpdate
    holders: tuple[Binding, ...]

    @classmethod
    def of(cls, aor: Aor, contact: ContactUpdate, bindings: Iterable[Binding]) -> TokenClaim:
        """Find the holders among `bindings`."""
        own = _tokens(contact.push)
        return cls(aor, contact, tuple(known for known in bindings if own & _tokens(known.push)) if own else ())

    @property
    def accounts(self) -> int:
        """Of how many accounts the tokens are, with this one."""
        return len({self.aor, *(known.aor for known in self.holders)})

    @property
    def is_new(self) -> bool:
        """Whether this account has the tokens for the first time."""
        return all(known.aor != self.aor for known in self.holders)

    @property
    def is_one_too_many(self) -> bool:
        """Whether it must be refused. An account that has the token already may keep it."""
        return self.is_new and self.accounts > MAX_ACCOUNTS

    @property
    def is_strange(self) -> bool:
        """Whether another phone has the token under another account: told once, when this one first claims it."""
        return self.is_new and any(known.instance != self.contact.instance for known in self.holders)

    def wakes(self, matches: Iterable[Binding]) -> Wakes:
        """Return the phone's wakes, as the most up to date of its bindings knows them, and those that come with this.

        `matches` are the bindings that this Contact refreshes: a phone whose token has changed is still that phone.
        """
        known = (binding.wakes for binding in (*self.holders, *matches))
        return max(known, key=lambda wakes: wakes.at, default=NEVER).after(self.contact.woken)


def shares_token(left: PushTarget | None, right: PushTarget | None) -> bool:
    """Tell whether two targets have a token in common."""
    return bool(_tokens(left) & _tokens(right))


def has_same_tokens(left: PushTarget | None, right: PushTarget | None) -> bool:
    """Tell whether two targets have all tokens in common."""
    return _tokens(left) == _tokens(right)


def _tokens(target: PushTarget | None) -> frozenset[str]:
    return frozenset(token.digest for _, token in target.tokens) if target else frozenset()
