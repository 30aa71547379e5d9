"""The files that a configuration names: whether they are there, whether they fit, and who else may read the keys."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ringwake.config.error import ConfigError
from ringwake.config.schema import Config

# The group may: Debian's ssl-cert reads /etc/ssl/private, and systemd's credentials show their ACL there.
_STRANGERS = 0o007


class _Pair(NamedTuple):
    place: str
    certificate: str
    key: str


def check_files(config: Config, base: Path) -> None:
    """Check the certificates and keys of a server that is about to start.

    The store's files and those of the push services are read, and checked, by whoever works with them.

    Args:
        config: checked already.
        base: where relative paths begin.

    Raises:
        ConfigError: with place, file and mend.
    """
    for pair in _pairs(config):
        _check_pair(base / pair.certificate, base / pair.key, pair.place)


def _pairs(config: Config) -> Iterator[_Pair]:
    for number, listen in enumerate(config.listen):
        if listen.key:
            yield _Pair(f"listen[{number}]", listen.certificate, listen.key)
    if config.public is not None and config.public.key:
        yield _Pair("public", config.public.certificate, config.public.key)
    if config.connectors is not None and config.connectors.key:
        yield _Pair("connectors", config.connectors.certificate, config.connectors.key)


def _check_pair(certificate: Path, key: Path, place: str) -> None:
    for file, name in ((certificate, "certificate"), (key, "key")):
        try:
            file.open("rb").close()
        except OSError as error:
            raise ConfigError(f"{place}.{name}: {file}: {error.strerror}: check its name and who may read it") from None
    if key.stat().st_mode & _STRANGERS:
        raise ConfigError(f"{place}.key: everybody on this machine may read {key}: chmod 600 {key}")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        why = getattr(error, "reason", None) or "the key wants a password"
        raise ConfigError(
            f"{place}: {certificate} and {key} are no certificate and key in PEM that fit each other ({why}): "
            "name the chain, the server's own certificate first, and its key, without a password"
        ) from None
