"""`make bench`: what a REGISTER and a woken call cost, and how quick the server is inside. Prints a table and JSON.

The server runs in a process of its own, with SQLite on disk and FCM emulated in a third one. CPU is the server's whole
process tree. First figures: compare ratios of one run, not runs of different machines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from cpu import cpu_seconds, percentile
from registers import Registers, User
from wakes import Wakes

from ringwake.sip.flow import Address

BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
CALLER = "caller"
_TABLES = """
[server]
http = "127.0.0.1:0"
lab = true

[[peer]]
address = "127.0.0.0/8"
may_call = true

[[listen]]
transport = "udp"
address = "127.0.0.1:0"

[[listen]]
transport = "tcp"
address = "127.0.0.1:0"
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what a REGISTER and a woken call cost.")
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--registers", type=int, default=20_000)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="JSON only")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="ringwake-bench-") as folder:
        figures = _measure(Path(folder), options)
    if not options.json:
        print(_table(figures))
    print(json.dumps(figures))


def _measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    emulators = _start([str(BIN / "ringwake"), "emulate", "--json", "--state", str(folder)])
    try:
        lab_file = Path(_line(emulators)["config"])
        users = [User(f"u{number:06d}", f"p{number}") for number in range(options.users)]
        callees = [(f"c{number:03d}", f"q{number}") for number in range(20)]
        config = folder / "bench.toml"
        config.write_text(_config(lab_file.read_text(), users, callees))
        server = _start([sys.executable, str(HERE / "server.py"), str(config)])
        try:
            ready = _line(server)
            lab = tomllib.loads(lab_file.read_text())
            figures = _registers(server.pid, ready, lab, users, options.registers)
            figures |= asyncio.run(_wakes(server.pid, ready, lab, callees, options.calls))
        finally:
            server.send_signal(signal.SIGTERM)
        figures |= _inside(_line(server))
        server.wait(timeout=30)
    finally:
        emulators.send_signal(signal.SIGTERM)
        emulators.wait(timeout=30)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"python": python, "machine": platform.machine(), "store": "sqlite, synchronous=FULL", **figures}


def _registers(pid: int, ready: dict[str, Any], lab: dict[str, Any], users: list[User], count: int) -> dict[str, Any]:
    load = Registers(_address(ready, "udp"), lab["tenant"][0]["domain"], lab["lab"]["project"], users)
    load.challenge()
    load.run(len(users))  # first inserts are another figure
    before = cpu_seconds(pid)
    seconds = load.run(count)
    used = cpu_seconds(pid) - before
    return {"registers": count, "register_cpu_us": used / count * 1e6, "registers_per_second": count / seconds}


async def _wakes(
    pid: int, ready: dict[str, Any], lab: dict[str, Any], callees: list[tuple[str, str]], count: int
) -> dict[str, Any]:
    wakes = Wakes(
        Address(*_address(ready, "tcp")),
        lab["tenant"][0]["domain"],
        lab["lab"]["project"],
        inbox=lab["lab"]["inbox"],
        ca_file=Path(lab["lab"]["ca_file"]),
    )
    await wakes.open((CALLER, "c"), callees)
    try:
        for phone in wakes.phones:
            await wakes.call(phone)
        before = cpu_seconds(pid)
        for number in range(count):
            await wakes.call(wakes.phones[number % len(wakes.phones)])
        used = cpu_seconds(pid) - before
    finally:
        await wakes.close()
    return {"calls": count, "wake_cpu_us": used / count * 1e6}


def _inside(timed: dict[str, list[float]]) -> dict[str, float]:
    figures = {}
    for name, values in timed.items():
        figures[f"{name}_p50_ms"] = percentile(values, 0.5)
        figures[f"{name}_p99_ms"] = percentile(values, 0.99)
    return figures


def _config(lab: str, users: list[User], callees: list[tuple[str, str]]) -> str:
    accounts = [(user.name, user.password) for user in users] + callees + [(CALLER, "c")]
    tables = "".join(f'\n[[tenant.account]]\nuser = "{name}"\npassword = "{word}"\n' for name, word in accounts)
    head, tenant, rest = lab.replace("[server]\nlab = true\n", "").partition("[[tenant]]\n")
    domain, newline, rest = rest.partition("\n")
    return f"{head}{_TABLES}\n{tenant}{domain}{newline}{tables}\n{rest}"


def _address(ready: dict[str, Any], transport: str) -> tuple[str, int]:
    host, _, port = next(one["address"] for one in ready["listen"] if one["transport"] == transport).rpartition(":")
    return host, int(port)


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    out: IO[str] | None = process.stdout
    assert out is not None
    line = out.readline()
    if not line:
        raise SystemExit("a process of the benchmark ended early; its error stands above")
    value: dict[str, Any] = json.loads(line)
    return value


def _table(figures: dict[str, Any]) -> str:
    rows = [
        ("CPU per REGISTER (digest, refresh, UDP, committed)", f"{figures['register_cpu_us']:.0f} us"),
        ("REGISTERs per second, one socket", f"{figures['registers_per_second']:.0f}"),
        ("CPU per woken call (FCM, TCP, INVITE to BYE, committed)", f"{figures['wake_cpu_us'] / 1000:.2f} ms"),
        ("INVITE to push, inside, p50 / p99", _pair(figures, "invite_to_push")),
        ("REGISTER to INVITE, inside, p50 / p99", _pair(figures, "register_to_invite")),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value:>18}" for name, value in rows]
    return "\n".join([f"{figures['python']}, {figures['machine']}, {figures['store']}", *lines, ""])


def _pair(figures: dict[str, Any], name: str) -> str:
    return f"{figures[f'{name}_p50_ms']:.2f} / {figures[f'{name}_p99_ms']:.2f} ms"


if __name__ == "__main__":
    main()
