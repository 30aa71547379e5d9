"""The table of probes: what is asked of our server and of another, and what of the answer counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tests.interop.station import Facts, Station

Script: TypeAlias = Callable[[Station], Facts]


@dataclass(frozen=True, slots=True)
class Probe:
    """One row."""

    name: str
    script: Script


def row(name: str, table: list[Probe]) -> Callable[[Script], Script]:
    """Add a row to a table."""

    def add(script: Script) -> Script:
        table.append(Probe(name, script))
        return script

    return add
