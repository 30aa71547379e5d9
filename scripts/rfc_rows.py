"""Hold docs/rfc.md to its word: every row of docs/rfc-rows.txt stands there once, with a test that exists or a reason.

A row's last cell names tests as `tests/path/test_x.py::test_name`, or begins with "Does not apply:", "Differs:" or
"Not built:" and says why. What is not built is allowed, also beside a test for a part of the rule; it is counted.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT, LIST = ROOT / "docs/rfc.md", ROOT / "docs/rfc-rows.txt"
REASONS = ("Does not apply: ", "Differs: ", NOT_BUILT := "Not built: ")
LEAST_REASON = 15  # characters
_CELLS = re.compile(r"(?<!\\)\|")
_REFERENCE = re.compile(r"`(tests/[\w/.-]+)::(\w+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule of the document."""

    id: str
    line: int
    kept_by: str
    """The last cell."""

    @property
    def tests(self) -> list[tuple[str, str]]:
        """The tests that it names: file and function."""
        return _REFERENCE.findall(self.kept_by)


@dataclass(slots=True)
class Verdict:
    """What is wrong, and what there is."""

    problems: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    """Rows that do not apply, or from which we differ."""
    not_built: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = f"{len(self.kept)} kept, {len(self.apart)} not applicable or deliberately different"
        return f"{counts}, {len(self.not_built)} not built yet: {', '.join(self.not_built) or 'none'}"


def main() -> int:
    """Check the document; return the exit code."""
    found = judge(DOCUMENT.read_text(), read_list(LIST.read_text()), ROOT)
    for problem in found.problems:
        print(problem, file=sys.stderr)
    print(f"docs/rfc.md: {found}")
    return int(bool(found.problems))


def read_list(text: str) -> list[str]:
    """Return the ids of the list: one a line, `#` begins a comment."""
    return [each for line in text.splitlines() if (each := line.partition("#")[0].strip())]


def judge(document: str, wanted: list[str], root: Path) -> Verdict:
    """Judge a document by the ids that it must have; the files that it names are looked for below `root`."""
    verdict, seen = Verdict(), set[str]()
    for row in rows(document):
        where = f"docs/rfc.md:{row.line}: {row.id}"
        if row.id in seen:
            verdict.problems.append(f"{where} stands twice")
        if row.id not in wanted:
            verdict.problems.append(f"{where} is not in docs/rfc-rows.txt")
        seen.add(row.id)
        verdict.problems += [f"{where} {problem}" for problem in _faults(row, root)]
        is_apart = row.kept_by.startswith(REASONS)
        kind = verdict.not_built if NOT_BUILT in row.kept_by else verdict.apart if is_apart else verdict.kept
        kind.append(row.id)
    verdict.problems += [f"docs/rfc.md: {missing} is missing" for missing in wanted if missing not in seen]
    return verdict


def rows(document: str) -> Iterator[Row]:
    """Yield the rows of the tables of rules: those whose first column is `id` or `message`."""
    is_rule, lines = False, document.splitlines()
    for number, (line, after) in enumerate(zip(lines, [*lines[1:], ""], strict=True), start=1):
        cells = [cell.strip() for cell in _CELLS.split(line.strip().strip("|"))]
        if after.startswith("|-"):
            is_rule = cells[0] in {"id", "message"}
        elif is_rule and line.startswith("|") and not line.startswith("|-"):
            yield Row(id=cells[0].strip("`"), line=number, kept_by=cells[-1])


def _faults(row: Row, root: Path) -> Iterator[str]:
    for file, name in row.tests:
        if name not in _tests_of(root / file):
            yield f"names {file}::{name}, which does not exist"
    reason = next((row.kept_by.removeprefix(word) for word in REASONS if row.kept_by.startswith(word)), "")
    if not row.tests and len(reason) < LEAST_REASON:
        yield "has neither a test nor a reason"


@cache
def _tests_of(file: Path) -> frozenset[str]:
    """Return the names of a test file's tests: functions, and the test cases of state machines (`TestX = ...`)."""
    if not file.is_file():
        return frozenset()
    found: list[str] = []
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign):
            found += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return frozenset(name for name in found if name.lower().startswith("test"))


if __name__ == "__main__":
    sys.exit(main())
