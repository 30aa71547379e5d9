"""JSON for texts that came off the wire: what was no UTF-8 there stands in them as lone surrogates."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

T = TypeVar("T")


def write(value: object) -> bytes:
    """Write a struct, or a dataclass, as JSON."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value)).encode("ascii")


def parse(text: bytes, form: type[T]) -> T:
    r"""Read what `write` wrote; unknown names are passed over.

    Raises:
        ValueError: it is not JSON of this form.
    """
    try:
        return msgspec.json.decode(text, type=form)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    except msgspec.DecodeError:
        # msgspec refuses a lone "\udcff", json.loads does not.
        try:
            return msgspec.convert(json.loads(text), form)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
