"""The shape of `[[app]]`. Its docstrings are a part of docs/reference/config.md."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from ringwake.config.section import Section, Text


class AppSection(Section):
    """`[[app]]`: an application at a push service."""

    provider: Literal["apns", "fcm", "webpush", "unifiedpush", "hms", "http"]
    """apns, fcm, webpush, unifiedpush, hms (Huawei) or http (a push server of your own)."""
    tenant: Text
    """Domain of the tenant whose phones run it."""
    param: str = ""
    """APNs: TEAMID.bundle, without .voip; FCM: project id, or the project number if that is what the phones write
    (Linphone); HMS: app id; http: a name of yours; Web Push and UnifiedPush: none."""
    key_file: str = ""
    """APNs: the .p8 file."""
    key_id: str = ""
    """APNs: the key's id."""
    service_account: str = ""
    """FCM: the service account's JSON file."""
    vapid_key_file: str = ""
    """Web Push and UnifiedPush: PEM file with the P-256 private key."""
    secret_file: str = ""
    """HMS: file with the app secret; http: file with the key that signs what is sent. Only its owner may read it."""
    subject: str = "mailto:postmaster@example.com"
    """Web Push and UnifiedPush: who is responsible, as a mailto: or https: URI."""
    services: list[str] = field(default_factory=list)
    """Web Push and UnifiedPush: push services that phones may name besides the known ones: `host`, `*.domain` or `*`,
    each with `:port` if it is not 443."""
    sandbox: bool = False
    """APNs: the tokens are those of Apple's sandbox, as apps run from Xcode get them; phones may then also write
    `pn-provider=apns.dev`."""
    endpoint: str = ""
    """URL of the push service, if it is not the provider's own: an emulator or a proxy. http: your push server. Web
    Push and UnifiedPush: not used."""
    other_endpoint: str = ""
    """APNs: where a token is tried once that `endpoint` does not know, since it may be of the other environment. By
    default Apple's other one; none if `endpoint` is given."""
    token_endpoint: str = ""
    """HMS: URL of the OAuth token service, if it is not Huawei's own."""
    ca_file: str = ""
    """PEM file with the authorities of that endpoint."""
    client_certificate: str = ""
    """PEM file with a certificate that we show to the service. APNs: in place of `key_file`."""
    client_key: str = ""
    """PEM file with the private key of that certificate, which only its owner may read."""
    proxy: str = ""
    """HTTP proxy to the service, by CONNECT: `http://[user:password@]host:port`."""
    show_caller: bool = False
    """Put the caller's URI and name into the payload. The provider can read it."""

    def __repr__(self) -> str:
        return f"AppSection(provider={self.provider!r}, param={self.param!r}, ...)"
