"""Pushes to iPhones (push-services section 1), in whichever of Apple's environments they are (docs/adr/0026)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256

from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Unregistered
from ringwake.push.apns.homes import Homes
from ringwake.push.apns.host import ApnsRequest, Host
from ringwake.push.apns.payload import Form, payload
from ringwake.push.apns.verdict import BAD_TOKEN
from ringwake.push.envelope import replaces
from ringwake.push.fields import checked

ENDPOINT = "https://api.push.apple.com"
SANDBOX = "https://api.sandbox.push.apple.com"
LONGEST = 30 * 86400
"""Seconds for which APNs keeps a push that it cannot deliver."""


class Apns:
    """One application at APNs."""

    def __init__(self, own: Host, other: Host | None, *, bundle: str, wall: Callable[[], float]) -> None:
        """Prepare.

        Args:
            own: the environment that the application's phones are in.
            other: where a token is tried once that it does not know; None: nowhere.
            bundle: the app's bundle id.
            wall: epoch seconds now.
        """
        self._own = own
        self._other = other
        self._bundle = bundle
        self._wall = wall
        self._homes = Homes()

    async def send(self, push: Push) -> Outcome:
        """Make one attempt.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """
        deadline = asyncio.get_running_loop().time() + push.timeout
        path = f"/3/device/{checked('device token', push.token.reveal())}"
        built = payload(push)
        request = ApnsRequest(path=path, headers=self._headers(push, built.form), body=built.body)
        if self._other is None:
            return await self._own.ask(request, deadline)
        digest, home, away = push.token.digest, self._own, self._other
        if self._homes.is_other(digest):
            home, away = away, home
        outcome = await home.ask(request, deadline)
        if not (isinstance(outcome, Unregistered) and outcome.reason == BAD_TOKEN):
            return outcome
        self._homes.forget(digest)
        found = await away.trial(request, deadline)
        if found is None:
            # It may live there all the same, so nothing is said about the token: mistakes of ours delete nothing.
            return Refused(BAD_TOKEN, 400)
        if isinstance(found, Accepted) and away is self._other:
            self._homes.remember(digest)
        return found

    async def close(self) -> None:
        """Close the connections."""
        for host in (self._own, self._other):
            if host is not None:
                await host.close()

    def _headers(self, push: Push, form: Form) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "apns-id": apns_id(push.notice.id),
            "apns-push-type": form.value,
            "apns-topic": f"{self._bundle}.voip" if form is Form.VOIP else self._bundle,
            "apns-priority": "5" if form is Form.BACKGROUND or push.notice.kind is Kind.READ else "10",
            "apns-expiration": str(self._expiration(push.expires_at)),
        }
        if form is not Form.VOIP:
            headers["apns-collapse-id"] = replaces(push.notice)
        return headers

    def _expiration(self, expires_at: float) -> int:
        """Return until when APNs keeps the push for a phone out of reach; 0: it tries once."""
        now = self._wall()
        return int(min(expires_at, now + LONGEST)) if expires_at > now else 0


def apns_id(notice_id: str) -> str:
    """Return the push's UUID: the same for a repeat, so that Apple's log shows one push. Lower case, version 8."""
    digest = sha256(notice_id.encode("utf-8", "surrogatepass")).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
