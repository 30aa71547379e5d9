"""What curl is told once for all requests of a transport: whom it trusts, who we are, and by which proxy it goes."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TypeAlias

import pycurl

from ringwake.push.transport.identity import Identity
from ringwake.push.transport.proxy import Proxy

Options: TypeAlias = tuple[tuple[int, int | str | bytes], ...]

# Where systems keep the CA certificates that they trust: all in one file, and one in each file of a folder.
_PATHS = ssl.get_default_verify_paths()
_BUNDLES = (
    _PATHS.cafile,
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
_BASIC = pycurl.HTTPAUTH_BASIC
_FOLDERS = (_PATHS.capath, "/etc/ssl/certs")


def options(*, ca: bytes | None, identity: Identity | None, proxy: Proxy | None) -> Options:
    """Return all of them.

    Args:
        ca: certificates in PEM, trusted beside those of the system.
        identity: shown to a server that asks for it.
        proxy: None: straight. The proxies of the environment are never used.
    """
    return (*trust(ca), *_shown(identity), *_way(proxy))


def trust(ca: bytes | None) -> Options:
    """Return the options that say whom to trust. curl keeps a bundle in memory; a blob it reads for each connection."""
    if ca is None:
        bundle = next((name for name in _BUNDLES if name and Path(name).is_file()), None)
        return ((pycurl.CAINFO, bundle),) if bundle else ()
    folder = next((name for name in _FOLDERS if name and Path(name).is_dir()), None)
    return ((pycurl.CAINFO_BLOB, ca), *(((pycurl.CAPATH, folder),) if folder else ()))


def _shown(identity: Identity | None) -> Options:
    if identity is None:
        return ()
    return ((pycurl.SSLCERT_BLOB, identity.chain), (pycurl.SSLKEY_BLOB, identity.key.reveal()))


def _way(proxy: Proxy | None) -> Options:
    if proxy is None:
        return ((pycurl.PROXY, ""), (pycurl.NOPROXY, "*"))
    way: Options = ((pycurl.PROXY, proxy.url), (pycurl.NOPROXY, ""), (pycurl.HTTPPROXYTUNNEL, 1))
    if proxy.password is None:
        return way
    user, password = proxy.user.encode(), proxy.password.reveal().encode()
    return (*way, (pycurl.PROXYUSERNAME, user), (pycurl.PROXYPASSWORD, password), (pycurl.PROXYAUTH, _BASIC))
