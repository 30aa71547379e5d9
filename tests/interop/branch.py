"""A tenant whose PBX is in a private network, and its part of our configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNTS = 200
PASSWORD = "secret"
"""Of all accounts, here and at their PBX."""


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A tenant whose PBX is private."""

    upstream: str
    transport: str
    connectors: int = 1

    @property
    def name(self) -> str:
        """Of it, for its files and its domain."""
        return f"{self.upstream}-{self.transport}-{self.connectors}"

    @property
    def asks_phones(self) -> bool:
        """Whether its phones answer for their calls to the PBX themselves."""
        return self.upstream != "vault"

    @property
    def domain(self) -> str:
        """Of the tenant and of its PBX."""
        return f"{self.name}.test"

    @property
    def bundle(self) -> str:
        """Return the bundle id of the app that its phones run."""
        return f"test.{self.name}"

    def table(self, lab: dict[str, Any], token: Path) -> str:
        """Write its part of the server's configuration."""
        apns = lab["apns"]
        accounts = ACCOUNTS if self.upstream == "vault" else 0
        return f"""
[[tenant]]
domain = "{self.domain}"
upstream = "{self.upstream}"
connector = true
connector_token_file = "{token}"
media = "relay"

{
            "".join(
                f'''[[tenant.account]]
user = "phone{number:03}"
password = "{PASSWORD}"

'''
                for number in range(accounts)
            )
        }
[[app]]
provider = "apns"
tenant = "{self.domain}"
param = "{apns["team"]}.{self.bundle}"
key_id = "{apns["key_id"]}"
key_file = "{apns["key_file"]}"
endpoint = "{apns["url"]}"
ca_file = "{lab["ca_file"]}"
"""
