"""What a wrong configuration is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringwake.config.load import ConfigError, load, parse

CANARY = "canary-4711"
"""Stands for each secret; no error may show it."""
TENANT = f"""\
[[tenant]]
domain = "example.com"
[[tenant.account]]
user = "alice"
password = "{CANARY}"
"""


def refusal(text: str) -> str:
    """Return the error of a text: one line, and no secret in it."""
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return sound(str(caught.value))


def outcome(text: str) -> str:
    """Return the error of a text, or nothing when it is taken. Anything else than these two is a failure."""
    try:
        parse(text)
    except ConfigError as error:
        return sound(str(error))
    return ""


def file_refusal(path: Path) -> str:
    """Return the error of a file."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return sound(str(caught.value))


def sound(error: str) -> str:
    assert CANARY not in error
    assert error.isprintable(), "one line, and nothing that moves the cursor"
    return error


def written(folder: Path, text: str) -> Path:
    """Write a configuration file."""
    path = folder / "ringwake.toml"
    path.write_text(text, encoding="utf-8")
    return path
