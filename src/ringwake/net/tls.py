"""TLS contexts: 1.2 or newer, names always checked (RFC 8996, RFC 5922), certificates replaced without a restart."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Stamp: TypeAlias = tuple[tuple[int, int, int], ...]


def server_context(
    certificate: Path,
    key: Path,
    *,
    client_ca: Path | None = None,
    note_fault: Callable[[str], None] = lambda _: None,
) -> ssl.SSLContext:
    """Return the context of a listener. When its files change, the next handshake reads them anew.

    Args:
        certificate: PEM, the chain included.
        key: PEM.
        client_ca: PEM of the authorities of clients, who are asked for a certificate and may have none; None asks
            nobody.
        note_fault: told when changed files cannot be used; the old certificate stays until they can.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: the files do not fit each other.
    """

    def load() -> ssl.SSLContext:
        return _loaded(certificate, key, client_ca)

    context = load()
    context.sni_callback = _Renewal(context, (certificate, key), load, note_fault)
    return context


def client_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the context of a phone: the system's authorities, or those of one file.

    Raises:
        OSError: the file cannot be read.
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Renewal:
    """Looks at the files at each handshake: two `stat` calls, no timer, and no signal to forget after a renewal."""

    def __init__(
        self,
        context: ssl.SSLContext,
        files: tuple[Path, Path],
        load: Callable[[], ssl.SSLContext],
        note_fault: Callable[[str], None],
    ) -> None:
        self._context = context
        self._files = files
        self._load = load
        self._note_fault = note_fault
        self._seen = self._stamp()

    def __call__(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Give a connection that begins the newest certificate; OpenSSL asks whether or not a name was sent."""
        del name
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self._renew()
        if self._context is not context:
            connection.context = self._context

    def _renew(self) -> None:
        try:
            self._context = self._load()
        except (OSError, ssl.SSLError) as error:
            # Half of a renewal, perhaps: the other file will change in a moment, and this is tried again.
            self._note_fault(f"{self._files[0]}: changed and cannot be used, the old certificate stays: {error}")

    def _stamp(self) -> Stamp:
        try:
            stats = [file.stat() for file in self._files]
        except OSError:
            return ()
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)


def _loaded(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
