"""An edge in a network namespace of its own, and a PBX with its connector in another that has no way in.

Run by `test_isolation.py` under `unshare --net`; everything ends with the process. Prints one line of JSON.

The two namespaces share one cable, like a private network and its router: over it the connector dials out. The PBX has
an address that the edge has no route to, and nothing listens on the near end of the cable.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, create_connection, socket

from tests.support.authority import Authority
from tests.support.processes import RINGWAKE, Program
from tests.support.tunnels import TENANT, TOKEN, Edge, edge, numbered

from ringwake.net.tls import server_context
from ringwake.sip.flow import Address

EDGE, CABLE = "192.0.2.1", "192.0.2.2"
PBX, LOCAL = Address("10.99.0.5", 5060), Address("10.99.0.9", 5070)
COUNT = 50
# The PBX: sends all that it hears back to where it came from.
_ECHO = """
import socket
pbx = socket.socket(type=socket.SOCK_DGRAM)
pbx.bind(("10.99.0.5", 5060))
print("listens", flush=True)
while True:
    octets, source = pbx.recvfrom(65535)
    pbx.sendto(octets, source)
"""


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def private_network() -> Iterator[list[str]]:
    """Make the other namespace; what is returned runs a command there."""
    held = ["unshare", "--net", "sh", "-c", "echo made; exec cat"]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            inside = ["nsenter", "--net", "--target", str(holder.pid)]
            run("ip", "link", "set", "lo", "up")
            run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(holder.pid))
            run("ip", "addr", "add", f"{EDGE}/30", "dev", "near")
            run("ip", "link", "set", "near", "up")
            for words in (
                f"addr add {CABLE}/30 dev far",
                "link set far up",
                "link set lo up",
                f"addr add {PBX.host}/32 dev lo",
                f"addr add {LOCAL.host}/32 dev lo",
            ):
                run(*inside, "ip", *words.split())
            yield inside
        finally:
            holder.kill()


def way_in() -> list[str]:
    """Return the ways by which the edge can reach into the private network: there must be none."""
    found = []
    with socket(AF_INET, SOCK_DGRAM) as sock:
        try:
            sock.sendto(numbered(0), tuple(PBX))
            found.append("a datagram left for the PBX")
        except OSError:
            pass
    for port in (LOCAL.port, PBX.port):
        try:
            create_connection((CABLE, port), timeout=2).close()
            found.append(f"port {port} of the cable's end listens")
        except OSError:
            pass
    return found


async def carry(at: Edge, connect: list[str], folder: Path) -> dict[str, object]:
    with Program(*connect, log=folder / "first.log") as first:
        ready = await asyncio.to_thread(first.event, "ready")
        flow = at.tunnel.flow()
        assert flow is not None
        assert (flow.local, flow.remote) == (LOCAL, PBX)
        assert at.tunnel.send(flow, numbered(0))
        await at.ear.until_received(1)
        first.process.send_signal(signal.SIGKILL)
        await at.ear.until_told("is gone")
    for number in range(1, 1 + COUNT):
        assert at.tunnel.send(flow, numbered(number))
    with Program(*connect, log=folder / "second.log") as second:
        await asyncio.to_thread(second.event, "ready")
        await at.ear.until_received(1 + COUNT)
        code = await asyncio.to_thread(second.stop)
    heard = set(at.ear.messages) == {numbered(number) for number in range(1 + COUNT)}
    return {"ready": ready, "heard_all": heard, "flows": len(set(at.ear.flows)), "code": code}


async def main(folder: Path) -> None:
    authority = Authority(folder)
    pair = authority.issue(EDGE)
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with private_network() as inside, Program(*inside, sys.executable, "-c", _ECHO) as pbx:
        pbx.until(lambda line: line == "listens")
        tls = server_context(pair.certificate, pair.key)
        async with edge(tls=tls, at=Address(EDGE, 0)) as at, asyncio.timeout(30):
            given = ["--tenant", TENANT, "--pbx", f"sip:{PBX}", "--local", str(LOCAL)]
            connect = [*inside, RINGWAKE, "connect", at.url, *given, "--token-file", str(token)]
            result = await carry(at, [*connect, "--ca", str(authority.file)], folder)
            sys.stdout.write(json.dumps({**result, "way_in": await asyncio.to_thread(way_in)}))
        pbx.process.kill()


if __name__ == "__main__":
    os.environ.setdefault("RINGWAKE_STATE", sys.argv[1])
    asyncio.run(main(Path(sys.argv[1])))
