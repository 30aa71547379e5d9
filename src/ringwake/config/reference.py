"""docs/reference/config.md, made of the schema's own docstrings: `python -m ringwake.config.reference > FILE`."""

from __future__ import annotations

import ast
import inspect
import sys
from typing import Any, get_args, get_origin

import msgspec

from ringwake.config import app_section, schema
from ringwake.config.section import Section

HEAD = """\
# Configuration

One TOML file, given by `ringwake serve --config FILE`. It is strict: an unknown key, a wrong type or a dangerous
combination is an error that names the place and the mend, and the exit code is 2. Relative paths start at the file.
This page is made of `ringwake.config.schema`; a test fails when it is stale.
"""
_SECTIONS = (
    "ServerSection",
    "WakeSection",
    "ListenSection",
    "TenantSection",
    "AccountSection",
    "PeerSection",
    "AppSection",
    "AppTextsSection",
    "AppTextSection",
    "PublicSection",
    "ConnectorsSection",
    "MediaSection",
    "ApiSection",
    "LimitsSection",
    "LogSection",
    "LabSection",
)


def reference() -> str:
    """Return the page."""
    texts = _docstrings()
    return HEAD + "".join(_section(name, texts[name]) for name in _SECTIONS)


def _section(name: str, texts: dict[str, str]) -> str:
    title, _, about = texts[""].partition(": ")
    kind = getattr(schema, name, None) or getattr(app_section, name)
    rows = "".join(_row(field, texts[field.name]) for field in msgspec.structs.fields(kind))
    head = "| key | type | default | meaning |\n|---|---|---|---|\n"
    return f"\n## {title}\n\n{about[:1].upper()}{about[1:]}\n\n{head}{rows}"


def _row(field: msgspec.structs.FieldInfo, text: str) -> str:
    return f"| `{field.name}` | {_type(field.type)} | {_default(field)} | {text} |\n"


def _type(kind: Any) -> str:
    if get_origin(kind) is list:
        inner = get_args(kind)[0]
        return "tables" if isinstance(inner, type) and issubclass(inner, Section) else f"list of {_type(inner)}"
    if isinstance(kind, type) and issubclass(kind, Section):
        return "table"
    if get_origin(kind) is dict:
        return "table of text"
    base = get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
    if get_origin(base) is tuple:
        return f"list of {_type(get_args(base)[0])}"
    if get_origin(base) is not None:  # Literal
        return "text"
    return {str: "text", bool: "true or false", int: "number", float: "number"}[base]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return "none" if value in ("", [], {}) or isinstance(value, Section) else f"`{value}`"


def _docstrings() -> dict[str, dict[str, str]]:
    """Return the docstring of each class and field of the schema, which only the source has."""
    found: dict[str, dict[str, str]] = {}
    for node in (*ast.parse(inspect.getsource(app_section)).body, *ast.parse(inspect.getsource(schema)).body):
        if isinstance(node, ast.ClassDef):
            texts = {"": ast.get_docstring(node) or ""}
            for field, after in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    texts[field.target.id] = ast.literal_eval(after.value) if isinstance(after, ast.Expr) else ""
            found[node.name] = {name: " ".join(text.split()) for name, text in texts.items()}
    return found


if __name__ == "__main__":
    sys.stdout.write(reference())
