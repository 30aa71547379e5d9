"""The parts of the test suite, and what a part's JUnit report says: all that `run_tests` knows without running any."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

# Top-level folders of tests/ that are a part of their own, in the order they run. All the rest mirrors src/: "unit".
PARTS_OF_THEIR_OWN = ("contract", "conformance", "push", "scenario", "interop", "simulation")
# Folders that mirror src/ and start programs: they wait more than they reckon, so they are a part, too.
PROGRAMS = ("app", "cli", "softphone")
WAITING = ("programs", "scenario", "interop")
"""Parts that wait for programs much of the time."""
NO_TESTS = frozenset({"support", "__pycache__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One pytest process."""

    name: str
    paths: tuple[Path, ...]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of a part, or of a gate: one row of the table."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    skips: list[str] = field(default_factory=list)
    of_files: bool = False
    """The row counts source files that a gate has judged, not tests."""


def find_parts(tests: Path) -> Iterator[Part]:
    """Yield the parts that exist and have tests."""
    entries = sorted(entry for entry in tests.iterdir() if has_tests(entry) and entry.name not in NO_TESTS)
    if unit := [entry for entry in entries if entry.name not in (*PARTS_OF_THEIR_OWN, *PROGRAMS)]:
        yield Part(name="unit", paths=tuple(unit))
    if programs := [entry for entry in entries if entry.name in PROGRAMS]:
        yield Part(name="programs", paths=tuple(programs))
    for name in PARTS_OF_THEIR_OWN:
        if tests / name in entries:
            yield Part(name=name, paths=(tests / name,))


def has_tests(path: Path, word: str = "") -> bool:
    """Tell whether a file or folder holds test files, and whether one of these contains a word."""
    files = path.rglob("test_*.py") if path.is_dir() else [path] if path.match("test_*.py") else []
    return any(word in file.read_text() for file in files)


def read_report(name: str, report: Path, exit_code: int, seconds: float) -> Outcome:
    """Count a JUnit report. A pytest that died, or that failed without a failed test, counts as one failure."""
    outcome = Outcome(name=name, seconds=seconds)
    for case in _cases(report):
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif (skip := case.find("skipped")) is not None and skip.get("type") != "pytest.xfail":
            outcome.skipped += 1
            outcome.skips.append(f"{case.get('classname')}.{case.get('name')}: {skip.get('message')}")
        else:
            outcome.passed += 1
    if exit_code and not outcome.failed:
        outcome.failed = 1
    return outcome


def _cases(report: Path) -> Iterator[ET.Element]:
    """Yield the test cases; a pytest that died has left no report, or half of one."""
    try:
        root = ET.parse(report)  # noqa: S314  # our own pytest wrote it
    except (OSError, ET.ParseError):
        return
    yield from root.iter("testcase")


def table(outcomes: list[Outcome]) -> str:
    """Return the closing table; a part in which all went well is easy to overlook, one that failed is not."""
    lines = [f"{'part':<14}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>10}"]
    for row in outcomes:
        mark = "  <- failed" if row.failed else ""
        lines.append(f"{row.name:<14}{row.passed:>8}{row.failed:>8}{row.skipped:>9}{row.seconds:>10.1f}{mark}")
    skips = [f"  {skip}" for row in outcomes for skip in row.skips]
    if skips:
        lines += ["", "skipped:", *skips]
    return "\n".join(lines)


def closing_line(outcomes: list[Outcome]) -> str:
    """Return the sums as a line that continuous integration understands: only tests pass, but a gate may fail too."""
    passed = sum(row.passed for row in outcomes if not row.of_files)
    failed, skipped = sum(row.failed for row in outcomes), sum(row.skipped for row in outcomes)
    return f"{passed} passed, {failed} failed, {skipped} skipped"
