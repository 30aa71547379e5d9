"""`make bench`: what a REGISTER, a woken call and a push cost the server, and how quick it is inside.

Prints a table or JSON.

The server runs in a process of its own with its defaults: log, traces, metrics, SQLite on disk. FCM is emulated in a
third process. CPU is that of the server's whole process tree. Compare ratios of one run, not runs of different days.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import bulkhead
import pushes
from cpu import Cpu
from program import Program
from registers import Registers, User
from scheduler import grown
from wakes import Wakes

from ringwake.sip.flow import Address

RINGWAKE = str(Path(sys.executable).with_name("ringwake"))
SERVER = str(Path(__file__).with_name("server.py"))
CALLER = ("caller", "c")
ROWS = {
    "register_cpu_us": "CPU of a REGISTER (refresh, digest, UDP, on disk)",
    "register_user_us": "  of it in user code",
    "registers_per_second": "REGISTERs a second, 32 under way",
    "wake_cpu_us": "CPU of a woken call (FCM, TCP, INVITE to BYE, on disk)",
    "wake_user_us": "  of it in user code",
    "invite_to_push": "INVITE in to push handed over",
    "invite_to_accepted": "INVITE in to the push service's answer",
    "register_to_invite": "REGISTER in to INVITE out, on disk between",
    "invite_to_180": "INVITE in to 180 out, the phone waking at once",
    "silent_push_cpu_us": "CPU of a due silent push, in the store's image",
    "silent_push_cpu_growth": "  times that with 1,000 devices",
    "device_bytes": "memory of a device that waits for one, bytes",
    "device_bytes_growth": "  times that with 1,000 devices",
}
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


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what a REGISTER and a woken call cost.")
    parser.add_argument("--users", type=int, default=500, help="accounts that register")
    parser.add_argument("--registers", type=int, default=20_000)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument(
        "--devices", type=int, default=1_000_000, help="devices that wait for a silent push; 1,000 beside"
    )
    parser.add_argument("--pushes", type=int, default=10_000, help="pushes to APNs in a run, 100 in flight")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _terminated)
    try:
        with TemporaryDirectory(prefix="ringwake-bench-") as folder:
            figures = _about() | _measure(Path(folder), options) | _silent_pushes(options.devices)
            figures |= pushes.measure(options.pushes, pushes.PEERS)
            figures |= bulkhead.measure()
    except KeyboardInterrupt:
        return 130
    print(json.dumps(figures) if options.json else "\n".join(_table(figures)))
    return 0


def _terminated(*_: object) -> None:
    """Leave in order, so that the programs beside us end too, whoever repeats it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def _measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    users = [User(f"u{number:06d}", f"p{number}") for number in range(options.users)]
    callees = [(f"c{number:03d}", f"q{number}") for number in range(20)]
    emulate = (RINGWAKE, "emulate", "--json", "--quiet", "--state", str(folder))
    with Program(*emulate, log=folder / "emulators.log") as emulators:
        lab_text = Path(emulators.line()["config"]).read_text()
        lab = tomllib.loads(lab_text)
        accounts = [*((user.name, user.password) for user in users), *callees, CALLER]
        config = folder / "bench.toml"
        config.write_text(_config(lab_text, accounts))
        with Program(sys.executable, SERVER, str(config), log=folder / "server.log") as server:
            listen = {one["transport"]: _address(one["address"]) for one in server.line()["listen"]}
            registers = _registers(server.pid, listen["udp"], lab, users, options.registers)
            wakes = asyncio.run(_wakes(server.pid, listen["tcp"], lab, callees, options.calls))
            return {**registers, **wakes, **_spread(server.last_line())}


def _registers(pid: int, server: Address, lab: dict[str, Any], users: list[User], count: int) -> dict[str, Any]:
    with Registers(server, lab["tenant"][0]["domain"], lab["lab"]["project"], users) as load:
        load.challenge()
        load.run(len(users))  # first inserts are another figure
        before = Cpu.of(pid)
        seconds = load.run(count)
        cost = Cpu.of(pid).per(before, count)
    return {"registers": count, **_named("register", cost), "registers_per_second": count / seconds}


async def _wakes(
    pid: int, server: Address, lab: dict[str, Any], callees: list[tuple[str, str]], count: int
) -> dict[str, Any]:
    wakes = Wakes(
        server,
        lab["tenant"][0]["domain"],
        lab["lab"]["project"],
        inbox=lab["lab"]["inbox"],
        ca_file=Path(lab["lab"]["ca_file"]),
    )
    try:
        await wakes.open(CALLER, callees)
        for phone in wakes.phones:
            await wakes.call(phone)
        before = Cpu.of(pid)
        for number in range(count):
            await wakes.call(wakes.phones[number % len(wakes.phones)])
        cost = Cpu.of(pid).per(before, count)
    finally:
        await wakes.close()
    return {"calls": count, **_named("wake", cost)}


def _silent_pushes(devices: int) -> dict[str, Any]:
    few, many = grown((1_000, devices))
    return {
        "devices": devices,
        "silent_push_cpu_us": many["cpu_us_per_push"],
        "silent_push_cpu_growth": many["cpu_us_per_push"] / few["cpu_us_per_push"],
        "device_bytes": many["rss_bytes_per_device"],
        "device_bytes_growth": many["rss_bytes_per_device"] / few["rss_bytes_per_device"],
    }


def _config(lab: str, accounts: list[tuple[str, str]]) -> str:
    """Give the laboratory's configuration our listeners and accounts."""
    tables = "".join(f'\n[[tenant.account]]\nuser = "{name}"\npassword = "{word}"\n' for name, word in accounts)
    head, tenant, rest = lab.replace("[server]\nlab = true\n", "").partition("[[tenant]]\n")
    domain, newline, rest = rest.partition("\n")
    return f"{head}{_TABLES}\n{tenant}{domain}{newline}{tables}\n{rest}"


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address(host, int(port))


def _named(what: str, cost: dict[str, float]) -> dict[str, float]:
    return {f"{what}_{name}": value for name, value in cost.items()}


def _spread(times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {name: {"p50_ms": median(values), "p99_ms": _percentile(values, 0.99)} for name, values in times.items()}


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _about() -> dict[str, Any]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "load_before": round(os.getloadavg()[0], 2),
        "store": "sqlite, synchronous=FULL",
    }


def _table(figures: dict[str, Any]) -> Iterator[str]:
    yield ", ".join(str(figures[name]) for name in _about())
    width = max(map(len, ROWS.values()))
    for name, text in ROWS.items():
        value = figures[name]
        if isinstance(value, dict):
            shown = f"{value['p50_ms']:.2f} ms, p99 {value['p99_ms']:.2f} ms"
        else:
            shown = f"{value:.0f} us" if name.endswith("_us") else f"{value:.2f}" if value < 10 else f"{value:.0f}"
        yield f"{text:<{width}}  {shown:>24}"
    yield from pushes.table(figures)
    yield bulkhead.line(figures)


if __name__ == "__main__":
    sys.exit(main())
