"""From what an application needs to the sender that has it: the one place that knows all services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Outcome, Push
from ringwake.push.access import Access, ApnsAccess, FcmAccess, WebPushAccess, read_ca, read_endpoint
from ringwake.push.apns.client import Apns
from ringwake.push.endpoint import EndpointPolicy
from ringwake.push.errors import CredentialsError
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


class Workshop:
    """Makes senders. Applications of one team and key share their provider token."""

    def __init__(self, *, wall: Callable[[], float]) -> None:
        """Begin; `wall` gives epoch seconds now."""
        self._wall = wall
        self._tokens: dict[tuple[str, str], ProviderToken] = {}

    def sender(self, app: AppKey, access: Access) -> Sender:
        """Make the sender of an application.

        Raises:
            CredentialsError: keys, addresses or certificates cannot be used.
        """
        match app.provider, access:
            case Provider.APNS, ApnsAccess():
                return self._apns(app, access)
            case Provider.FCM, FcmAccess():
                return self._fcm(app, access)
            case ((Provider.WEBPUSH | Provider.UNIFIEDPUSH), WebPushAccess()):
                return self._webpush(access)
            case _:
                raise CredentialsError("credentials of another service")

    def _apns(self, app: AppKey, access: ApnsAccess) -> Apns:
        team, _, bundle = app.param.partition(".")
        if not bundle:
            raise CredentialsError("an application of APNs is named TEAMID.bundle")
        endpoint, ca = read_endpoint(access.endpoint), read_ca(access.ca_file)
        if access.key is None:
            raise CredentialsError("APNs needs a key, or a client certificate")
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
