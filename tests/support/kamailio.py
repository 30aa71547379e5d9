"""Kamailio as a process, on an address of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.loopback import leased_address
from tests.support.wire import Wire

SECONDS = 20.0
# Debian puts it where the PATH of an ordinary user does not lead.
PROGRAM = shutil.which("kamailio", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin")))


@contextmanager
def kamailio(config: Path, folder: Path, *, domain: str) -> Iterator[str]:
    """Run it while the context is open; yield `host:port` once it answers."""
    assert PROGRAM is not None
    log = folder / "kamailio.log"
    with leased_address() as address, log.open("w") as output:
        server = f"{address}:5060"
        # fmt: off
        command = [
            PROGRAM, "-DD", "-E", "-f", str(config), "-l", f"udp:{server}", "-m", "64", "-M", "8",
            "-w", str(folder), "-Y", str(folder), "-P", str(folder / "pid"),
        ]
        # fmt: on
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            assert _answers(server, domain, process), log.read_text()
            yield server
        finally:
            process.terminate()
            process.wait(timeout=SECONDS)


def _answers(server: str, domain: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + SECONDS
    with leased_address() as address, Wire(address, server, domain=domain) as wire:
        while time.monotonic() < deadline and process.poll() is None:
            if wire.ask(wire.write("OPTIONS", f"sip:{domain}"), seconds=0.1):
                return True
    return False
