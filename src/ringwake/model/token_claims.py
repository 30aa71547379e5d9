"""A push token that another phone has already: what the tenant thinks of that, and how it is proved (standards S6)."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ringwake.model.push import PushTarget


class TokenClaims(Enum):
    """What becomes of a REGISTER with a push token that another phone has, under another account."""

    ALLOW = "allow"
    """It is bound, and the operator is told."""
    CHALLENGE = "challenge"
    """It is bound without push, until the phone has proved by a push to the token that the token is its own."""
    REJECT = "reject"


class Challenged(NamedTuple):
    """A binding that was made without push, until its phone proves that the token is its own."""

    binding: str
    """Its id."""
    push: PushTarget
    """What it has claimed."""


class TokenProof(NamedTuple):
    """A phone has brought back what was pushed to a token that it claims."""

    binding: str
    """Id of the one that was made without it."""
    token: str
    """Its digest."""
    ticket: str
    """Id of what it has brought."""
