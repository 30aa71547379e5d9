"""The way to Google's token service: pyreqwest's synchronous client, for a thread of google-auth's."""

from __future__ import annotations

from datetime import timedelta

from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.proxy import ProxyBuilder

from ringwake.push.errors import CredentialsError
from ringwake.push.transport.http import ACK_SECONDS
from ringwake.push.transport.identity import Identity
from ringwake.push.transport.proxy import Proxy

USER_AGENT = "ringwake"


def google_client(*, ca: bytes | None, identity: Identity | None, proxy: Proxy | None) -> SyncClient:
    """Make the client.

    The proxies of the environment are not used: what is on loopback must stay there.

    Args:
        ca: certificates in PEM, trusted beside those of the system.
        identity: shown to a server that asks for it.
        proxy: None: straight.

    Raises:
        CredentialsError: neither the system nor `ca` has a certificate to trust, or `identity` is of no use here.
    """
    builder = SyncClientBuilder().http2(True).https_only(True).no_proxy().follow_redirects(False).referer(False)
    builder = builder.user_agent(USER_AGENT).tcp_user_timeout(timedelta(seconds=ACK_SECONDS))
    builder = builder.gzip(False).brotli(False).zstd(False).deflate(False)
    try:
        if ca is not None:
            builder = builder.add_root_certificate_pem(ca)
        if identity is not None:
            builder = builder.identity_pem(identity.chain + identity.key.reveal())
        if proxy is not None:
            builder = builder.proxy(_way(proxy))
        return builder.build()
    except PyreqwestError:
        raise CredentialsError("no usable CA certificates: install ca-certificates, or check ca_file") from None


def _way(proxy: Proxy) -> ProxyBuilder:
    way = ProxyBuilder.https(proxy.url)
    return way if proxy.password is None else way.basic_auth(proxy.user, proxy.password.reveal())
