"""CPU time of a process and all its descendants, by the kernel's own accounting (nanoseconds on a run queue)."""

from __future__ import annotations

from pathlib import Path

import psutil


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that the tree has used; threads and children that have ended are not in it."""
    root = psutil.Process(pid)
    tree = [root, *root.children(recursive=True)]
    return sum(_process_seconds(process.pid) for process in tree)


def _process_seconds(pid: int) -> float:
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total / 1e9


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of some values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
