"""The `Pusher` of the house: one sender for each application, one attempt for each push, and never an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Outcome, Push, Refused, Unreachable
from ringwake.push.access import Access, ApnsAccess, FcmAccess, WebPushAccess, read_ca, read_endpoint
from ringwake.push.apns.client import Apns
from ringwake.push.endpoint import EndpointPolicy
from ringwake.push.errors import CredentialsError, PushError, UnsendableError
from ringwake.push.fcm.client import Fcm
from ringwake.push.fcm.oauth import AccessToken
from ringwake.push.http_curl import CurlTransport
from ringwake.push.http_reqwest import ReqwestTransport
from ringwake.push.provider_jwt import ProviderToken, Vapid, load_key, public_text
from ringwake.push.webpush.client import WebPush


class Sender(Protocol):
    """One application at its service."""

    async def send(self, push: Push) -> Outcome:
        """Make one attempt.

        Raises:
            PushError: nothing was sent, or nothing came back.
        """

    async def close(self) -> None:
        """Close the connections."""


class Senders:
    """All applications."""

    def __init__(self, *, wall: Callable[[], float], report: Callable[[str], None]) -> None:
        """Begin without any.

        Args:
            wall: epoch seconds now.
            report: told of faults of ours in one line, never with a token or key.
        """
        self._wall = wall
        self._report = report
        self._senders: dict[AppKey, Sender] = {}
        self._tokens: dict[tuple[str, str], ProviderToken] = {}
        self._is_closed = False

    def add(self, app: AppKey, access: Access) -> None:
        """Set up an application; connections are opened by its first push.

        Raises:
            CredentialsError: keys, addresses or certificates cannot be used. It names the application.
            ValueError: the application is there already.
        """
        if app in self._senders:
            raise ValueError(f"{app.provider}:{app.param} is there already")
        try:
            self._senders[app] = self._build(app, access)
        except PushError as error:
            raise CredentialsError(f"{app.provider}:{app.param}: {error.reason}") from None

    async def remove(self, app: AppKey) -> None:
        """Forget an application and close its connections."""
        sender = self._senders.pop(app, None)
        if sender is not None:
            await sender.close()

    async def send(self, push: Push) -> Outcome:
        """Make one attempt; see `ringwake.model.ports.Pusher`."""
        sender = self._senders.get(push.target.app)
        if self._is_closed:
            return Unreachable("closed")
        if sender is None:
            return Refused("unknown application", 403)
        try:
            async with asyncio.timeout(push.timeout):
                return await sender.send(push)
        except UnsendableError as error:
            return Refused(error.reason, error.status)
        except PushError as error:
            return Unreachable(error.reason)
        except TimeoutError:
            return Unreachable("no answer in time")
        except Exception as error:  # noqa: BLE001 - the wake must go on, whatever is wrong here
            self._report(f"push by {push.target.app.provider}: {describe(error)}")
            return Unreachable(f"fault: {type(error).__name__}")

    async def close(self) -> None:
        """Close all connections."""
        self._is_closed = True
        senders, self._senders = tuple(self._senders.values()), {}
        for result in await asyncio.gather(*(sender.close() for sender in senders), return_exceptions=True):
            if isinstance(result, Exception):
                self._report(f"closing a sender: {describe(result)}")

    def _build(self, app: AppKey, access: Access) -> Sender:
        match app.provider, access:
            case Provider.APNS, ApnsAccess():
                return self._apns(app, access)
            case Provider.FCM, FcmAccess():
                return self._fcm(app, access)
            case Provider.WEBPUSH, WebPushAccess():
                return self._webpush(access)
            case _:
                raise CredentialsError("credentials of another service")

    def _apns(self, app: AppKey, access: ApnsAccess) -> Apns:
        team, _, bundle = app.param.partition(".")
        if not bundle:
            raise CredentialsError("an application of APNs is named TEAMID.bundle")
        endpoint, ca = read_endpoint(access.endpoint), read_ca(access.ca_file)
        token = self._tokens.get((team, access.key_id))
        if token is None:
            token = ProviderToken(team=team, key_id=access.key_id, key=load_key(access.key), wall=self._wall)
            self._tokens[team, access.key_id] = token
        return Apns(ReqwestTransport(ca=ca), token, bundle=bundle, endpoint=endpoint, wall=self._wall)

    def _fcm(self, app: AppKey, access: FcmAccess) -> Fcm:
        endpoint, ca = read_endpoint(access.endpoint), read_ca(access.ca_file)
        # A phone may name the project by its number (Linphone does); the request names it by its id.
        project = str(access.service_account.get("project_id") or app.param)
        token = AccessToken(access.service_account, ca=ca, wall=self._wall)
        return Fcm(ReqwestTransport(ca=ca), token, project=project, endpoint=endpoint, wall=self._wall)

    def _webpush(self, access: WebPushAccess) -> WebPush:
        policy = EndpointPolicy(access.services, allow_private=access.allow_private)
        vapid = Vapid(key=load_key(access.vapid_key), subject=access.subject, wall=self._wall)
        transport = CurlTransport(policy, ca=read_ca(access.ca_file))
        return WebPush(transport, vapid, policy=policy, wall=self._wall)


def vapid_public_key(access: WebPushAccess) -> str:
    """Return the public key that phones and pages are told, base64url.

    Raises:
        CredentialsError: the private key cannot be read.
    """
    return public_text(load_key(access.vapid_key))


def describe(error: BaseException) -> str:
    """Name an exception and its place. Its text may hold a token, so it is not shown."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{place}"
