"""rtpengine as a process, on an address of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.support.loopback import leased_address

from ringwake.sip.flow import Address

SECONDS = 20.0
FIRST_PORT = 30_000
PROGRAM = shutil.which("rtpengine", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/bin", "/usr/sbin")))


@contextmanager
def rtpengine(folder: Path, *, ports: int = 100, host: str = "") -> Iterator[tuple[Address, subprocess.Popen[bytes]]]:
    """Run it while the context is open, without its kernel module; yield where it is asked, once it answers.

    Args:
        folder: for its log.
        ports: how many there are for media; a call with one stream takes four.
        host: where it is; a leased address without.
    """
    assert PROGRAM is not None
    log = folder / "rtpengine.log"
    with nullcontext(host) if host else leased_address() as at, log.open("w") as output:
        control = Address(at, 22_222)
        # fmt: off
        command = [
            PROGRAM, "--foreground", "--log-stderr", "--log-level=6", "--config-file=none", "--table=-1",
            f"--interface={at}", f"--listen-ng={control}", "--num-threads=2",
            f"--port-min={FIRST_PORT}", f"--port-max={FIRST_PORT + ports}",
        ]
        # fmt: on
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            assert _answers(control, process), log.read_text()
            yield control, process
        finally:
            process.terminate()
            process.wait(timeout=SECONDS)


def _answers(control: Address, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.1)
        asking.connect(control)
        while time.monotonic() < deadline and process.poll() is None:
            try:
                asking.send(b"1 d7:command4:pinge")
                return asking.recv(100).startswith(b"1 ")
            except TimeoutError:
                continue
            except ConnectionRefusedError:
                os.sched_yield()  # it has not opened its socket yet
    return False
