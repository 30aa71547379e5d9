"""Pushes to iPhones (push-services section 1): one request for each, and one more if our own token had run out."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from uuid import UUID

from ringwake.model.push import Outcome, Push, Refused
from ringwake.push.apns.payload import ApnsPayload, Form, payload
from ringwake.push.apns.verdict import EXPIRED, verdict
from ringwake.push.envelope import replaces
from ringwake.push.fields import checked
from ringwake.push.http import Answer, PushTransport
from ringwake.push.provider_jwt import SKEW_LIMIT, ProviderToken
from ringwake.push.retry_after import epoch_seconds

ENDPOINT = "https://api.push.apple.com"
SANDBOX = "https://api.sandbox.push.apple.com"
LONGEST = 30 * 86400
"""Seconds for which APNs keeps a push that it cannot deliver."""


class Apns:
    """One application at APNs."""

    def __init__(
        self, transport: PushTransport, token: ProviderToken, *, bundle: str, endpoint: str, wall: Callable[[], float]
    ) -> None:
        """Prepare.

        Args:
            transport: one connection of its own: APNs takes the tokens of one team and key on each.
            token: shared by all applications of the team and key.
            bundle: the app's bundle id.
            endpoint: `https://host[:port]`.
            wall: epoch seconds now.
        """
        self._transport = transport
        self._token = token
        self._bundle = bundle
        self._endpoint = endpoint
        self._wall = wall

    async def send(self, push: Push) -> Outcome:
        """Make one attempt.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """
        url = f"{self._endpoint}/3/device/{checked('device token', push.token.reveal())}"
        built = payload(push)
        token = self._token.current()
        answer = await self._post(url, push, built, token)
        outcome = verdict(answer, wall=self._wall())
        if isinstance(outcome, Refused) and outcome.reason == EXPIRED:
            renewed = self._token.renew(token, skew=self._skew(answer))
            if renewed is not None:
                answer = await self._post(url, push, built, renewed)
                outcome = verdict(answer, wall=self._wall())
        return outcome

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.close()

    async def _post(self, url: str, push: Push, built: ApnsPayload, token: str) -> Answer:
        headers = {"authorization": f"bearer {token}", "content-type": "application/json"}
        headers |= self._headers(push, built.form)
        return await self._transport.post(url, headers, body=built.body, within=push.timeout)

    def _headers(self, push: Push, form: Form) -> dict[str, str]:
        headers = {
            "apns-id": apns_id(push.notice.id),
            "apns-push-type": form.value,
            "apns-topic": f"{self._bundle}.voip" if form is Form.VOIP else self._bundle,
            "apns-priority": "5" if form is Form.BACKGROUND else "10",
            "apns-expiration": str(self._expiration(push.expires_at)),
        }
        if form is not Form.VOIP:
            headers["apns-collapse-id"] = replaces(push.notice)
        return headers

    def _expiration(self, expires_at: float) -> int:
        """Return until when APNs keeps the push for a phone out of reach; 0: it tries once."""
        now = self._wall()
        return int(min(expires_at, now + LONGEST)) if expires_at > now else 0

    def _skew(self, answer: Answer) -> float:
        at = epoch_seconds(answer.headers.get("date", ""))
        skew = 0.0 if at is None else at - self._wall()
        return skew if abs(skew) > SKEW_LIMIT else 0.0


def apns_id(notice_id: str) -> str:
    """Return the push's UUID: the same for a repeat, so that Apple's log shows one push. Lower case, version 8."""
    octets = bytearray(sha256(notice_id.encode("utf-8", "surrogatepass")).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(octets)))
