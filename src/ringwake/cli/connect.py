"""`ringwake connect`: beside a PBX in a private network; dials out to the edge and carries SIP both ways."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path
from random import random

from ringwake.app.listeners import ListenError, named
from ringwake.cli.connect_settings import LOCAL_PORT, connector_settings
from ringwake.cli.failure import FAILED, UNREACHABLE, USAGE, CommandError
from ringwake.config.error import ConfigError
from ringwake.connector.connector import Connector
from ringwake.connector.edge import RefusedError
from ringwake.net.resolver import ResolveError
from ringwake.observe.log import set_up
from ringwake.sip.flow import Address


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("edge", metavar="URL", help="where the edge has [connectors], such as wss://edge.example:8444")
    parser.add_argument("--tenant", required=True, metavar="DOMAIN", help="domain of the tenant whose PBX this is")
    parser.add_argument("--pbx", required=True, metavar="URI", help='such as "sip:10.0.0.5:5060;transport=udp"')
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="file with the tenant's connector token")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="PEM: proves the tenant in place of a token")
    parser.add_argument("--key", type=Path, metavar="FILE", help="PEM: its private key")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="PEM: authorities of the edge (default: the system's)")
    parser.add_argument(
        "--local",
        metavar="HOST:PORT",
        help=f"where the PBX sees the connector (default: our address, port {LOCAL_PORT})",
    )
    parser.add_argument("--json", action="store_true", help="write the log as JSON")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    set_up(level="info", as_json=options.json)
    try:
        asyncio.run(_run(options))
    except (ConfigError, RefusedError) as error:
        said = f"{options.edge}: {error}" if isinstance(error, RefusedError) else str(error)
        raise CommandError(said, USAGE) from None
    except ResolveError as error:
        raise CommandError(f"--pbx: {error}", UNREACHABLE) from None
    except ListenError as error:
        raise CommandError(str(error), FAILED) from None
    return 0


async def _run(options: argparse.Namespace) -> None:
    settings = await connector_settings(options)

    def ready(local: Address) -> None:
        print(json.dumps({"event": "ready", "local": str(local), "edge": settings.edge}), flush=True)

    running = asyncio.ensure_future(Connector(settings, chance=random, ready=ready).run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    with named("--local", str(settings.local)):
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()
