"""What msgspec says of a wrong key or type, in the words of TOML: the place, what is wrong, the mend.

Nothing here shows a value but that of a choice such as `transport`: the others may be passwords.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

import msgspec

from ringwake.config.schema import Config
from ringwake.config.section import Section

REFERENCE = "docs/reference/config.md"
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_CHOICE = re.compile(r"Invalid enum value (.*)")
_TYPE = re.compile(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`")
_EMPTY = "Expected `str` of length >= 1"
_BOUND = re.compile(r"Expected `\w+` (>=?|<=?) (\S+)")
_INDEX = re.compile(r"\[\d+\]")
_WORDS: Mapping[str, str] = {
    "str": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "array": "a list",
    "object": "a table",
}


def explain(message: str) -> str:
    """Return a ValidationError's text as `place: what is wrong: the mend`."""
    at = _AT.search(message)
    place, what = (at[1], message[: at.start()]) if at else ("", message)
    prefix = f"{place}: " if place else ""
    if unknown := _UNKNOWN.fullmatch(what):
        return f"{prefix}unknown key `{unknown[1]}`: {_other_name(place, unknown[1])}"
    if missing := _MISSING.fullmatch(what):
        return f"{prefix}the key `{missing[1]}` is missing: add it"
    if choice := _CHOICE.fullmatch(what):
        return f"{prefix}{choice[1]} is no choice: write one of {', '.join(_choices(place))}"
    if kinds := _TYPE.fullmatch(what):
        wanted, got = (_WORDS.get(kind, kind) for kind in kinds.groups())
        return f"{prefix}expected {wanted}, got {got}: {_rewrite(place, kinds[1], kinds[2])}"
    if bound := _BOUND.fullmatch(what):
        return f"{prefix}must be {bound[1]} {bound[2].removesuffix('.0')}: {'raise' if '>' in bound[1] else 'lower'} it"
    if what == _EMPTY:
        return f"{prefix}it is empty: give it a value"
    return f"{prefix}{what[:1].lower()}{what[1:]}: see {REFERENCE}"


def _other_name(place: str, name: str) -> str:
    kind = _kind_at(place)
    known = [field.name for field in msgspec.structs.fields(kind)] if _is_section(kind) else []
    close = get_close_matches(name, known, n=1)
    return f"write `{close[0]}`" if close else f"remove it, or see {REFERENCE} for its name"


def _choices(place: str) -> list[str]:
    return [f'"{choice}"' for choice in get_args(_kind_at(place))]


def _rewrite(place: str, wanted: str, got: str) -> str:
    if wanted in ("array", "object"):
        kind = _kind_at(place)
        if not _is_section(kind) and get_origin(kind) is not dict:
            return 'write it in brackets, like ["a", "b"]'
        table = _INDEX.sub("", place)
        return f"write [[{table}]]" if wanted == "array" or place.endswith("]") else f"write [{table}]"
    if wanted == "str":
        return "write it in quotes"
    return "write it without quotes" if got == "str" else f"see {REFERENCE}"


def _kind_at(place: str) -> Any:
    """Return the type that the schema has at a place such as `listen[0].transport`."""
    kind: Any = Config
    for name in filter(None, _INDEX.sub("", place).split(".")):
        fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
        kind = fields[name]
        # list[X] and X | None mean X here.
        kind = next((inner for inner in get_args(kind) if _is_section(inner)), kind)
    return kind


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)
