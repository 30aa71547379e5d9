"""Reading the configuration: from the file to values that were checked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec

from ringwake.config.error import ConfigError
from ringwake.config.host_port import HostPort, host_port
from ringwake.config.rules import check
from ringwake.config.schema import Config
from ringwake.config.shape import explain

__all__ = ["ConfigError", "HostPort", "host_port", "load", "parse"]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: with file, place and mend.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a byte order mark there
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8: save it as that"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    try:
        return parse(text)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def parse(text: str) -> Config:
    """Read and check the text of a configuration file.

    Raises:
        ConfigError: with place and mend.
    """
    try:
        tables = tomllib.loads(text)
        _refuse_controls(tables, "")
        config = msgspec.convert(tables, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(explain(str(error))) from None
    except RecursionError:
        raise ConfigError("nested too deeply") from None
    except ValueError as error:
        # Python gives up on a number of thousands of digits with a ValueError that is no TOMLDecodeError.
        what = error if isinstance(error, tomllib.TOMLDecodeError) else "a number has too many digits"
        raise ConfigError(f"not TOML: {what}") from None
    check(config)
    return config


def _refuse_controls(value: object, place: str) -> None:
    """No key, path or name of ours has a control character; in an error it would break out of its line."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_controls(key, place or "a key")
            _refuse_controls(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _refuse_controls(inner, f"{place}[{number}]")
    elif isinstance(value, str) and _CONTROL.search(value):
        raise ConfigError(f"{place}: a control character stands in it: remove it")
