"""What an application needs to push: keys and addresses, as plain values. Nobody here reads configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from cryptography.x509 import load_pem_x509_certificates

from ringwake.push.apns.client import ENDPOINT as APNS_ENDPOINT
from ringwake.push.errors import CredentialsError
from ringwake.push.fcm.client import ENDPOINT as FCM_ENDPOINT
from ringwake.push.transport.endpoint import SERVICES
from ringwake.secret import Secret

HMS_ENDPOINT = "https://push-api.cloud.huawei.com"
HMS_TOKEN_ENDPOINT = "https://oauth-login.cloud.huawei.com/oauth2/v3/token"  # noqa: S105  a URL

_ENDPOINT = re.compile(r"https://(?:[A-Za-z0-9\-.]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PATH = re.compile(r"(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*)?(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a service is reached, whichever it is."""

    ca_file: Path | None = None
    """Certificates in PEM, trusted beside those of the system."""
    identity: Secret[bytes] | None = None
    """Client certificate with its chain, and its private key, in PEM: for services that ask for one."""
    proxy: Secret[str] | None = None
    """`http://[user:password@]host:port`: an HTTP proxy, by CONNECT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsAccess(Reach):
    """APNs, by a key of the team (.p8), or by a client certificate. Its application is named `TEAMID.bundle`."""

    key_id: str = ""
    key: Secret[bytes] | None = None
    """PKCS#8 in PEM; None: `identity` says who we are."""
    endpoint: str = APNS_ENDPOINT
    other_endpoint: str = ""
    """Where a token is tried once that `endpoint` does not know: Apple's other environment. Empty: nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FcmAccess(Reach):
    """FCM, by a service account."""

    service_account: Mapping[str, str] = field(repr=False)
    """Its key file, read from JSON."""
    endpoint: str = FCM_ENDPOINT


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPushAccess(Reach):
    """Web Push or UnifiedPush, by a VAPID key of the tenant."""

    vapid_key: Secret[bytes]
    """P-256 private key in PEM."""
    subject: str
    """`mailto:someone@example.com` or an https address: whom a push service may ask."""
    services: tuple[str, ...] = SERVICES
    """Push services that phones may name: `host`, `*.domain` or `*`, each with `:port` if it is not 443."""
    allow_private: bool = False
    """Any host, port and address (laboratory only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HmsAccess(Reach):
    """Huawei Push Kit, by an app's secret. The application is named by its app id."""

    secret: Secret[str]
    project: str = ""
    """Project id, for the second version of the API; empty: the first, by app id."""
    endpoint: str = HMS_ENDPOINT
    token_endpoint: str = HMS_TOKEN_ENDPOINT


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAccess(Reach):
    """A push server of the operator's own: signed JSON over HTTPS."""

    endpoint: str
    """URL that pushes are posted to."""
    secret: Secret[bytes]
    """Key of the signature: `whsec_` and base64."""


Access: TypeAlias = ApnsAccess | FcmAccess | WebPushAccess | HmsAccess | HookAccess


def read_ca(file: Path | None) -> bytes | None:
    """Read certificates in PEM.

    Raises:
        CredentialsError: there are none.
    """
    if file is None:
        return None
    try:
        pem = file.read_bytes()
        load_pem_x509_certificates(pem)
    except (OSError, ValueError):
        raise CredentialsError(f"{file}: no certificates in PEM") from None
    return pem


def read_endpoint(text: str) -> str:
    """Return the endpoint of a provider without a slash at its end.

    Raises:
        CredentialsError: it is not `https://host[:port]`.
    """
    endpoint = text.removesuffix("/")
    if _ENDPOINT.fullmatch(endpoint) is None:
        raise CredentialsError("an endpoint is https://host[:port]")
    return endpoint


def read_url(text: str) -> str:
    """Return the URL of a server that has a path of its own.

    Raises:
        CredentialsError: it is not `https://host[:port][/path][?query]`.
    """
    endpoint = _ENDPOINT.match(text)
    if endpoint is None or _PATH.fullmatch(text, endpoint.end()) is None:
        raise CredentialsError("a URL is https://host[:port]/path")
    return text
