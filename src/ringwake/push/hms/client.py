"""Pushes to Huawei phones without Google's services, by Push Kit (push-services section 4)."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.push import Outcome, Push, Refused
from ringwake.push.fields import checked
from ringwake.push.hms.oauth import AccessToken
from ringwake.push.hms.payload import payload
from ringwake.push.hms.verdict import UNAUTHORIZED, verdict
from ringwake.push.renewed_token import OAuthRefusedError
from ringwake.push.transport.http import PushTransport


class Hms:
    """One app at Push Kit."""

    def __init__(self, transport: PushTransport, token: AccessToken, *, url: str, wall: Callable[[], float]) -> None:
        """Prepare.

        Args:
            transport: to the endpoint.
            token: of the app.
            url: of the send method (`send_url`).
            wall: epoch seconds now.
        """
        self._transport = transport
        self._token = token
        self._url = url
        self._wall = wall

    async def send(self, push: Push) -> Outcome:
        """Make one attempt.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """
        body = payload(push, checked("push token", push.token.reveal()), wall=self._wall())
        try:
            token = await self._token.current()
            outcome = await self._attempt(push, body, token)
            if isinstance(outcome, Refused) and outcome.status == UNAUTHORIZED:
                newer = await self._token.replace(token)
                if newer is not None:
                    outcome = await self._attempt(push, body, newer)
        except OAuthRefusedError as error:
            return Refused(error.reason, UNAUTHORIZED)
        return outcome

    async def close(self) -> None:
        """Close the connections."""
        await self._token.close()
        await self._transport.close()

    async def _attempt(self, push: Push, body: bytes, token: str) -> Outcome:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return verdict(
            await self._transport.post(self._url, headers, body=body, within=push.timeout), wall=self._wall()
        )


def send_url(endpoint: str, *, app: str, project: str) -> str:
    """Return the URL of the send method: by project id its second version, by app id alone its first.

    Raises:
        UnsendableError: these are no ids.
    """
    if project:
        return f"{endpoint}/v2/{checked('huawei id', project)}/messages:send"
    return f"{endpoint}/v1/{checked('huawei id', app)}/messages:send"
