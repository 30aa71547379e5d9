"""What the configuration alone decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ringwake.app.credential_watch import Credentials
from ringwake.config.schema import Config
from ringwake.model.app import App
from ringwake.push.senders import Senders


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a server that are made before it starts, so that what is wrong with them shows at once."""

    config: Config
    base: Path
    """Where relative paths begin."""
    applications: list[App]
    credentials: list[Credentials]
    """Of the applications."""
    pusher: Callable[[Callable[[str], None]], Senders]
    """Makes the senders; told how to report a fault."""
