"""Kamailio as a process, on an address of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.support.loopback import leased_address
from tests.support.wire import Wire

SECONDS, STOP_SECONDS = 20.0, 5.0
# Debian puts it where the PATH of an ordinary user does not lead.
PROGRAM = shutil.which("kamailio", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin")))


@contextmanager
def kamailio(
    config: Path, folder: Path, *, domain: str, options: Sequence[str] = (), address: str = ""
) -> Iterator[str]:
    """Run it while the context is open; yield `host:port` once it answers.

    Args:
        config: its script.
        folder: for its log and whatever it writes.
        domain: its SIP domain.
        options: of the command line, such as `-A NAME=VALUE`, which defines a name of the script.
        address: a leased one, to be found there again later; it leases one of its own without.
    """
    assert PROGRAM is not None
    log = folder / "kamailio.log"
    transports = ("udp",) if "disable_tcp=yes" in config.read_text() else ("udp", "tcp")
    with nullcontext(address) if address else leased_address() as host, log.open("a") as output:
        server = f"{host}:5060"
        # fmt: off
        command = [
            PROGRAM, "-DD", "-E", "-f", str(config), "-m", "64", "-M", "8",
            "-w", str(folder), "-Y", str(folder), "-P", str(folder / "pid"),
            *(word for transport in transports for word in ("-l", f"{transport}:{server}")), *options,
        ]
        # fmt: on
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            assert _answers(server, domain, process), log.read_text()
            yield server
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop it with all its processes: one that is told to stop while it still forks may stay forever."""
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=SECONDS)


def _answers(server: str, domain: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + SECONDS
    with leased_address() as address, Wire(address, server, domain=domain) as wire:
        while time.monotonic() < deadline and process.poll() is None:
            if wire.ask(wire.write("OPTIONS", f"sip:{domain}"), seconds=0.1):
                return True
    return False
