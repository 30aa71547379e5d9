"""What silent pushes cost when many devices wait for theirs: one due push, and the memory of a device. Prints JSON.

Each number of devices has a process of its own, and a virtual week: the store's image is looked at as often as the
server does, each push that is due is noted, and the device is due again a period later, as after its REGISTER. No disk.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import get_context

import psutil

from ringwake.edge.refresh import BATCH, LEASE_SECONDS, POLL_SECONDS
from ringwake.model.store_ops import Refreshed, TakeDue
from ringwake.store.image import Image
from store import WALL, refresh

WEEK = 7 * 86400.0
PERIOD = WEEK - 43200.0
"""Seconds from a REGISTER to its silent push: an interval less its lead."""
DEVICES = (1_000, 1_000_000)


@dataclass(slots=True)
class Looks:
    """What was found at all looks of a kind."""

    looks: int = 0
    pushes: int = 0
    seconds: float = 0.0

    def add(self, pushes: int, seconds: float) -> None:
        """Add a look."""
        self.looks += 1
        self.pushes += pushes
        self.seconds += seconds


def measure(devices: int) -> dict[str, float]:
    """Register so many devices, spread over a period, and let a week pass."""
    image, process = Image(), psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    for number in range(devices):
        op = refresh(number, 1)
        contact = replace(op.contacts[0], refresh_at=WALL + PERIOD * number / devices)
        image.apply(replace(op, contacts=(contact,)))
    gc.collect()
    memory = process.memory_info().rss - before
    found, empty = Looks(), Looks()
    for pushes, seconds in week(image):
        (found if pushes else empty).add(pushes, seconds)
    return {
        "devices": devices,
        "rss_bytes_per_device": round(memory / devices),
        "pushes": found.pushes,
        "cpu_us_per_push": round(found.seconds / found.pushes * 1e6, 1),
        "looks": found.looks + empty.looks,
        "cpu_us_per_empty_look": round(empty.seconds / empty.looks * 1e6, 2) if empty.looks else 0.0,
    }


def week(image: Image) -> Iterator[tuple[int, float]]:
    """Yield, for each look, how many pushes were due and what taking and noting them has cost, in seconds of CPU."""
    wall, end = WALL, WALL + WEEK
    while wall < end:
        started = time.thread_time()
        due = image.apply(TakeDue(wall=wall, limit=BATCH, lease=LEASE_SECONDS)).result
        for binding in due:
            image.apply(
                Refreshed(
                    aor=binding.aor,
                    binding=binding.id,
                    registered_at=binding.registered_at,
                    tries=1,
                    refresh_at=wall + PERIOD,
                )
            )
        yield len(due), time.thread_time() - started
        wall += POLL_SECONDS[1]


def grown(devices: tuple[int, ...] = DEVICES) -> list[dict[str, float]]:
    """Measure each number of devices in a process of its own."""
    context = get_context("spawn")
    sizes = []
    for count in devices:
        with context.Pool(1) as pool:
            sizes.append(pool.apply(measure, (count,)))
    return sizes


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, nargs="+", default=list(DEVICES))
    options = parser.parse_args()
    sizes = grown(tuple(options.devices))
    print(json.dumps({"bench": "scheduler", "python": platform.python_version(), "sizes": sizes}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
