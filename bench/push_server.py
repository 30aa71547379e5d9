"""nginx as a push service that always says yes: 200 at once, with the `apns-id` that it was given."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from push_certificates import Certificates

GOAWAY_AFTER = 200
"""Requests on one connection, at the second port: then GOAWAY, as with any deployment of a big service."""
PATIENCE = 10.0
_CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_certificate {server};
    ssl_certificate_key {server};
    ssl_protocols TLSv1.3;
    http2_max_concurrent_streams 1000;
    keepalive_timeout 3600s;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        keepalive_requests 1000000000;
        location / {{ add_header apns-id $http_apns_id; return 200; }}
    }}
    server {{
        listen 127.0.0.1:{goaway_port} ssl http2;
        keepalive_requests {goaway_after};
        location / {{ add_header apns-id $http_apns_id; return 200; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens."""

    steady: int
    goaway: int


class PushServer:
    """The server while a `with` block runs."""

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        self.ports = Ports(_free_port(), _free_port())
        config = folder / "nginx.conf"
        config.write_text(
            _CONFIG.format(
                folder=folder,
                server=certificates.server,
                port=self.ports.steady,
                goaway_port=self.ports.goaway,
                goaway_after=GOAWAY_AFTER,
            )
        )
        self._log = folder / "nginx.log"
        with self._log.open("w") as log:
            command = (nginx() or "nginx", "-p", str(folder), "-c", str(config), "-e", "stderr")
            self._process = subprocess.Popen(command, stderr=log, process_group=0)

    def __enter__(self) -> Self:
        give_up_at = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.ports.goaway), timeout=1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > give_up_at:
                    raise SystemExit(f"{self._log.read_text()[-2000:]}\nnginx does not start.") from None
                time.sleep(0.05)
            else:
                return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def nginx() -> str | None:
    """Return the program, if it is here."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
