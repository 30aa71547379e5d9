"""What a token service may grant (RFC 6749 section 5.1). It stands in a header for an hour, so it is looked at once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

_LONGEST = 31_536_000

AccessText: TypeAlias = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9\-._~+/]{1,4096}=*\Z")]
"""A bearer token as a header carries it (RFC 6750 section 2.1)."""
Lifetime: TypeAlias = Annotated[float, Meta(gt=0, le=_LONGEST)]
"""Seconds, at most a year."""
