"""What `ringwake connect` was told, checked; each mistake is said with its mend."""

from __future__ import annotations

import argparse
import ssl
from ipaddress import ip_address
from random import random
from socket import AF_INET, AF_INET6, SOCK_DGRAM, socket
from urllib.parse import urlsplit

from ringwake.config.error import ConfigError
from ringwake.config.host_port import host_port
from ringwake.config.token_file import read_token
from ringwake.connector.settings import ConnectorSettings
from ringwake.net.name_server import NameServer
from ringwake.net.resolver import Resolver, Target, transport_of
from ringwake.net.tls import client_context
from ringwake.net.tunnel_frames import PATH
from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Address, Transport
from ringwake.sip.uri import Uri, parse_uri

LOCAL_PORT = 5070
"""A fixed one: it stands in the routes of calls that outlive this process. 5060 may be the PBX's own."""
_SUPPORTED = (Transport.UDP, Transport.TCP)


async def connector_settings(options: argparse.Namespace) -> ConnectorSettings:
    """Return the settings.

    Raises:
        ConfigError: an option is wrong, or a file cannot be used.
        ResolveError: the PBX cannot be found.
    """
    if not (options.token_file or options.certificate):
        raise ConfigError("--token-file: how is the tenant proved? give it, or --certificate and --key")
    edge = _edge(options.edge)
    token = read_token(options.token_file, "--token-file") if options.token_file else None
    tls = _tls(options) if edge.startswith("wss:") else None
    if tls is None and token is None:
        raise ConfigError("--token-file: without TLS no certificate is shown: give it")
    targets = await _pbx(options.pbx)
    transport = targets[0].transport
    pbx = tuple(target.address for target in targets if target.transport is transport)
    return ConnectorSettings(
        edge=edge,
        tenant=options.tenant.lower(),
        transport=transport,
        pbx=pbx,
        local=_local(options.local, pbx[0]),
        token=token,
        tls=tls,
        has_certificate=tls is not None and bool(options.certificate),
    )


def _edge(text: str) -> str:
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        host, port, url = "", None, urlsplit("")
    if url.scheme not in ("wss", "ws") or not host or url.username or url.query or url.path not in ("", "/", PATH):
        raise ConfigError('URL: not the address of an edge: write it like "wss://edge.example:8444"')
    if url.scheme == "ws" and not _is_loopback(host):
        raise ConfigError(
            "URL: without TLS everybody on the way could take the calls: use wss, ws is for loopback only"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{shown}:{port}{PATH}" if port else f"{url.scheme}://{shown}{PATH}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(options: argparse.Namespace) -> ssl.SSLContext:
    if bool(options.certificate) != bool(options.key):
        raise ConfigError("--certificate: it and --key belong together: give both")
    try:
        context = client_context(options.ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"--ca: {options.ca}: {error.strerror or 'no certificates in PEM'}") from None
    if options.certificate:
        try:
            context.load_cert_chain(options.certificate, options.key, password=lambda: b"")
        except (OSError, ValueError):
            raise ConfigError(
                f"--certificate: {options.certificate} and {options.key} are no certificate and key in PEM that fit "
                "each other, or may not be read"
            ) from None
    return context


async def _pbx(text: str) -> list[Target]:
    try:
        uri = parse_uri(text)
    except ParseError as error:
        raise ConfigError(f'--pbx: {error.rule}: write it like "sip:10.0.0.5:5060;transport=udp"') from None
    if uri.scheme != "sip":
        raise ConfigError("--pbx: the connector speaks UDP or TCP with the PBX: write sip:, not sips:")
    return await _targets(uri)


async def _targets(uri: Uri) -> list[Target]:
    try:
        host = str(ip_address(uri.host.strip("[]")))
    except ValueError:
        return await Resolver(NameServer(), supported=_SUPPORTED, chance=random).targets(uri)
    transport = transport_of(uri)  # a machine without name servers needs none for this
    if transport not in _SUPPORTED:
        raise ConfigError(f"--pbx: no {transport.value} with the PBX: write transport=udp or transport=tcp")
    return [Target(transport, Address(host, uri.port or transport.default_port))]


def _local(text: str | None, pbx: Address) -> Address:
    if text is None:
        return Address(_host_towards(pbx), LOCAL_PORT)
    at = host_port(text, "--local")
    if at.is_wildcard:
        raise ConfigError(
            "--local: the PBX cannot send to every address: name the one by which it reaches this machine"
        )
    return Address(str(ip_address(at.host)), at.port)


def _host_towards(remote: Address) -> str:
    """Return our address on the way to the PBX; connecting a datagram socket sends nothing."""
    with socket(AF_INET6 if ":" in remote.host else AF_INET, SOCK_DGRAM) as probe:
        probe.connect(tuple(remote))
        return str(probe.getsockname()[0])
