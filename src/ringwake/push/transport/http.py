"""What the senders need of an HTTP client. Two implementations: `http_provider` and `http_curl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

BODY_LIMIT = 8192
"""Octets of an answer that are read. Providers say one short sentence; strangers may say anything (reliability S14)."""

ACK_SECONDS = 3.0
"""A connection whose peer acknowledges nothing for so long is dead (TCP_USER_TIMEOUT). Without it a path that dies
silently under a warm connection is not noticed at all, and the call is over by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider said."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    """At most `BODY_LIMIT` octets."""


class PushTransport(Protocol):
    """Carries requests to a push service. All implementations pass tests/push/transport/test_http.py."""

    async def post(self, url: str, headers: Mapping[str, str], *, body: bytes, within: float) -> Answer:
        """Send one request. Redirects are answers like any other.

        Args:
            url: https, no userinfo, no fragment.
            headers: all that is sent beside what HTTP itself needs; each must be known to `fields`.
            body: the content, as it is.
            within: seconds until the answer must be there, all waiting included.

        Raises:
            UnansweredError: nothing came, or not in time.
            UnsendableError: a field or the address is not allowed.
        """

    async def close(self) -> None:
        """Close all connections; requests under way end as unanswered."""
