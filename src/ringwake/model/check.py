"""What `ringwake doctor` finds: one check, its verdict, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check."""

    name: str
    """What was looked at, such as `pbx example.com`."""
    verdict: Verdict
    cause: str
    """A plain sentence on what was found."""
    mend: str = ""
    """What to do; empty when all is well."""
