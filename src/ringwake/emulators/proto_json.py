"""The shape of an FCM request as proto3 JSON has it: known fields only, each of its type, in either spelling."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from ringwake.emulators.google_error import field_error

Checker: TypeAlias = Callable[[str, object], object]
Shape: TypeAlias = Mapping[str, "Checker | Shape"]
_PLAIN = re.compile(r"[A-Za-z_.]{1,40}")
_CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def text(path: str, value: object) -> object:
    """Accept a string."""
    if not isinstance(value, str):
        raise field_error(path, "must be a string")
    return value


def flag(path: str, value: object) -> object:
    """Accept a boolean."""
    if not isinstance(value, bool):
        raise field_error(path, "must be true or false")
    return value


def number(path: str, value: object) -> object:
    """Accept a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise field_error(path, "must be a whole number")
    return value


def texts(path: str, value: object) -> object:
    """Accept a list of strings."""
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise field_error(path, "must be a list of strings")
    return value


def text_map(path: str, value: object) -> object:
    """Accept a map from string to string; the keys are data, not names."""
    entries = anything(path, value)
    for key, entry in entries.items():
        if not isinstance(entry, str):
            raise field_error(f"{path}[{shown(key)}]", "must be a string")
    return entries


def anything(path: str, value: object) -> dict[str, object]:
    """Accept any object, unread."""
    if not isinstance(value, dict):
        raise field_error(path, "must be an object")
    return value


def read_shape(shape: Shape, value: object, path: str = "") -> dict[str, object]:
    """Return the fields by their proto names, checked; raises GoogleError."""
    found: dict[str, object] = {}
    for given, entry in anything(path or "request", value).items():
        name = _CAMEL.sub(r"_\1", given).lower()
        where = f"{path}.{name}" if path else name
        checker = shape.get(name)
        if checker is None or (given != name and given != _camel(name)):
            raise field_error(path or "request", f"unknown name {shown(given)}")
        if name in found:
            raise field_error(where, "stands twice")
        if entry is not None:
            found[name] = checker(where, entry) if callable(checker) else read_shape(checker, entry, where)
    return found


def shown(name: str) -> str:
    """Return a name as an error may show it: nothing that could be a token."""
    return name if _PLAIN.fullmatch(name) else "..."


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
