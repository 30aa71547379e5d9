"""The configuration of `ringwake serve` without a file: one tenant on loopback, and the laboratory while it runs."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ringwake.config.load import ConfigError, load
from ringwake.config.schema import Config, ListenSection, PeerSection, PublicSection, ServerSection, TenantSection
from ringwake.config.state import StateFolder

DOMAIN = "ringwake.test"
SIP_PORT = 5060
HTTP_PORT = 8080
PUBLIC_PORT = 8443
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where its relative paths begin."""

    config: Config
    base: Path
    notes: tuple[str, ...] = ()
    """What a person should know about how it came about."""


def embedded(state: StateFolder) -> Loaded:
    """Return the embedded default.

    Ports that are taken give way to free ones: it is for trying out, and says where it listens.

    Raises:
        ConfigError: the laboratory's file is wrong.
    """
    lab = lab_config(state)
    notes: list[str] = []
    if lab is None:
        config = Config(tenant=[TenantSection(domain=DOMAIN)])
        notes.append("No configuration file: embedded default on loopback, without push services.")
    else:
        config = lab
        notes.append(f"No configuration file: embedded default on loopback, with the emulators of {state.lab_file}.")
    sip = _free(SIP_PORT, (socket.SOCK_DGRAM, socket.SOCK_STREAM))
    listen = [ListenSection(transport=transport, address=f"{_LOOPBACK}:{sip}") for transport in ("udp", "tcp")]
    server = ServerSection(
        data=str(state.database), http=f"{_LOOPBACK}:{_free(HTTP_PORT, (socket.SOCK_STREAM,))}", lab=True
    )
    return Loaded(
        msgspec.structs.replace(
            config,
            server=server,
            listen=listen,
            peer=[PeerSection(address="127.0.0.0/8", may_call=True), PeerSection(address="::1", may_call=True)],
            public=PublicSection(listen=f"{_LOOPBACK}:{_free(PUBLIC_PORT, (socket.SOCK_STREAM,))}"),
        ),
        state.path,
        tuple(notes),
    )


def lab_config(state: StateFolder) -> Config | None:
    """Return the laboratory's configuration while its emulators answer.

    Raises:
        ConfigError: the file is wrong.
    """
    if not state.lab_file.exists():
        return None
    config = load(state.lab_file)
    if config.lab is None:
        raise ConfigError(f"{state.lab_file}: no [lab] table: start `ringwake emulate` again")
    inbox = _loopback(config.lab.inbox)
    if inbox is None:
        raise ConfigError(f"{state.lab_file}: lab.inbox: no URL on loopback: start `ringwake emulate` again")
    return config if _answers(inbox) else None


def _loopback(url: str) -> tuple[str, int] | None:
    """Return host and port of a URL with a loopback address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        return (host, port) if ip_address(host).is_loopback else None
    except ValueError:
        return None


def _answers(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=1.0):
            return True
    except OSError:
        return False


def _free(port: int, kinds: tuple[socket.SocketKind, ...]) -> int:
    """Return the port if it is free for all kinds, else 0, which takes any."""
    for kind in kinds:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_LOOPBACK, port))
            except OSError:
                return 0
    return port
