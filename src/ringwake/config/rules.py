"""Every rule that types cannot express, each with its mend: one table of the file after the other."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import PurePath
from urllib.parse import urlsplit

from ringwake.config.apps import check_apps
from ringwake.config.connectors import check_connectors
from ringwake.config.error import ConfigError
from ringwake.config.host_port import host_port
from ringwake.config.listeners import check_listeners
from ringwake.config.schema import Config, PeerSection, PublicSection, ServerSection, WakeSection
from ringwake.config.tenants import check_tenants

_DAY = 86400.0
# The largest private network, and what a provider of IPv6 has: whoever writes more opens the door to everybody.
_WIDEST = {4: 8, 6: 32}
_IPV4_IN_IPV6 = IPv6Network("::ffff:0:0/96")


def check(config: Config) -> None:
    """Check what a file says.

    Raises:
        ConfigError: with place and mend.
    """
    lab = config.server.lab
    _check_server(config.server)
    if config.public is not None:
        _check_public(config.public, lab=lab)
    _check_wake(config.wake, lab=lab)
    check_listeners(config)
    check_tenants(config)
    check_connectors(config)
    for number, peer in enumerate(config.peer):
        _check_peer(peer, f"peer[{number}]")
    check_apps(config.app, [tenant.domain.lower() for tenant in config.tenant])


def _check_server(server: ServerSection) -> None:
    if PurePath(server.data).name in ("", "..", "keys"):
        raise ConfigError('server.data: not the name of a database file: write it like "ringwake.db"')
    if len(set(server.digest)) < len(server.digest):
        raise ConfigError("server.digest: an algorithm stands twice: write each once")
    if not host_port(server.http, "server.http").is_loopback:
        raise ConfigError(
            "server.http: the operator's API must stay on loopback: use 127.0.0.1, and a reverse proxy with its own "
            "access control if it must be reached from elsewhere"
        )


def _check_public(public: PublicSection, *, lab: bool) -> None:
    address = host_port(public.listen, "public.listen")
    if bool(public.certificate) != bool(public.key):
        raise ConfigError("public: certificate and key belong together: give both")
    if lab and not address.is_loopback:
        raise ConfigError("public.listen: server.lab allows loopback only: use 127.0.0.1, or set lab = false")
    if not public.certificate and not lab:
        raise ConfigError("public.certificate: phones send credentials there: give certificate and key")
    if public.url and not _is_base_url(public.url, ("https", "http") if lab else ("https",)):
        raise ConfigError(
            'public.url: not https://host without a slash at its end: write it like "https://sip.example"'
        )


def _is_base_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port  # each raises when it is malformed
    except ValueError:
        return False
    is_plain = not (url.username or url.query or url.fragment or text.endswith("/") or " " in text)
    return bool(host) and url.scheme in schemes and is_plain


def _check_wake(wake: WakeSection, *, lab: bool) -> None:
    if wake.wake_timeout + wake.ring_timeout >= 180:
        raise ConfigError(
            "wake: wake_timeout and ring_timeout together must stay under 180 seconds, or the caller's proxy gives up "
            "first (RFC 3261 timer C): lower one of them"
        )
    if wake.grant < _DAY and not lab:
        raise ConfigError(
            "wake.grant: under 86400 seconds a sleeping phone is lost before a silent push gets through: raise it, or "
            "set server.lab = true for tests"
        )
    if not wake.refresh_lead < wake.refresh_every <= wake.grant:
        raise ConfigError("wake: refresh_lead < refresh_every <= grant must hold: change one of the three")


def _check_peer(peer: PeerSection, place: str) -> None:
    try:
        network = ip_network(peer.address)
    except ValueError:
        raise ConfigError(
            f'{place}.address: no address or network: write it like "10.0.0.5" or "10.0.0.0/24"{_masked(peer.address)}'
        ) from None
    if peer.may_call and _is_next_to_everybody(network):
        raise ConfigError(
            f"{place}.address: {network} may call without a password, which is next to everybody: name the addresses "
            f"of your PBX, at most a /{_WIDEST[network.version]}"
        )


def _is_next_to_everybody(network: IPv4Network | IPv6Network) -> bool:
    widest = _WIDEST[network.version]
    if network.version == 6 and network.overlaps(_IPV4_IN_IPV6):
        widest = 96 + _WIDEST[4]
    return network.prefixlen < widest


def _masked(text: str) -> str:
    """Return the two things that may be meant by a network with host bits, such as 10.0.0.5/24."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return ""
    return f'; here "{ip_address(text.partition("/")[0])}" or "{network}"'
