"""The B2BUA of sippy as a process: it calls on with a dialog of its own, and a Call-ID of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.loopback import leased_address
from tests.support.wire import Wire

SECONDS = 20.0
PORT = 5070
_FILE = Path(__file__).parents[2] / ".venv/sippy/bin/b2bua"
PROGRAM = _FILE if _FILE.exists() else None


@contextmanager
def sippy(folder: Path, *, host: str, leads_to: str) -> Iterator[str]:
    """Run it while the context is open; yield `host:port` once it answers.

    Args:
        folder: for its log and whatever it writes.
        host: its address.
        leads_to: `host:port` of whom it calls, whoever is called.
    """
    assert PROGRAM is not None
    log, server = folder / "sippy.log", f"{host}:{PORT}"
    # fmt: off
    command = [
        str(PROGRAM), "--foreground=on", "--auth_enable=off", "--acct_enable=off", "--hide_call_id=on",
        f"--sip_address={host}", f"--sip_port={PORT}", f"--static_route={leads_to}",
        f"--b2bua_socket={folder}/control", f"--pidfile={folder}/pid", f"--logfile={log}",
    ]
    # fmt: on
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
        try:
            assert _answers(server, process), log.read_text()
            yield server
        finally:
            process.kill()  # told to stop, it waits for the end of its calls
            process.wait(timeout=SECONDS)


def _answers(server: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + SECONDS
    with leased_address() as address, Wire(address, server, domain="sippy.test") as wire:
        while time.monotonic() < deadline and process.poll() is None:
            if wire.ask(wire.write("OPTIONS", f"sip:{server}"), seconds=0.1):
                return True
    return False
