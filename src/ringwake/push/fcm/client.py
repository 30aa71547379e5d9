"""Pushes to Android phones by FCM HTTP v1 (push-services section 2)."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.push import Outcome, Push, Refused
from ringwake.push.fcm.oauth import AccessToken
from ringwake.push.fcm.payload import payload
from ringwake.push.fcm.validation import validation
from ringwake.push.fcm.verdict import UNAUTHENTICATED, verdict
from ringwake.push.fields import checked
from ringwake.push.renewed_token import OAuthRefusedError
from ringwake.push.transport.http import Answer, PushTransport

ENDPOINT = "https://fcm.googleapis.com"
# A 401 of something before FCM says no more than that.
_OUR_TOKEN = (UNAUTHENTICATED, "HTTP 401")


class Fcm:
    """One Firebase project."""

    def __init__(
        self, transport: PushTransport, token: AccessToken, *, project: str, endpoint: str, wall: Callable[[], float]
    ) -> None:
        """Prepare.

        Args:
            transport: to the endpoint.
            token: of a service account of the project.
            project: its id or number.
            endpoint: `https://host[:port]`.
            wall: epoch seconds now.

        Raises:
            UnsendableError: this is no project id.
        """
        self._transport = transport
        self._token = token
        self._url = f"{endpoint}/v1/projects/{checked('project', project)}/messages:send"
        self._wall = wall

    async def send(self, push: Push) -> Outcome:
        """Make one attempt.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """
        body = payload(push, checked("registration token", push.token.reveal()), wall=self._wall())
        return await self._deliver(push, body)

    async def validate(self, push: Push) -> Outcome:
        """Let FCM look at a push to this token, and send it to nobody.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """
        return await self._deliver(push, validation(checked("registration token", push.token.reveal())))

    async def close(self) -> None:
        """Close the connections."""
        await self._token.close()
        await self._transport.close()

    async def _deliver(self, push: Push, body: bytes) -> Outcome:
        try:
            token = await self._token.current()
            outcome = await self._attempt(push, body, token)
            if isinstance(outcome, Refused) and outcome.reason in _OUR_TOKEN:
                newer = await self._token.replace(token)
                if newer is not None:
                    outcome = await self._attempt(push, body, newer)
        except OAuthRefusedError as error:
            return Refused(error.reason, 401)
        return outcome

    async def _attempt(self, push: Push, body: bytes, token: str) -> Outcome:
        headers = {"authorization": f"bearer {token}", "content-type": "application/json"}
        answer: Answer = await self._transport.post(self._url, headers, body=body, within=push.timeout)
        return verdict(answer, wall=self._wall())
