"""Loopback addresses of our own for foreign programs that want a fixed port: 127.x.y.z, leased while a test runs."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / f"ringwake-loopback-{os.getuid()}"


@contextmanager
def leased_address() -> Iterator[str]:
    """Lease an address that no other test on this machine has."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    for number in range(256, 65_000):
        address = f"127.77.{number >> 8}.{number & 255}"
        with (FOLDER / address).open("w") as lease:
            try:
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield address
            return
    raise RuntimeError("all loopback addresses are leased")
