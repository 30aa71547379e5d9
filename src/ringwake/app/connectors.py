"""The `[connectors]` listener, and a tunnel for each tenant whose PBX is reached through it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from ringwake.app.listeners import named
from ringwake.config.load import host_port
from ringwake.config.schema import Config
from ringwake.config.token_file import read_token
from ringwake.model.events import Event
from ringwake.net.stack import Stack
from ringwake.net.tls import server_context
from ringwake.net.tunnel import Tunnel
from ringwake.net.tunnel_server import TunnelServer
from ringwake.secret import Secret
from ringwake.sip.flow import Address

LOGGER = logging.getLogger("ringwake")


class Connectors:
    """What `ringwake connect` dials. Use `await Connectors.open(...)`."""

    def __init__(self, tunnels: Mapping[str, Tunnel], server: TunnelServer | None) -> None:
        self.tunnels = tunnels
        """By tenant: each is the `Way` to its PBX."""
        self._server = server

    @classmethod
    async def open(cls, config: Config, *, base: Path, stack: Stack, note: Callable[[Event], None]) -> Connectors:
        """Make the tunnels, add them to the stack, and listen where the configuration says so.

        Args:
            config: checked already.
            base: where relative paths begin.
            stack: told of what comes.
            note: told of PBXs that are reached and lost.

        Raises:
            ConfigError: a token file cannot be used.
            ListenError: the address cannot be bound.
            OSError: a certificate cannot be read.
        """
        tokens = connector_tokens(config, base)
        names = [tenant.domain.lower() for tenant in config.tenant if tenant.connector]
        tunnels = {name: Tunnel(name, stack, note=note) for name in names}
        for tunnel in tunnels.values():
            stack.add_node(tunnel, tunnel.node)
        section = config.connectors
        if section is None:
            return cls(tunnels, None)
        at = host_port(section.listen, "connectors.listen")
        authorities = base / section.client_ca if section.client_ca else None
        tls = None
        if section.key:
            files = base / section.certificate, base / section.key
            tls = server_context(*files, client_ca=authorities, note_fault=LOGGER.error)
        server = TunnelServer(tunnels, tokens, tls=tls, tell=LOGGER.info)
        with named("connectors.listen", section.listen):
            await server.listen(Address(at.host, at.port))
        return cls(tunnels, server)

    @property
    def addresses(self) -> list[Address]:
        """Where connectors dial in."""
        return self._server.addresses() if self._server is not None else []

    async def close(self) -> None:
        """Stop listening; to be called before the stack is closed."""
        if self._server is not None:
            await self._server.close()


def connector_tokens(config: Config, base: Path) -> dict[str, Secret[str]]:
    """Return the tokens by which connectors prove their tenants.

    Raises:
        ConfigError: a file cannot be used.
    """
    return {
        tenant.domain.lower(): read_token(base / tenant.connector_token_file, f"tenant[{number}].connector_token_file")
        for number, tenant in enumerate(config.tenant)
        if tenant.connector and tenant.connector_token_file
    }
