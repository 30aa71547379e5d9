"""Push targets that come over HTTP, of phones whose REGISTER cannot carry them, and what is done to them."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.account import Aor
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import Op, StrangeToken, TooManyAccounts
from ringwake.model.token_claims import TokenClaims


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A push target that is bound with a REGISTER which says nothing of push (docs/reference/dialects.md)."""

    aor: Aor
    instance: str
    """`+sip.instance` of the phone, as `Binding.instance` has it; empty: of the next phone that registers."""
    push: PushTarget
    at: float
    """Epoch seconds when it came."""


@dataclass(frozen=True, slots=True)
class PutUpload(Op[bool | TooManyAccounts | StrangeToken]):
    """Keep a push target in the place of an earlier one for the same phone; True when a binding has it now."""

    upload: Upload
    claims: TokenClaims = TokenClaims.ALLOW
    """Only a REGISTER can prove a token, so all but `ALLOW` refuse one that is another phone's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveUpload(Op[bool]):
    """Take a push target back, also from the bindings that have it; False when there is none."""

    aor: Aor
    instance: str
