"""baresip as a process: a phone without push that takes commands on its control socket, and tells all that happens."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.interop.lab_server import PASSWORD
from tests.support.processes import Program

from ringwake.config.embedded import DOMAIN

DOOR_PORT = 4444
_CONFIG = """\
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app ctrl_tcp.so
module_app menu.so
ctrl_tcp_listen {door}:{port}
"""
_ACCOUNT = '<sip:{user}@{domain}>;auth_user={user};auth_pass={password};outbound="{server}";regint=3600\n'


class Baresip(Program):
    """A baresip that registers one account."""

    def __init__(self, folder: Path, *, account: str, server: str, door: str) -> None:
        """Start it.

        Args:
            folder: for its files.
            account: of our domain.
            server: URI of the server.
            door: a leased address for its control socket.
        """
        values = {"user": account, "domain": DOMAIN, "password": PASSWORD, "server": server}
        config = _CONFIG.format(door=door, port=DOOR_PORT)
        self._run(folder, config=config, account=_ACCOUNT.format_map(values), door=door)

    def _run(self, folder: Path, *, config: str, account: str, door: str) -> None:
        folder.mkdir()
        (folder / "config").write_text(config)
        (folder / "accounts").write_text(account)
        super().__init__("baresip", "-s", "-f", str(folder), log=folder / "errors")
        self.says("[1 binding]")
        self._door = socket.create_connection((door, DOOR_PORT))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._door.close()
        super().__exit__(kind, error, _)

    def says(self, text: str) -> None:
        """Wait until it prints that; every SIP message is printed too."""
        self.until(lambda line: text in line)

    def command(self, name: str, params: str = "") -> None:
        """Give a command: `dial`, `accept`, `hangup`."""
        body = json.dumps({"command": name, "params": params}).encode()
        self._door.sendall(b"%d:%b," % (len(body), body))
