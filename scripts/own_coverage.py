"""Is each pure file covered, lines and branches, by its own test file? In the spirit of websockets' maxi_cov.

Total coverage lies: a line that some far-away scenario happens to touch counts as tested. Below the adapters a file's
tests stand in `tests/<same path>/test_<name>.py`, and they alone must cover all of it. Above only a total is printed.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import coverage
from coverage.exceptions import CoverageException

from quiet_run import ROOT
from suite_parts import Outcome

HOUSE = ROOT / "src/ringwake"
PURE_FLOORS = ("secret.py", "sip", "model", "registrar", "proxy", "ua", "wake")
# The context of what runs when a module is imported.
IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offender:
    """A pure file that its own tests leave uncovered somewhere."""

    file: Path
    missing: str


def pure_files() -> Iterator[Path]:
    """Yield the files of the pure floors."""
    for floor in PURE_FLOORS:
        path = HOUSE / floor
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def own_test(file: Path) -> Path:
    """Return where a file's own tests stand; those of a package's `__init__` are named for the package."""
    inside = file.relative_to(HOUSE)
    if inside.name == "__init__.py":
        return ROOT / "tests" / inside.parent / f"test_{inside.parent.name}.py"
    return ROOT / "tests" / inside.parent / f"test_{inside.name}"


def check_own_coverage(unit_data: Path) -> tuple[Outcome, list[Offender]]:
    """Judge every pure file by the data of the unit part."""
    started = time.monotonic()
    measured = _load([unit_data])
    files = list(pure_files())
    offenders = [offender for file in files if (offender := _judge(measured, file))]
    outcome = Outcome(name="coverage", of_files=True, passed=len(files) - len(offenders), failed=len(offenders))
    outcome.seconds = time.monotonic() - started
    return outcome, offenders


def total_of_upper_floors(data_files: list[Path]) -> float | None:
    """Return the percentage of lines and branches that all parts together cover above the pure floors."""
    pure = [str(HOUSE / floor / "*") if (HOUSE / floor).is_dir() else str(HOUSE / floor) for floor in PURE_FLOORS]
    report = _report(_load(data_files), omit=pure)
    return report["totals"]["percent_covered"] if report else None


def show(offenders: list[Offender]) -> str:
    """Return a short table of what is not covered."""
    lines = ["not covered by their own tests (lines, branches from->to):"]
    for offender in offenders:
        test = own_test(offender.file)
        missing = offender.missing if test.exists() else f"no {test.relative_to(ROOT)}"
        lines.append(f"  {offender.file.relative_to(ROOT)}: {missing}")
    return "\n".join(lines)


def _judge(measured: coverage.Coverage, file: Path) -> Offender | None:
    contexts = [f"^{re.escape(context)}$" for context in (IMPORT, own_test(file).relative_to(ROOT).as_posix())]
    report = _report(measured, morfs=[str(file)], contexts=contexts)
    if report is None:
        return Offender(file=file, missing="never imported")
    (entry,) = report["files"].values()
    lines = ranges(entry["missing_lines"])
    branches = [f"{start}->{'exit' if end < 0 else end}" for start, end in entry["missing_branches"]
                if start not in entry["missing_lines"]]  # fmt: skip
    missing = ", ".join([*lines, *branches])
    return Offender(file=file, missing=missing) if missing else None


def _load(data_files: list[Path]) -> coverage.Coverage:
    measured = coverage.Coverage(data_file=None, config_file=str(ROOT / "pyproject.toml"))
    measured.combine([str(file) for file in data_files], keep=True)
    return measured


def _report(measured: coverage.Coverage, **options: Any) -> dict[str, Any] | None:
    """Return coverage's JSON report, which it writes to files only; None if there is nothing to report on."""
    with NamedTemporaryFile(suffix=".json") as target:
        try:
            measured.json_report(outfile=target.name, **options)
        except CoverageException:
            return None
        report: dict[str, Any] = json.loads(Path(target.name).read_text())
    return report


def ranges(lines: list[int]) -> Iterator[str]:
    """Yield runs of line numbers: 3-5, 9."""
    for _, members in groupby(enumerate(lines), lambda pair: pair[1] - pair[0]):
        run = [line for _, line in members]
        yield str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"
