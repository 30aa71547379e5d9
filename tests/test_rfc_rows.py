"""Claims about the gate that keeps docs/rfc.md honest: each way to lie in it is seen."""

from pathlib import Path

import pytest

from rfc_rows import DOCUMENT, LIST, ROOT, Verdict, judge, read_list, rows

TEST = "`tests/test_x.py::test_it`"
HEAD = "# Rules\n\n| id | rule | kept by |\n|---|---|---|\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_x.py").write_text("def test_it(): ...\nasync def test_that(): ...\nTestAll = 1\nHELP = 2\n")
    return tmp_path


def judged(root: Path, *lines: str, wanted: str = "A1") -> Verdict:
    return judge(HEAD + "".join(f"{line}\n" for line in lines), wanted.split(), root)


def test_the_document_is_honest() -> None:
    wanted = read_list(LIST.read_text())
    assert len(wanted) == len(set(wanted))
    assert judge(DOCUMENT.read_text(), wanted, ROOT).problems == []


@pytest.mark.parametrize(
    "kept_by",
    [
        TEST,
        f"{TEST}, `tests/test_x.py::test_that`",
        "`tests/test_x.py::TestAll`: by all histories",
        "Does not apply: the server never dials.",
        f"Differs: the longer grant saves battery: {TEST}",
    ],
)
def test_a_row_with_a_test_or_a_reason_is_fine(root: Path, kept_by: str) -> None:
    found = judged(root, f"| A1 | a rule | {kept_by} |")
    is_kept = kept_by.startswith("`")
    assert (found.problems, len(found.kept), len(found.apart), found.not_built) == ([], is_kept, not is_kept, [])


@pytest.mark.parametrize("before", ["", f"{TEST} "])
def test_what_is_not_built_is_counted_and_named(root: Path, before: str) -> None:
    found = judged(root, f"| A1 | a rule | {before}Not built: it is answered 480 at once. |")
    assert (found.problems, found.not_built) == ([], ["A1"])
    assert str(found).endswith("0 kept, 0 not applicable or deliberately different, 1 not built yet: A1")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "docs/rfc.md: A1 is missing"),
        ([f"| A1 | x | {TEST} |"] * 2, "docs/rfc.md:6: A1 stands twice"),
        ([f"| A1 | x | {TEST} |", f"| A2 | x | {TEST} |"], "docs/rfc.md:6: A2 is not in docs/rfc-rows.txt"),
        (["| A1 | x | |"], "docs/rfc.md:5: A1 has neither a test nor a reason"),
        (["| A1 | x | kept, surely |"], "docs/rfc.md:5: A1 has neither a test nor a reason"),
        (["| A1 | x | Not built: later |"], "docs/rfc.md:5: A1 has neither a test nor a reason"),
        (["| A1 | x | tests/test_x.py::test_it |"], "docs/rfc.md:5: A1 has neither a test nor a reason"),
        (
            ["| A1 | x | `tests/test_x.py::test_no` |"],
            "docs/rfc.md:5: A1 names tests/test_x.py::test_no, which does not exist",
        ),
        (
            ["| A1 | x | `tests/test_x.py::HELP` |"],
            "docs/rfc.md:5: A1 names tests/test_x.py::HELP, which does not exist",
        ),
        (
            [f"| A1 | x | {TEST}, `tests/test_y.py::test_it` |"],
            "docs/rfc.md:5: A1 names tests/test_y.py::test_it, which does not exist",
        ),
    ],
)
def test_each_lie_is_seen(root: Path, lines: list[str], problem: str) -> None:
    assert judged(root, *lines).problems == [problem]


def test_a_bar_inside_a_cell_does_not_end_it(root: Path) -> None:
    (row,) = rows(HEAD + rf"| `wsinv` | a \| b | more | {TEST} |")
    assert (row.id, row.tests) == ("wsinv", [("tests/test_x.py", "test_it")])
    assert judged(root, rf"| A1 | a \| b | {TEST} |").problems == []


def test_other_tables_are_none_of_rules(root: Path) -> None:
    assert (
        judged(root, f"| A1 | x | {TEST} |", "", "| what | why |", "|---|---|", "| long grants | battery |").problems
        == []
    )


def test_the_list_has_comments() -> None:
    assert read_list("# RFC 8599\nG1\n\nG2  # white space\n") == ["G1", "G2"]
