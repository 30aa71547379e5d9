"""sip-doctor, a reader of captures that nobody here wrote: what it finds wrong with the SIP in one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_PROGRAM = str(Path(sys.executable).parent / "sip-doctor")


def faults(capture: Path) -> list[str]:
    """Return its errors and warnings about a pcap file: about calls, connections and the traffic as a whole."""
    report = json.loads(_read(capture, "--json", "--all"))
    assert report["dialogs"], "sip-doctor saw no SIP"
    found = [finding for one in (*report["dialogs"], *report["connections"]) for finding in one["findings"]]
    return [one["title"] for one in (*found, *report["security"]) if one["severity"] in ("error", "warn")]


def opinion_on_the_proxy(capture: Path) -> str:
    """Return the line in which it says how the proxy has behaved."""
    return next(line.strip() for line in _read(capture, "--brief", "--no-color").splitlines() if "Proxy " in line)


def _read(capture: Path, *options: str) -> str:
    command = [_PROGRAM, "read", *options, str(capture)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
