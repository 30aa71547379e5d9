"""What a push costs: our whole dispatcher beside h2load, aioapns and node-apn, against one server, round by round.

Part of `make bench`; alone it takes `--count` and `--peers`. nginx, h2load and node are Debian's; aioapns and node-apn
are in the peers' environment (`scripts/setup_venv.py`). What is missing is said and left out. CPU is that of the
client's whole process, by getrusage.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import push_certificates
from push_client import BUNDLE, KEY_ID, TEAM, example
from push_server import PushServer, nginx

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv/peers"
AT_ONCE = (1, 100, 500)
ROUNDS = 3
SLOW = 0.3
"""At one in flight and for aioapns fewer pushes say as much."""
GOAWAY_COUNT, GOAWAY_AT_ONCE = 2000, 50
PATIENCE = 300.0
OURS, H2LOAD, AIOAPNS, NODE_APN = "ringwake", "h2load", "aioapns", "node-apn"


@dataclass(frozen=True, slots=True)
class Client:
    """One that pushes."""

    name: str
    command: tuple[str, ...]
    """Takes the work in JSON as its last argument, and says JSON."""
    modules: str = ""
    """Where node finds its modules."""

    def run(self, work: dict[str, Any]) -> dict[str, Any]:
        """Do the work in a process of its own."""
        env = {**os.environ, "NODE_PATH": self.modules}
        done = subprocess.run(
            (*self.command, json.dumps(work)), capture_output=True, text=True, timeout=PATIENCE, env=env, check=False
        )
        if done.returncode:
            raise SystemExit(f"{done.stderr[-2000:]}\n{self.name} has failed.")
        said: dict[str, Any] = json.loads(done.stdout)
        return said


def clients(peers: Path) -> tuple[list[Client], list[str]]:
    """Return those that are here, and what is said of those that are not."""
    found = [Client(OURS, (sys.executable, str(HERE / "push_client.py")))]
    missing = []
    if shutil.which("h2load"):
        found.append(Client(H2LOAD, (sys.executable, str(HERE / "peers/h2load_client.py"))))
    else:
        missing.append("h2load is missing: install Debian's nghttp2-client")
    python = peers / "bin/python"
    if (
        python.exists()
        and not subprocess.run((python, "-c", "import aioapns"), capture_output=True, check=False).returncode
    ):
        found.append(Client(AIOAPNS, (str(python), str(HERE / "peers/aioapns_client.py"))))
    else:
        missing.append(f"aioapns is missing in {peers}")
    own = peers / "bin/node"
    node, modules = str(own) if own.exists() else shutil.which("node"), peers / "node_modules"
    if node and (modules / "@parse/node-apn").is_dir():
        found.append(Client(NODE_APN, (node, str(HERE / "peers/node_apn_client.js")), str(modules)))
    else:
        missing.append(f"node or @parse/node-apn is missing in {peers}")
    return found, missing


def measure(count: int, peers: Path) -> dict[str, Any]:
    """Measure all that is here.

    Args:
        count: pushes of a run, 100 in flight.
        peers: the environment of the foreign clients.
    """
    if nginx() is None:
        return {"push_missing": ["nginx is missing, the server that all push to: install Debian's nginx-light"]}
    found, missing = clients(peers)
    with TemporaryDirectory(prefix="ringwake-pushes-") as folder:
        certificates = push_certificates.make(Path(folder))
        with PushServer(Path(folder), certificates) as server:
            work = _work(certificates) | {"endpoint": f"https://localhost:{server.ports.steady}"}
            pushes = {str(at_once): _steady(found, work, count, at_once) for at_once in AT_ONCE}
            work["endpoint"] = f"https://localhost:{server.ports.goaway}"
            goaway = {
                client.name: client.run(work | {"count": GOAWAY_COUNT, "at_once": GOAWAY_AT_ONCE})
                for client in found
                if client.name != H2LOAD  # by design it does not repeat what was not looked at
            }
    return {"pushes": pushes, "push_goaway": goaway, "push_missing": missing}


def _work(certificates: push_certificates.Certificates) -> dict[str, Any]:
    chosen = random.Random(6)
    return {
        "ca": str(certificates.ca),
        "key": str(certificates.key),
        "key_id": KEY_ID,
        "team": TEAM,
        "topic": f"{BUNDLE}.voip",
        "tokens": [f"{chosen.getrandbits(256):064x}" for _ in range(1000)],
        "message": example(),
        "warm_up": 20,
    }


def _steady(found: list[Client], work: dict[str, Any], count: int, at_once: int) -> dict[str, dict[str, float]]:
    """Return the medians of some rounds; every client runs once in each."""
    runs: dict[str, list[dict[str, Any]]] = {client.name: [] for client in found}
    for _ in range(ROUNDS):
        for client in found:
            share = SLOW if at_once == 1 or client.name == AIOAPNS else 1.0
            todo = max(1, int(count * share))
            said = client.run(work | {"count": todo, "at_once": at_once})
            if said["delivered"] != todo:
                raise SystemExit(f"{client.name} delivered {said['delivered']} of {todo}: {said['reasons']}")
            runs[client.name].append({"per_second": todo / said["seconds"], "cpu_us": said["cpu"] / todo * 1e6})
    return {
        name: {what: median(run[what] for run in all_of_it) for what in ("per_second", "cpu_us")}
        for name, all_of_it in runs.items()
    }


def table(figures: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that a person reads."""
    pushes = figures.get("pushes", {})
    if pushes:
        yield "Pushes to APNs (nginx, TLS, HTTP/2): a second, CPU of each, and its ratio to ours"
    for at_once, by_client in pushes.items():
        ours = by_client[OURS]["cpu_us"]
        for name, one in by_client.items():
            ratio = "" if name == OURS else f"  ours is {ours / one['cpu_us']:.2f} of it"
            yield f"  {at_once:>3} in flight  {name:<9} {one['per_second']:>8.0f}/s {one['cpu_us']:>6.0f} us{ratio}"
    for name, run in figures.get("push_goaway", {}).items():
        lost = GOAWAY_COUNT - run["delivered"]
        yield f"  GOAWAY every 200, {GOAWAY_AT_ONCE} in flight  {name:<9} {run['delivered']} delivered, {lost} lost"
    for line in figures.get("push_missing", ()):
        yield f"  {line}"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what a push costs.")
    parser.add_argument("--count", type=int, default=10_000, help="pushes of a run, 100 in flight")
    parser.add_argument("--peers", type=Path, default=PEERS, help="environment of the foreign clients")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    figures = measure(options.count, options.peers)
    print(json.dumps(figures) if options.json else "\n".join(table(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
