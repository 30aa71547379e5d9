"""From what an application needs to the sender that has it: the one place that knows all services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Outcome, Push
from ringwake.push.access import (
    Access,
    ApnsAccess,
    FcmAccess,
    HmsAccess,
    HookAccess,
    Reach,
    WebPushAccess,
    read_ca,
    read_endpoint,
    read_url,
)
from ringwake.push.apns.client import Apns
from ringwake.push.apns.host import Host
from ringwake.push.errors import CredentialsError
from ringwake.push.fcm.client import Fcm
from ringwake.push.fcm.oauth import AccessToken
from ringwake.push.hms.client import Hms, send_url
from ringwake.push.hms.oauth import AccessToken as HmsToken
from ringwake.push.hook.client import Hook
from ringwake.push.provider_jwt import ProviderToken, Vapid, load_key, public_text
from ringwake.push.transport.endpoint import EndpointPolicy
from ringwake.push.transport.http_curl import CurlTransport
from ringwake.push.transport.http_provider import ProviderTransport
from ringwake.push.transport.identity import read_identity
from ringwake.push.transport.proxy import read_proxy
from ringwake.push.webpush.client import WebPush
from ringwake.secret import Secret


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
        self._tokens: dict[tuple[str, str, Secret[bytes]], ProviderToken] = {}

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
            case Provider.HMS, HmsAccess():
                return self._hms(app, access)
            case Provider.HTTP, HookAccess():
                return self._hook(access)
            case _:
                raise CredentialsError("credentials of another service")

    def _apns(self, app: AppKey, access: ApnsAccess) -> Apns:
        team, _, bundle = app.param.partition(".")
        if not bundle:
            raise CredentialsError("an application of APNs is named TEAMID.bundle")
        if access.key is None and access.identity is None:
            raise CredentialsError("APNs needs a key, or a client certificate")
        token = None if access.key is None else self._provider_token(team, access.key_id, access.key)

        def host(endpoint: str) -> Host:
            return Host(read_endpoint(endpoint), lambda: _to_provider(access), token, wall=self._wall)

        other = host(access.other_endpoint) if access.other_endpoint else None
        return Apns(host(access.endpoint), other, bundle=bundle, wall=self._wall)

    def _provider_token(self, team: str, key_id: str, key: Secret[bytes]) -> ProviderToken:
        """Return the one token of a team and key: Apple counts how often a team changes its token."""
        token = self._tokens.get((team, key_id, key))
        if token is None:
            token = ProviderToken(team=team, key_id=key_id, key=load_key(key), wall=self._wall)
            self._tokens[team, key_id, key] = token
        return token

    def _fcm(self, app: AppKey, access: FcmAccess) -> Fcm:
        endpoint, ca = read_endpoint(access.endpoint), read_ca(access.ca_file)
        identity, proxy = read_identity(access.identity), read_proxy(access.proxy)
        # A phone may name the project by its number (Linphone does); the request names it by its id.
        project = str(access.service_account.get("project_id") or app.param)
        token = AccessToken(access.service_account, ca=ca, wall=self._wall, identity=identity, proxy=proxy)
        return Fcm(_to_provider(access), token, project=project, endpoint=endpoint, wall=self._wall)

    def _webpush(self, access: WebPushAccess) -> WebPush:
        policy = EndpointPolicy(access.services, allow_private=access.allow_private)
        vapid = Vapid(key=load_key(access.vapid_key), subject=access.subject, wall=self._wall)
        transport = _within(policy, access)
        return WebPush(transport, vapid, policy=policy, wall=self._wall)

    def _hms(self, app: AppKey, access: HmsAccess) -> Hms:
        url = send_url(read_endpoint(access.endpoint), app=app.param, project=access.project)
        token_url = read_url(access.token_endpoint)
        token = HmsToken(_to_provider(access), url=token_url, app=app.param, secret=access.secret, wall=self._wall)
        return Hms(_to_provider(access), token, url=url, wall=self._wall)

    def _hook(self, access: HookAccess) -> Hook:
        return Hook(_to_provider(access), url=read_url(access.endpoint), secret=access.secret, wall=self._wall)


def _to_provider(access: Reach) -> ProviderTransport:
    """Make the warm connection to one service."""
    ca, identity, proxy = read_ca(access.ca_file), read_identity(access.identity), read_proxy(access.proxy)
    return ProviderTransport(ca=ca, identity=identity, proxy=proxy)


def _within(policy: EndpointPolicy, access: Reach) -> CurlTransport:
    """Make the transport to all hosts that a policy allows."""
    ca, identity, proxy = read_ca(access.ca_file), read_identity(access.identity), read_proxy(access.proxy)
    return CurlTransport(policy, ca=ca, identity=identity, proxy=proxy)


def vapid_public_key(access: WebPushAccess) -> str:
    """Return the public key that phones and pages are told, base64url.

    Raises:
        CredentialsError: the private key cannot be read.
    """
    return public_text(load_key(access.vapid_key))
