"""Pushes to browsers and UnifiedPush apps (RFC 8030), wherever their subscriptions point to (push-services 3)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.envelope import replaces
from ringwake.push.provider_jwt import Vapid
from ringwake.push.retry_after import retry_after
from ringwake.push.transport.endpoint import EndpointPolicy
from ringwake.push.transport.http import Answer, PushTransport
from ringwake.push.webpush.encryption import encrypt
from ringwake.push.webpush.payload import payload

LONGEST = 2419200
"""Seconds: four weeks, what the services keep at most."""
_URGENT = frozenset({Kind.CALL, Kind.ELSEWHERE, Kind.CANCEL, Kind.WAKE})
_DEAD = frozenset({404, 410})
_THROTTLED = frozenset({406, 429})
"""406 is how the service of Windows says it."""
_TIMED_OUT = 408
_REASON = re.compile(r"[A-Za-z0-9]{1,64}")


class WebPush:
    """One tenant's application server, as RFC 8292 calls it."""

    def __init__(
        self, transport: PushTransport, vapid: Vapid, *, policy: EndpointPolicy, wall: Callable[[], float]
    ) -> None:
        """Prepare.

        Args:
            transport: to any host, within the same policy.
            vapid: says who we are.
            policy: which endpoints may be used.
            wall: epoch seconds now.
        """
        self._transport = transport
        self._vapid = vapid
        self._policy = policy
        self._wall = wall

    async def send(self, push: Push) -> Outcome:
        """Make one attempt.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """
        url = push.token.reveal()
        origin = self._policy.check(url).origin
        left = int(push.expires_at - self._wall())
        headers = {
            "authorization": self._vapid.authorization(origin),
            "ttl": str(min(max(0, left), LONGEST)),
            "urgency": "high" if push.notice.kind in _URGENT else "normal",
            "topic": replaces(push.notice),
        }
        body = _body(push)
        if body:
            headers |= {"content-encoding": "aes128gcm", "content-type": "application/octet-stream"}
        answer = await self._transport.post(url, headers, body=body, within=push.timeout)
        return verdict(answer, wall=self._wall())

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


def verdict(answer: Answer, *, wall: float) -> Outcome:
    """Return the outcome of an attempt (RFC 8030 sections 5 and 7, RFC 8292 section 4).

    401 and 403 speak of our own key and subject, which an operator can put right again: no subscription dies by them.

    Args:
        answer: what the service said.
        wall: epoch seconds now.
    """
    if 200 <= answer.status < 300:
        return Accepted()  # its Location is a capability, no name
    reason = _reason(answer)
    if answer.status in _DEAD:
        return Unregistered(reason)
    pause = retry_after(answer.headers, wall=wall)
    if answer.status in _THROTTLED or (answer.status >= 500 and pause is not None):
        return Throttled(reason, pause)
    if answer.status >= 500 or answer.status == _TIMED_OUT:
        return Unreachable(reason)
    return Refused(reason, answer.status)  # a redirect too: it is not followed (reliability S14)


def _body(push: Push) -> bytes:
    keys = push.target.keys
    if keys is None:
        return b""
    return encrypt(payload(push), keys, sender=generate_private_key(SECP256R1()), salt=secrets.token_bytes(16))


def _reason(answer: Answer) -> str:
    """Return the service's own code: Mozilla has `errno`, Apple has `reason`."""
    try:
        said = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (ValueError, RecursionError):  # what is no JSON, and octets in it that are no UTF-8
        said = {}
    reason, errno = said.get("reason"), said.get("errno")
    if isinstance(reason, str) and _REASON.fullmatch(reason):
        return reason
    if isinstance(errno, int) and 0 < errno < 1000:
        return f"errno {errno}"
    return f"HTTP {answer.status}"
