"""Servers that others wrote, in the place of push services: nginx, nghttpd, web-push-testing. On loopback alone."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from tests.interop.outside import command, environment
from tests.support.authority import Authority, Pair
from tests.support.loopback import leased_address

SECONDS = 20.0
PORT = 8443
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
NGINX = shutil.which("nginx", path=_PATH)
NGHTTPD = shutil.which("nghttpd", path=_PATH)
_NGINX = """\
daemon off;
master_process off;
error_log {folder}/error.log warn;
pid {folder}/pid;
events {{ worker_connections 512; }}
http {{
    log_format pushes '$connection $status $http_apns_id';
    access_log {folder}/access.log pushes;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {address}:{port} ssl http2;
        ssl_certificate {pair.certificate};
        ssl_certificate_key {pair.key};
        default_type application/json;
        {directives}
    }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    address: str
    authority: Authority
    process: subprocess.Popen[str]
    folder: Path

    @property
    def url(self) -> str:
        """Its origin."""
        return f"https://{self.address}:{PORT}"

    def requests(self) -> tuple[Counter[str], Counter[str], set[str]]:
        """Return what nginx has logged: requests by `apns-id`, by connection, and all statuses."""
        rows = [line.split() for line in (self.folder / "access.log").read_text().splitlines()]
        return Counter(row[2] for row in rows), Counter(row[0] for row in rows), {row[1] for row in rows}

    def connections(self) -> int:
        """Count the connections that the server has open."""
        return sum(
            found.status == psutil.CONN_ESTABLISHED and found.laddr == (self.address, PORT)
            for found in psutil.Process(self.process.pid).net_connections("tcp4")
        )


@contextmanager
def nginx(folder: Path, directives: str) -> Iterator[Server]:
    """Run nginx with HTTP/2 while the context is open; `directives` stand in its one server."""
    with leased_address() as address:
        authority = Authority(folder)
        pair = authority.issue(address)
        config = folder / "nginx.conf"
        text = _NGINX.format(folder=folder, address=address, port=PORT, pair=pair, directives=directives)
        config.write_text(text)
        assert NGINX is not None
        with _running([NGINX, "-e", "stderr", "-p", str(folder), "-c", str(config)], folder) as process:
            server = Server(address=address, authority=authority, process=process, folder=folder)
            _until_it_listens(server)
            yield server


@contextmanager
def nghttpd(folder: Path, *options: str) -> Iterator[Server]:
    """Run nghttpd while the context is open: it answers a POST with 200 and what was posted."""
    with leased_address() as address:
        authority = Authority(folder)
        pair = authority.issue(address)
        options = ("--echo-upload", f"--address={address}", f"--htdocs={folder}", *options)
        arguments = [*options, str(PORT), str(pair.key), str(pair.certificate)]
        assert NGHTTPD is not None
        with _running([NGHTTPD, *arguments], folder) as process:
            server = Server(address=address, authority=authority, process=process, folder=folder)
            _until_it_listens(server)
            yield server


@contextmanager
def web_push_testing(folder: Path) -> Iterator[tuple[str, Path]]:
    """Run web-push-testing while the context is open; yield its URL, and the certificate to trust."""
    authority = Authority(folder)
    both = _together(authority.issue("127.0.0.1"), folder)
    work = {"certificate": str(both), "host": "127.0.0.1"}
    process = subprocess.Popen(
        command("web_push_testing.js", work),
        env=environment(authority.file),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], authority.file
        finally:
            process.stdin.close()
            process.wait(SECONDS)


@contextmanager
def _running(arguments: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=output, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(SECONDS)


def _until_it_listens(server: Server) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex((server.address, PORT)) == 0:
                return
    raise AssertionError((server.folder / "output").read_text())


def _together(pair: Pair, folder: Path) -> Path:
    both = folder / "both.pem"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    return both
