"""Run the test suite in parts, each a pytest process of its own; never stop at the first part that fails.

`run_tests.py [--torture] [PART ...]`. Without `--torture` the long tests are left out, with it only they run. At the
end: which pure file its own tests do not cover, a table, why tests were skipped. In CI a skipped test is a failure.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TextIO

from own_coverage import check_own_coverage, show, total_of_upper_floors
from quiet_run import ROOT
from suite_parts import WAITING, Outcome, Part, closing_line, find_parts, has_tests, read_report, table

DATA = ROOT / ".cache/coverage"
# Measuring slows these down, and what they cover their scenario siblings cover too.
NOT_MEASURED = frozenset({"interop", "simulation"})
NO_TESTS_RAN = 5
AT_ONCE = 2
"""Parts that wait for programs at the same time, beside one that reckons."""
TORTURE_TIMEOUT_SECONDS = 3600


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    options = _parse()
    parts = [part for part in find_parts(ROOT / "tests") if not options.parts or part.name in options.parts]
    if options.torture:
        parts = _with_torture(parts)
    if not parts:
        print("There are no such tests.")
        return 0
    DATA.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    try:
        outcomes += _run_all(parts, torture=options.torture)
    except KeyboardInterrupt:
        return 130
    if not options.torture:
        outcomes += _coverage(parts)
    print(f"\n{table(outcomes)}\n\n{closing_line(outcomes)}", flush=True)
    skips_count = os.environ.get("CI") == "true"
    return int(any(row.failed or (row.skipped and skips_count) for row in outcomes))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the test suite in parts.")
    parser.add_argument("--torture", action="store_true", help="only the long tests")
    parser.add_argument("parts", nargs="*", metavar="PART", help="unit, contract, ...; default: all")
    return parser.parse_args()


def _with_torture(parts: list[Part]) -> list[Part]:
    """Leave out what has no long test at all: a pytest that selects nothing looks like a mistake."""
    narrowed = [
        Part(name=part.name, paths=tuple(path for path in part.paths if has_tests(path, "mark.torture")))
        for part in parts
    ]
    return [part for part in narrowed if part.paths]


def _run_all(parts: list[Part], *, torture: bool) -> list[Outcome]:
    """Run the parts. Some compute, the others wait for programs much of the time: they go side by side.

    The long ones go one by one: some of them measure memory, or fill the machine by themselves.
    """
    if torture or len(parts) < 2 or (os.cpu_count() or 1) < 2:
        return [outcome for part in parts if (outcome := _run(part, torture=torture))]
    computing = [part for part in parts if part.name not in WAITING]
    with ThreadPoolExecutor(AT_ONCE) as beside:
        running = [beside.submit(_run_quietly, part) for part in parts if part.name in WAITING]
        outcomes = [_run(part, torture=False) for part in computing]
        for run in running:
            outcome, output = run.result()
            print(output, flush=True)
            outcomes.append(outcome)
    return [outcome for outcome in outcomes if outcome]


def _run_quietly(part: Part) -> tuple[Outcome | None, str]:
    """Run one part, and keep what it prints for later."""
    with TemporaryFile("w+", errors="replace") as output:
        outcome = _run(part, torture=False, output=output)
        output.seek(0)
        return outcome, output.read()


def _run(part: Part, *, torture: bool, output: TextIO | None = None) -> Outcome | None:
    """Run one part; None if it selected no test."""
    print(f"\n--- {part.name} ---", flush=True, file=output)
    measured = not torture and part.name not in NOT_MEASURED
    runner = ["scripts/covered_pytest.py", str(_data_file(part))] if measured else ["-m", "pytest"]
    selection = ["-m", "torture", f"--timeout={TORTURE_TIMEOUT_SECONDS}"] if torture else ["-m", "not torture"]
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        paths = [str(path.relative_to(ROOT)) for path in part.paths]
        started = time.monotonic()
        command = [sys.executable, *runner, "-q", *selection, f"--junit-xml={report}", *paths]
        ended = subprocess.run(command, cwd=ROOT, check=False, stdout=output, stderr=output and subprocess.STDOUT)
        exit_code = ended.returncode
        if exit_code == NO_TESTS_RAN:
            return None
        return read_report(part.name, report, exit_code, time.monotonic() - started)


def _data_file(part: Part) -> Path:
    return DATA / part.name


def _coverage(parts: list[Part]) -> list[Outcome]:
    """Gate the pure floors on their own tests, if these ran; print how much of the rest is covered."""
    data_files = [file for part in parts if part.name not in NOT_MEASURED and (file := _data_file(part)).exists()]
    unit = DATA / "unit"
    if unit not in data_files:
        return []
    outcome, offenders = check_own_coverage(unit)
    if offenders:
        print(f"\n{show(offenders)}")
    if (total := total_of_upper_floors(data_files)) is not None:
        print(f"\nAbove the pure floors {total:.1f} % is covered.")
    return [outcome]


if __name__ == "__main__":
    sys.exit(main())
