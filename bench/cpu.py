"""CPU time of a process and all its descendants, by the kernel's own accounting (nanoseconds on a run queue)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Cpu:
    """What a tree of processes has used so far. Threads and children that have ended are not in it."""

    seconds: float
    user: float
    """Of these, seconds in user code, by the kernel's ticks: only differences of a second and more mean something."""

    @classmethod
    def of(cls, pid: int) -> Cpu:
        """Read it."""
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
        return cls(sum(_seconds(process.pid) for process in tree), sum(process.cpu_times().user for process in tree))

    def per(self, before: Cpu, count: int) -> dict[str, float]:
        """Return microseconds for each of `count` pieces of work since then."""
        return {
            "cpu_us": (self.seconds - before.seconds) / count * 1e6,
            "user_us": (self.user - before.user) / count * 1e6,
        }


def _seconds(pid: int) -> float:
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total / 1e9
