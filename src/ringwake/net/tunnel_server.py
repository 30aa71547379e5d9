"""Where connectors dial in: a WebSocket listener that asks each for a proof, and gives it to its tenant's tunnel."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

from websockets.asyncio.connection import broadcast
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ringwake.net.tunnel import Tunnel
from ringwake.net.tunnel_frames import (
    MAX_FRAME,
    PATH,
    PING_SECONDS,
    PONG_SECONDS,
    VERSION,
    Hello,
    NotAllowedError,
    TunnelError,
    Welcome,
    hear,
    read_address,
    say,
)
from ringwake.net.tunnel_link import QUIET, Link, PbxSide, why_closed
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport

TLS_SECONDS, HANDSHAKE_SECONDS = 3.0, 2.0
"""A stranger has five seconds in all to say who it is."""
HELLO_SECONDS = 5.0
CLOSE_SECONDS = 1.0
_BEARER = "Bearer "


class TunnelServer:
    """One listener for the connectors of all tenants."""

    def __init__(
        self,
        tunnels: Mapping[str, Tunnel],
        tokens: Mapping[str, Secret[str]],
        *,
        tls: ssl.SSLContext | None,
        tell: Callable[[str], None],
    ) -> None:
        """Make one; `listen` opens it.

        Args:
            tunnels: by tenant.
            tokens: by tenant; one that has none wants a certificate.
            tls: asks for certificates where they are to count; None only on loopback.
            tell: told who comes, goes and is refused, and why.
        """
        self._tunnels = tunnels
        self._tokens = tokens
        self._tls = tls
        self._tell = tell
        self._server: Server | None = None

    async def listen(self, address: Address) -> None:
        """Accept connectors; port 0 takes any.

        Raises:
            OSError: the address cannot be bound.
        """
        self._server = await serve(
            self._accepted,
            address.host,
            address.port,
            ssl=self._tls,
            ssl_handshake_timeout=TLS_SECONDS if self._tls else None,
            process_request=self._admit,
            open_timeout=HANDSHAKE_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            max_size=MAX_FRAME,
            compression=None,
            logger=QUIET,
            server_header=None,
        )

    def addresses(self) -> list[Address]:
        """Return where connectors are accepted."""
        if self._server is None:
            return []
        return [Address(*sock.getsockname()[:2]) for sock in self._server.sockets]

    async def close(self) -> None:
        """Stop accepting, and close all links; the connectors will look for us again."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # ---- who may

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse by HTTP whoever cannot prove to be any tenant's connector."""
        if request.path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"connectors dial {PATH}\n")
        if self._tenants_of(connection, request):
            return None
        self._tell(f"a connector at {_name(connection)} was refused: neither its token nor its certificate is known")
        return connection.respond(HTTPStatus.UNAUTHORIZED, "neither the token nor the certificate is known\n")

    def _tenants_of(self, connection: ServerConnection, request: Request) -> frozenset[str]:
        """Return the tenants for which a connection has proved something."""
        fields = request.headers.get_all("Authorization")
        text = fields[0] if len(fields) == 1 else ""
        token = Secret(text.removeprefix(_BEARER)) if text.startswith(_BEARER) else None
        # Each is compared, in constant time, whichever fits.
        by_token = {tenant for tenant, known in self._tokens.items() if token is not None and token == known}
        return frozenset(by_token | {name for name in _certified(connection) if name in self._tunnels})

    # ---- one connector

    async def _accepted(self, connection: ServerConnection) -> None:
        try:
            hello = await self._hello(connection)
            tunnel = self._tunnel(connection, hello.tenant.lower())
            link = Link(connection, _side(hello))
            broadcast([connection], say(Welcome()))
            tunnel.join(link)
        except TunnelError as error:
            self._tell(f"a connector at {_name(connection)} was refused: {error}")
            await connection.close(error.code, str(error))
            return
        except ConnectionClosed:
            self._tell(f"a connector at {_name(connection)} left without a word: {why_closed(connection)}")
            return
        self._tell(f"a connector of {tunnel.tenant} at {link.name} is connected; it is {link.side.local} to its PBX")
        why = "the server stops"
        try:
            why = await link.run(
                lambda remote, octets: tunnel.receive(link, remote, octets),
                lambda remote: tunnel.unreachable(link, remote),
            )
        finally:
            tunnel.leave(link, why)
            self._tell(f"a connector of {tunnel.tenant} at {link.name} is gone: {why}")

    async def _hello(self, connection: ServerConnection) -> Hello:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                frame = await connection.recv()
        except TimeoutError:
            raise TunnelError("no hello came in time") from None
        word = hear(frame) if isinstance(frame, str) else None
        if not isinstance(word, Hello):
            raise TunnelError("the first word is not hello")
        if word.v != VERSION:
            raise TunnelError(f"version {word.v} is not known here, but {VERSION}")
        return word

    def _tunnel(self, connection: ServerConnection, tenant: str) -> Tunnel:
        request = connection.request
        if request is None or tenant not in self._tenants_of(connection, request):
            raise NotAllowedError("neither the token nor the certificate is one of this tenant")
        return self._tunnels[tenant]


def _side(hello: Hello) -> PbxSide:
    return PbxSide(Transport(hello.transport), read_address(hello.local), read_address(hello.pbx))


def _certified(connection: ServerConnection) -> set[str]:
    """Return the names in a client's certificate that our authorities have signed: its common name and DNS names."""
    tls: ssl.SSLObject | None = connection.transport.get_extra_info("ssl_object")
    shown = cast("dict[str, Any] | None", tls.getpeercert()) if tls is not None else None
    if not shown:
        return set()
    subject = [pair for part in shown.get("subject", ()) for pair in part]
    names = [value for kind, value in subject if kind == "commonName"]
    names += [value for kind, value in shown.get("subjectAltName", ()) if kind == "DNS"]
    return {name.lower() for name in names}


def _name(connection: ServerConnection) -> str:
    host, port, *_ = connection.remote_address or ("?", 0)
    return str(Address(host, port))
