"""`host:port`, as listeners are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from ringwake.config.error import ConfigError

_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*):([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class HostPort:
    """A numeric address to listen on."""

    host: str
    """Without brackets."""
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host).is_loopback

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for every address of this machine."""
        return ip_address(self.host).is_unspecified


def host_port(text: str, place: str) -> HostPort:
    """Read `host:port` with a numeric host, IPv6 in brackets.

    Raises:
        ConfigError: it is not of that form.
    """
    found = _HOST_PORT.fullmatch(text)
    try:
        address = ip_address(found[1].strip("[]")) if found else None
    except ValueError:
        address = None
    has_brackets = text.startswith("[")
    if found is None or address is None or has_brackets != (address.version == 6) or int(found[2]) > 65535:
        raise ConfigError(f'{place}: not host:port with a numeric host: write it like "127.0.0.1:5060" or "[::1]:5060"')
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        # As IPv6 it would be neither loopback nor wildcard, whatever it is as IPv4.
        raise ConfigError(f"{place}: an IPv4 address in IPv6 form: write {address.ipv4_mapped}:{found[2]}")
    return HostPort(found[1].strip("[]"), int(found[2]))
