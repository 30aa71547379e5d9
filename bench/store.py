"""What a durable REGISTER refresh costs in the SQLite store, beside an event loop that never rests. Prints JSON."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import platform
import random
import sqlite3
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from ringwake.model.account import Aor
from ringwake.model.app import AppKey, Provider
from ringwake.model.push import PushTarget, Service
from ringwake.model.store_ops import ContactUpdate, Register, Registered
from ringwake.secret import Secret, Token
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.sqlite.store import SqliteStore

WALL = 1_800_000_000.0
GRANT = 30 * 86400.0
APP = AppKey(Provider.APNS, "TEAM123456.com.example.phone")
OTHER_WORK = 100e-6
"""Seconds that the rest of the server takes in each turn of a busy loop."""
PER_TURN = 16
"""Datagrams of one turn."""
QUANTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


def refresh(phone: int, cseq: int) -> Register:
    """Build the REGISTER of a phone with both APNs tokens."""
    tokens = tuple(
        (service, Token(provider="apns", app=APP.param, value=f"{service}{phone:064x}"))
        for service in (Service.VOIP, Service.REMOTE)
    )
    contact = ContactUpdate(
        new_id=f"{phone * 0x9E3779B97F4A7C15 % 2**64:016x}",
        uri=f"sip:user{phone}@192.0.2.{phone % 250}:{1024 + phone % 60000};transport=tls",
        params=f';+sip.instance="<urn:uuid:{phone:032x}>";reg-id=1',
        instance=f"<urn:uuid:{phone:032x}>",
        reg_id=1,
        expires=GRANT,
        push=PushTarget(app=APP, tokens=tokens),
        refresh_at=WALL + cseq + 561600,
    )
    flow = Flow(Transport.TLS, Address("192.0.2.1", 5061), Address("198.51.100.7", 1024 + phone % 60000), phone, "node")
    return Register(
        aor=Aor(f"user{phone}@example.com"),
        call_id=f"{phone:020x}@phone",
        cseq=cseq,
        flow=flow,
        contacts=(contact,),
        user_agent="ringwake-softphone/26.1",
        wall=WALL + cseq,
    )


class Load:
    """Keeps so many refreshes outstanding for so long, and measures the loop meanwhile."""

    def __init__(self, store: SqliteStore, ops: list[Register], *, outstanding: int, other_work: float) -> None:
        self._store = store
        self._ops = iter(ops)
        self._room = self._most = outstanding
        self._other_work = other_work
        self._loop = asyncio.get_running_loop()
        self._is_resting = False
        self._ends_at = 0.0
        self._last_turn = 0.0
        self._finished: asyncio.Future[None] = self._loop.create_future()
        self.latencies: list[float] = []
        self.gaps: list[float] = []
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    async def run(self, seconds: float) -> None:
        """Load the store, and wait for the last answer."""
        started, cpu = time.perf_counter(), time.thread_time()
        self._last_turn, self._ends_at = started, started + seconds
        self._loop.call_soon(self._turn)
        await self._finished
        self.seconds, self.cpu_seconds = time.perf_counter() - started, time.thread_time() - cpu
        self.latencies.sort()
        self.gaps.sort()

    def _turn(self) -> None:
        now = time.perf_counter()
        self.gaps.append(now - self._last_turn)
        self._last_turn = now
        for op in self._batch(now):
            self._submit(op)
        if self._room == self._most:
            self._finished.set_result(None)
            return
        if self._other_work:
            ends_at = time.perf_counter() + self._other_work
            while time.perf_counter() < ends_at:
                pass
        self._is_resting = not self._other_work and not self._room
        if not self._is_resting:
            self._loop.call_soon(self._turn)

    def _batch(self, now: float) -> Iterator[Register]:
        if now < self._ends_at:
            room = min(PER_TURN, self._room)
            batch = list(islice(self._ops, room))
            if len(batch) < room:  # all that was prepared is sent: what was reached by now counts
                self._ends_at = now
            yield from batch

    def _submit(self, op: Register) -> None:
        submitted = time.perf_counter()

        def durable(result: object) -> None:
            assert isinstance(result, Registered), result
            self.latencies.append(time.perf_counter() - submitted)
            self._room += 1
            if self._is_resting:
                self._is_resting = False
                self._loop.call_soon(self._turn)

        self._room -= 1
        self._store.submit(op, durable=durable)


class Bench:
    """One store of one size."""

    def __init__(self, folder: Path, phones: int, seconds: float) -> None:
        self._path = folder / f"{phones}.db"
        self._phones = phones
        self._seconds = seconds
        self._cseq = count(10)
        self._rng = random.Random(1)

    async def fill(self) -> dict[str, object]:
        """Register all phones; return what one costs in memory and on disk."""
        gc.collect()
        process = psutil.Process()
        store = await self._open(0.0)
        before = process.memory_info().rss
        for phone in range(self._phones):
            store.submit(refresh(phone, 1))
            if phone % 5000 == 0:
                await store.do(refresh(phone, 2))
        gc.collect()
        memory = process.memory_info().rss - before
        await store.close()
        started = time.perf_counter()
        await (await self._open(0.0)).close()
        return {
            "bindings": self._phones,
            "rss_bytes_per_binding": round(memory / self._phones),
            "file_bytes_per_binding": round(self._path.stat().st_size / self._phones),
            "open_and_close_s": round(time.perf_counter() - started, 3),
        }

    async def load(self, outstanding: int, group_seconds: float) -> dict[str, object]:
        """Load it beside a busy loop, then once more alone to see what the loop's thread spends."""
        store = await self._open(group_seconds)
        writer = psutil.Process(psutil.Process().children()[0].pid)
        ops = [refresh(self._rng.randrange(self._phones), next(self._cseq)) for _ in range(int(35_000 * self._seconds))]
        gc.collect()
        gc.freeze()
        busy = Load(store, ops, outstanding=outstanding, other_work=OTHER_WORK)
        writer_cpu = sum(writer.cpu_times()[:2])
        await busy.run(self._seconds)
        writer_cpu = sum(writer.cpu_times()[:2]) - writer_cpu
        alone = Load(store, ops[len(busy.latencies) :], outstanding=outstanding, other_work=0.0)
        await alone.run(self._seconds / 2)
        await store.close()
        gc.unfreeze()
        return {
            "bindings": self._phones,
            "outstanding": outstanding,
            "group_ms": group_seconds * 1e3,
            "durable_ops_per_s": round(len(busy.latencies) / busy.seconds),
            "latency_ms": _quantiles(busy.latencies),
            "loop_gap_ms": _quantiles(busy.gaps),
            "writer_cpu_us_per_op": round(writer_cpu / len(busy.latencies) * 1e6, 1),
            "alone_ops_per_s": round(len(alone.latencies) / alone.seconds),
            "alone_loop_cpu_us_per_op": round(alone.cpu_seconds / len(alone.latencies) * 1e6, 1),
        }

    async def _open(self, group_seconds: float) -> SqliteStore:
        return await SqliteStore.open(
            self._path, keys=[Secret(b"k" * 32)], note_fault=print, group_seconds=group_seconds
        )


def _quantiles(values: list[float]) -> dict[str, float]:
    last = len(values) - 1
    return {name: round(values[min(last, int(len(values) * q))] * 1e3, 2) for name, q in QUANTILES.items()}


def main() -> None:
    """Measure at each size, with one refresh at a time and with many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bindings", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--outstanding", type=int, nargs="+", default=[1, 64, 512])
    parser.add_argument("--group-ms", type=float, nargs="+", default=[0.0])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, help="where the disk to measure is; default: the temporary folder")
    options = parser.parse_args()
    sizes: list[dict[str, object]] = []
    loads: list[dict[str, object]] = []
    for phones in options.bindings:
        with TemporaryDirectory(dir=options.folder) as folder:
            bench = Bench(Path(folder), phones, options.seconds)
            sizes.append(asyncio.run(bench.fill()))
            loads += [
                asyncio.run(bench.load(outstanding, group / 1e3))
                for outstanding in options.outstanding
                for group in options.group_ms
            ]
    versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    print(json.dumps({"bench": "store", **versions, "sizes": sizes, "loads": loads}, indent=2))


if __name__ == "__main__":
    main()
