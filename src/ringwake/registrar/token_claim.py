"""What it means that a Contact brings a push token: who else has it, and how often its phone was woken (standards S6).

A phone with several accounts registers one token for each, so a token under many accounts is no crime, and a binding
is never taken away because another has its token. But a token is not proved by a REGISTER: somebody who knows another's
could have that phone woken. So there is a limit, and the operator is told when a second phone claims a token; where the
tenant wants it (`TokenClaims`), such a phone must prove that the token is its own (docs/adr/0029-token-life.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.push import Kind, PushTarget, Service
from ringwake.model.store_ops import ContactUpdate
from ringwake.model.token_claims import TokenProof
from ringwake.model.wakes import NEVER, Wakes
from ringwake.secret import Token

MAX_ACCOUNTS = 10
"""Accounts under which one token may be bound: people have two or three; a wake goes out for each."""
UNPROVED_SECONDS = 3600.0
"""Longest expiry of a binding whose token is not proved: it has no push, so it must come by itself."""


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
        """Whether another phone has a token under another account: told once, when this one first claims it."""
        return any(known.instance != self.contact.instance for known in self._others())

    @property
    def doubted(self) -> tuple[Binding, ...]:
        """Bindings that may be another phone's and have a token which this account has not yet.

        A phone that names no instance may be any.
        """
        own = self.contact.instance
        return tuple(known for known in self._others() if not own or known.instance != own)

    @property
    def challenge(self) -> tuple[Service, Token] | None:
        """Where a challenge goes to, or None when the claim cannot be proved.

        It goes to the token that takes silent pushes; to a browser, which takes none, with a text. An iPhone's VoIP
        token takes neither. It is believed with the other one where both are bound together; else somebody could claim
        another's VoIP token beside a token of his own.
        """
        vehicle = challenged_token(self.contact.push) if self.contact.push else None
        if vehicle is None or not all(vehicle[1].digest in _tokens(known.push) for known in self.doubted):
            return None
        return vehicle

    def is_proved_by(self, proof: TokenProof | None, matches: Iterable[Binding]) -> bool:
        """Tell whether what a phone has brought proves the claim of the Contact that refreshes these bindings."""
        if proof is None or proof.binding not in {known.id for known in matches}:
            return False
        return self.challenge is not None and self.challenge[1].digest == proof.token

    def unproved(self) -> TokenClaim:
        """Return what is left of the claim until it is proved: a phone without push, which is to come soon.

        Unless a PBX grants, which has told it for how long already.
        """
        granted = self.contact.expires
        expires = granted if self.contact.is_named else min(granted, UNPROVED_SECONDS)
        contact = replace(self.contact, push=None, refresh_at=None, woken=(), expires=expires)
        return TokenClaim(self.aor, contact, ())

    def _others(self) -> list[Binding]:
        """Return the bindings of other accounts that have a token which is new to this one."""
        own = {digest for known in self.holders if known.aor == self.aor for digest in _tokens(known.push)}
        new = _tokens(self.contact.push) - own
        return [known for known in self.holders if known.aor != self.aor and new & _tokens(known.push)]

    def wakes(self, matches: Iterable[Binding]) -> Wakes:
        """Return the phone's wakes, as the most up to date of its bindings knows them, and those that come with this.

        `matches` are the bindings that this Contact refreshes: a phone whose token has changed is still that phone.
        """
        known = (binding.wakes for binding in (*self.holders, *matches))
        return max(known, key=lambda wakes: wakes.at, default=NEVER).after(self.contact.woken)


def challenged_token(target: PushTarget) -> tuple[Service, Token] | None:
    """Return the token that proves a target: the one that takes silent pushes, else one that takes a text."""
    return target.vehicle(Kind.WAKE) or target.vehicle(Kind.MESSAGE)


def shares_token(left: PushTarget | None, right: PushTarget | None) -> bool:
    """Tell whether two targets have a token in common."""
    return bool(_tokens(left) & _tokens(right))


def has_same_tokens(left: PushTarget | None, right: PushTarget | None) -> bool:
    """Tell whether two targets have all tokens in common."""
    return _tokens(left) == _tokens(right)


def _tokens(target: PushTarget | None) -> frozenset[str]:
    return frozenset(token.digest for _, token in target.tokens) if target else frozenset()
