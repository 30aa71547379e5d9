"""TLS contexts: 1.2 or newer, names always checked (RFC 8996, RFC 5922)."""

from __future__ import annotations

import ssl
from pathlib import Path


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the context of a listener.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: the files do not fit each other.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def client_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the context of a phone: the system's authorities, or those of one file.

    Raises:
        OSError: the file cannot be read.
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
