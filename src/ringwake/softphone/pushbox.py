"""The phone's operating system, as far as pushes go: it holds the line to the push services while the app is gone.

Written from docs/reference/inbox.md alone.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from ringwake.secret import Secret

REQUEST_SECONDS = 10.0


class PushboxError(Exception):
    """The inbox cannot be reached, or refuses."""


class PushboxRefusedError(PushboxError):
    """The inbox has answered, and refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPush:
    """A push as the phone gets it."""

    provider: str
    service: str
    id: str
    payload: Any
    """What the app sees: JSON (APNs, http), the data map (FCM), text (HMS), the decrypted text or None (Web Push)."""
    display: dict[str, Any] | None
    """What the system shows by itself, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSubscription:
    """What `PushSubscription.toJSON()` gives a page, and a UnifiedPush distributor its app."""

    endpoint: Secret[str]
    p256dh: str
    auth: Secret[str]
    provider: str = "webpush"
    """`webpush` or `unifiedpush`, as the Contact says."""


class Pushbox:
    """A device's connection to the inbox."""

    def __init__(self, connection: ClientConnection, on_push: Callable[[ReceivedPush], None]) -> None:
        self.on_lost: Callable[[], None] = lambda: None
        """Called when the connection ends without our doing."""
        self._connection = connection
        self._on_push = on_push
        self._is_closing = False
        self._refs = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def attach(
        cls,
        url: str,
        *,
        device: str,
        secret: Secret[str],
        on_push: Callable[[ReceivedPush], None],
        tls: ssl.SSLContext | None,
    ) -> Pushbox:
        """Connect and say who we are.

        Args:
            url: of the inbox.
            device: name of the device.
            secret: the device's own.
            on_push: called with each push, in the loop's thread.
            tls: a client's context, for a `wss:` URL.

        Raises:
            PushboxError: the inbox cannot be reached, or refuses.
        """
        try:
            connection = await connect(url, ssl=tls, ping_interval=None, compression=None, proxy=None)
        except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
            raise PushboxError(f"the push inbox at {url} cannot be reached") from error
        box = cls(connection, on_push)
        try:
            await box._request({"op": "attach", "device": device, "secret": secret.reveal()})
        except PushboxError:
            await box.close()
            raise
        return box

    async def apns(self, bundle: str, *, is_fresh: bool = False) -> tuple[str, Secret[str], Secret[str]]:
        """Ask for an iPhone's tokens: team, VoIP token, remote token; fresh ones end those that it had."""
        answer = await self._request({"op": _op(is_fresh), "provider": "apns", "app": bundle})
        tokens = answer["tokens"]
        return answer["team"], Secret(tokens["voip"]), Secret(tokens["remote"])

    async def token(self, provider: str, app: str, *, is_fresh: bool = False) -> Secret[str]:
        """Ask for the one token of an app where its service gives one (fcm, hms, http); a fresh one ends it."""
        answer = await self._request({"op": _op(is_fresh), "provider": provider, "app": app})
        return Secret(answer["token"])

    async def webpush(
        self, vapid_key: str, *, provider: str = "webpush", is_fresh: bool = False
    ) -> BrowserSubscription:
        """Subscribe, bound to the application server's key; a fresh subscription ends that which there was.

        Args:
            vapid_key: base64url.
            provider: `webpush` for a browser, `unifiedpush` for an app.
            is_fresh: whether the old one ends.
        """
        asked = {"op": _op(is_fresh), "provider": provider, "application_server_key": vapid_key}
        answer = await self._request(asked)
        subscription = answer["subscription"]
        keys = subscription["keys"]
        return BrowserSubscription(
            endpoint=Secret(subscription["endpoint"]),
            p256dh=keys["p256dh"],
            auth=Secret(keys["auth"]),
            provider=provider,
        )

    async def close(self) -> None:
        """Go offline: from now on the services store or forget pushes."""
        self._is_closing = True
        await self._connection.close()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _request(self, message: dict[str, Any]) -> dict[str, Any]:
        ref = next(self._refs)
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        try:
            await self._connection.send(json.dumps({**message, "ref": ref}))
            async with asyncio.timeout(REQUEST_SECONDS):
                result: dict[str, Any] = await answer
        except (ConnectionClosed, TimeoutError) as error:
            raise PushboxError("the push inbox does not answer") from error
        finally:
            self._answers.pop(ref, None)
        if result["op"] == "error":
            raise PushboxRefusedError(f"the push inbox refuses: {result.get('message', result.get('error'))}")
        return result

    async def _read(self) -> None:
        try:
            async for text in self._connection:
                message = json.loads(text)
                if message.get("op") == "push":
                    await self._connection.send(json.dumps({"op": "ack", "seq": message["seq"]}))
                    self._on_push(_push(message))
                    continue
                answer = self._answers.get(message.get("ref"))
                if answer is not None and not answer.done():
                    answer.set_result(message)
        except ConnectionClosed:
            pass
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(PushboxError("the push inbox has closed the connection"))
            if not self._is_closing:
                self.on_lost()


def _op(is_fresh: bool) -> str:  # noqa: FBT001  a word for a truth value
    return "rotate" if is_fresh else "register"


def _push(message: dict[str, Any]) -> ReceivedPush:
    return ReceivedPush(
        provider=message["provider"],
        service=message["service"],
        id=message["id"],
        payload=message["payload"],
        display=message["display"],
    )
