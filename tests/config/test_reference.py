"""docs/reference/config.md is made of the schema, whole and fresh."""

from __future__ import annotations

import inspect
import runpy
import tomllib
from pathlib import Path

import msgspec
import pytest

from ringwake.config import app_section, schema
from ringwake.config import reference as module
from ringwake.config.reference import reference
from ringwake.config.section import Section

PAGE = Path(__file__).parents[2] / "docs/reference/config.md"
TABLES = [
    kind
    for name, kind in {**vars(schema), **vars(app_section)}.items()
    if isinstance(kind, type) and issubclass(kind, Section) and name not in ("Section", "Config")
]


def test_the_page_is_fresh() -> None:
    command = ".venv/bin/python -m ringwake.config.reference > docs/reference/config.md"
    assert PAGE.read_text(encoding="utf-8") == reference(), f"stale: {command}"


def test_the_module_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(module.__file__), run_name="__main__")
    assert capsys.readouterr().out == reference()


@pytest.mark.parametrize("table", TABLES)
def test_every_key_of_every_table_stands_there_with_a_meaning(table: type[Section]) -> None:
    title = (inspect.getdoc(table) or "").partition(": ")[0]
    tomllib.loads(title.strip("`"))
    _, _, rest = reference().partition(f"\n## {title}\n")
    rows = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [field.name for field in msgspec.structs.fields(table)]
    for row in rows:
        _, _, kind, default, meaning, _ = (cell.strip() for cell in row.split("|"))
        assert kind in ("text", "number", "true or false", "table", "tables", "table of text", "list of text")
        assert default
        assert meaning.endswith(".")


def test_defaults_are_written_as_in_toml() -> None:
    page = reference()
    assert "| `lab` | true or false | false |" in page
    assert "| `wake_timeout` | number | `20` |" in page
    assert "| `domain` | text | required |" in page
    assert "| `account` | tables | none |" in page
    assert "| `origins` | list of text | none |" in page
    assert "| `text` | table | none |" in page
    assert "| `extra` | table of text | none |" in page
