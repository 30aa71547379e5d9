"""The rules of `[[listen]]`, and of all that listens beside it: no two can have the same address."""

from __future__ import annotations

import re

from ringwake.config.error import ConfigError
from ringwake.config.host_port import HostPort, host_port
from ringwake.config.schema import Config, ListenSection
from ringwake.sip.errors import SipError
from ringwake.sip.uri import parse_hostport

_SECURE = ("tls", "wss")
_WEB = ("ws", "wss")
# As a browser writes it (RFC 6454 section 6.2): lower case, no path.
_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")


def check_listeners(config: Config) -> None:
    """Check them.

    Raises:
        ConfigError: with place and mend.
    """
    taken: dict[tuple[bool, HostPort], str] = {}
    _take(taken, host_port(config.server.http, "server.http"), "server.http")
    if config.public is not None:
        _take(taken, host_port(config.public.listen, "public.listen"), "public.listen")
    if config.connectors is not None:
        _take(taken, host_port(config.connectors.listen, "connectors.listen"), "connectors.listen")
    for number, listen in enumerate(config.listen):
        place = f"listen[{number}]"
        address = host_port(listen.address, f"{place}.address")
        _check_address(listen, address, place, lab=config.server.lab)
        _check_files(listen, place)
        _check_origins(listen, place)
        _take(taken, address, f"{place}.address", is_udp=listen.transport == "udp")


def _take(taken: dict[tuple[bool, HostPort], str], address: HostPort, place: str, *, is_udp: bool = False) -> None:
    if address.port == 0:
        return
    first = taken.setdefault((is_udp, address), place)
    if first != place:
        raise ConfigError(f"{place}: {first} has this address already: give it another port")


def _check_address(listen: ListenSection, address: HostPort, place: str, *, lab: bool) -> None:
    if lab and not address.is_loopback:
        raise ConfigError(f"{place}.address: server.lab allows loopback only: use 127.0.0.1, or set lab = false")
    if address.is_wildcard and not listen.advertise:
        raise ConfigError(
            f"{place}.advertise: {address.host} is every address and none: say by which host others reach this listener"
        )
    if listen.advertise and not _is_host(listen.advertise):
        raise ConfigError(f'{place}.advertise: not a host: write it like "sip.example.com" or "203.0.113.5", no port')


def _is_host(text: str) -> bool:
    try:
        return parse_hostport(text)[1] is None
    except SipError:
        return False


def _check_files(listen: ListenSection, place: str) -> None:
    if listen.transport in _SECURE and not (listen.certificate and listen.key):
        raise ConfigError(f"{place}.certificate: {listen.transport} needs certificate and key: give both files")
    if listen.transport not in _SECURE and (listen.certificate or listen.key):
        raise ConfigError(f"{place}.certificate: {listen.transport} has no use for it: remove it, or use tls or wss")


def _check_origins(listen: ListenSection, place: str) -> None:
    if listen.origins and listen.transport not in _WEB:
        raise ConfigError(f"{place}.origins: only ws and wss have origins: remove it")
    for number, origin in enumerate(listen.origins):
        if _ORIGIN.fullmatch(origin) is None:
            raise ConfigError(
                f'{place}.origins[{number}]: no web origin: name each as browsers do, like "https://phone.example.com"'
            )
