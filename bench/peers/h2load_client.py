"""h2load as a client of `bench/pushes.py`: what the server and the machine can do at most. Takes the work in JSON."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TOKEN = "e30.e30." + "x" * 170
"""Of the length of a provider token."""


def main(work: dict[str, Any]) -> None:
    """Do the work."""
    with TemporaryDirectory(prefix="ringwake-h2load-") as folder:
        body, paths = Path(folder, "body"), Path(folder, "paths")
        body.write_text(json.dumps(work["message"], separators=(",", ":")))
        paths.write_text("".join(f"{work['endpoint']}/3/device/{token}\n" for token in work["tokens"]))
        headers = {
            "authorization": f"bearer {TOKEN}",
            "content-type": "application/json",
            "apns-id": "00000000-0000-8000-8000-000000000001",
            "apns-push-type": "voip",
            "apns-topic": work["topic"],
            "apns-priority": "10",
            "apns-expiration": "1795480018",
        }
        command = ["h2load", f"-n{work['count']}", "-c1", f"-m{work['at_once']}", f"-d{body}", f"-i{paths}"]
        command += [f"-H{name}: {value}" for name, value in headers.items()]
        began, used = time.perf_counter(), _cpu()
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds, cpu = time.perf_counter() - began, _cpu() - used
    match = re.search(r"(\d+) 2xx", said)
    delivered = int(match[1]) if match else 0
    print(json.dumps({"seconds": seconds, "cpu": cpu, "delivered": delivered, "reasons": []}))


def _cpu() -> float:
    """Seconds of the children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
