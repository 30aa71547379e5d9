"""Pushes by way of the operator's own push server."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from ringwake.model.push import Outcome, Push
from ringwake.push.fields import checked
from ringwake.push.hook.payload import payload
from ringwake.push.hook.signature import read_key, signed
from ringwake.push.hook.verdict import verdict
from ringwake.push.transport.http import PushTransport
from ringwake.secret import Secret


class Hook:
    """One application at a push server."""

    def __init__(self, transport: PushTransport, *, url: str, secret: Secret[bytes], wall: Callable[[], float]) -> None:
        """Prepare.

        Args:
            transport: to the server.
            url: where pushes are posted to.
            secret: key of the signature, as it stands in its file.
            wall: epoch seconds now.

        Raises:
            CredentialsError: the secret is none.
        """
        self._transport = transport
        self._url = url
        self._key = read_key(secret)
        self._wall = wall

    async def send(self, push: Push) -> Outcome:
        """Make one attempt.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """
        name = hook_id(push)
        body = payload(push, checked("opaque token", push.token.reveal()), id=name)
        headers = {"content-type": "application/json"}
        headers |= signed(body, id=name, at=int(self._wall()), key=self._key)
        answer = await self._transport.post(self._url, headers, body=body, within=push.timeout)
        return verdict(answer, wall=self._wall())

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


def hook_id(push: Push) -> str:
    """Return the name of a push to one phone: the same for a repeat, another for what follows it or another phone."""
    name = f"{push.notice.id}\0{push.notice.kind.value}\0{push.token.digest}"
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
