"""A PBX and its connector in a network namespace that has no way in, and everything else in another: one call through.

Run by `test_isolated_office.py` under `unshare --net`; everything ends with the process. Prints one line of JSON.

The namespaces are those of `tests.connector.isolated_edge`. The server of a laboratory listens on loopback only, so at
the near end of the cable stands what stands before many a real one: a proxy that passes connections on as they are.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tests.connector.isolated_edge import EDGE, LOCAL, PBX, private_network, way_in
from tests.interop.branch import Branch
from tests.interop.edge_process import CONNECTORS_PORT
from tests.interop.office import Network, Office, offices
from tests.interop.sleeper import Sleeper
from tests.support.leg import CalleeLeg
from tests.support.processes import Program

_NEW_NET = 0x40000000
BRANCH = Branch(upstream="vault", transport="udp")
_PROXY = """
import asyncio, sys
near, far, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
async def pass_on(reader, writer):
    while octets := await reader.read(65536):
        writer.write(octets)
    writer.close()
async def accept(reader, writer):
    to_server = await asyncio.open_connection(far, port)
    await asyncio.gather(pass_on(reader, to_server[1]), pass_on(to_server[0], writer), return_exceptions=True)
async def main():
    async with await asyncio.start_server(accept, near, port) as server:
        print("listens", flush=True)
        await server.serve_forever()
asyncio.run(main())
"""


def entering(pid: str) -> Callable[[], AbstractContextManager[None]]:
    """Return what puts this thread into the network namespace of a process for a while."""
    libc = ctypes.CDLL(None, use_errno=True)
    ours, theirs = (os.open(f"/proc/{each}/ns/net", os.O_RDONLY) for each in ("self", pid))

    def enter(namespace: int) -> None:
        if libc.setns(namespace, _NEW_NET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    @contextmanager
    def inside() -> Iterator[None]:
        enter(theirs)
        try:
            yield
        finally:
            enter(ours)

    return inside


@contextmanager
def proxy(host: str) -> Iterator[None]:
    """Pass connections on to the server."""
    with Program(sys.executable, "-c", _PROXY, EDGE, host, str(CONNECTORS_PORT)) as running:
        running.until(lambda line: line == "listens")
        yield
        running.kill()


def call_in(office: Office, sleeper: Sleeper) -> list[int]:
    """Let the PBX call a sleeping phone; return what its caller heard."""
    sleeper.wake()
    office.until_at_pbx(sleeper.account)
    sleeper.sleep()
    office.until_asleep(sleeper.account)
    caller = office.caller(sleeper.account)
    caller.invite()
    caller.until(100)
    sleeper.pushed()
    sleeper.wake()
    leg = sleeper.rings()
    caller.until(180)
    leg.reply(leg.invite, 200, body=leg.offer)
    caller.until(200)
    caller.ack()
    leg.request("ACK")
    leg.answers(caller, "BYE")
    return caller.statuses


def call_out(office: Office, sleeper: Sleeper) -> list[int]:
    """Let the phone call somebody at the PBX; return what it heard."""
    desk, caller = office.desk("desk"), sleeper.call("desk")
    caller.invite()
    callee = CalleeLeg(desk, "desk")
    callee.reply(callee.invite, 180)
    caller.until(180)
    callee.reply(callee.invite, 200, body=callee.offer)
    caller.until(200)
    caller.ack()
    callee.request("ACK")
    caller.answers(callee, "BYE")
    return caller.statuses


def main(folder: Path) -> None:
    """Do it."""
    with private_network() as nsenter, ExitStack() as stack:
        inside = entering(nsenter[-1])
        network = Network(inside=inside, pbx=PBX.host, local=LOCAL.host, edge=EDGE, door=proxy)
        (office,) = stack.enter_context(offices(folder, BRANCH, network=network)).values()
        with office.lent(), Sleeper(office) as sleeper:
            told = {"in": call_in(office, sleeper), "out": call_out(office, sleeper), "way_in": way_in()}
            told["relay"] = sorted(office.media_hosts())
        sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
