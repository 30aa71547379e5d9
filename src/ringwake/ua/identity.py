"""Who a user agent is."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.secret import Secret
from ringwake.sip.grammar import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An address of record and what proves it."""

    user: str
    domain: str
    password: Secret[str]
    display: str = ""

    @property
    def aor(self) -> str:
        """The address of record as a URI."""
        return f"sip:{self.user}@{self.domain}"

    def address(self, tag: str) -> str:
        """Return a From value."""
        name = f"{quote(self.display)} " if self.display else ""
        return f"{name}<{self.aor}>;tag={tag}"
