"""The HTTP servers: the operator's API, and the phones' where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ringwake.api.apps import operator_app, public_app
from ringwake.api.backend import Backend
from ringwake.api.http_server import HttpServer
from ringwake.app.listeners import named
from ringwake.config.load import host_port
from ringwake.config.schema import Config, PublicSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """How the servers are reached."""

    operator: str
    """URL of the operator's API."""
    public: str
    """URL of the phones' API, or empty."""


def open_doors(config: Config, backend: Backend, servers: list[HttpServer], *, base: Path) -> Doors:
    """Open and start what the configuration says; `servers` gets what is open, to be closed whatever comes.

    Raises:
        ListenError: an address cannot be bound.
        OSError: a certificate cannot be read.
    """
    at = host_port(config.server.http, "server.http")
    with named("server.http", config.server.http):
        servers.append(HttpServer.bind(operator_app(backend), at.host, at.port))
    url = ""
    if config.public is not None:
        servers.append(_public(config.public, backend, base))
        url = config.public.url or servers[1].url
    for server in servers:
        server.start()
    return Doors(operator=servers[0].url, public=url)


def _public(public: PublicSection, backend: Backend, base: Path) -> HttpServer:
    at = host_port(public.listen, "public.listen")
    files = (base / public.certificate, base / public.key) if public.key else (None, None)
    with named("public.listen", public.listen):
        return HttpServer.bind(public_app(backend), at.host, at.port, certificate=files[0], key=files[1])
