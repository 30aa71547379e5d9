"""The state folder (0700): where `serve` keeps its database and says how it can be reached."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringwake.secret import Secret

VARIABLE = "RINGWAKE_STATE"


class StateError(Exception):
    """The state folder cannot be used. The text names it and the mend."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that runs, as it told the folder."""

    http: str
    """URL of the operator's API."""
    token: Secret[str]
    listen: list[dict[str, str]]
    """SIP listeners: transport and address."""
    public: str
    """URL of the phones' API, or empty."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """One folder; each has at most one server."""

    path: Path

    @classmethod
    def default(cls) -> StateFolder:
        """Return `$RINGWAKE_STATE`, or the place that the XDG rules give."""
        named = os.environ.get(VARIABLE)
        if named:
            return cls(Path(named))
        root = os.environ.get("XDG_STATE_HOME")
        return cls((Path(root) if root else Path.home() / ".local/state") / "ringwake")

    @property
    def database(self) -> Path:
        """The embedded default's database."""
        return self.path / "ringwake.db"

    @property
    def lab_file(self) -> Path:
        """The configuration that `ringwake emulate` writes."""
        return self.path / "lab.toml"

    @property
    def lab_folder(self) -> Path:
        """The emulators' keys and certificates."""
        return self.path / "lab"

    def ensure(self) -> None:
        """Make the folder, for us alone.

        Raises:
            StateError: it cannot be made, or is another's.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}: set {VARIABLE} to a folder that is yours") from None

    def write(self, name: str, text: str) -> Path:
        """Write a file of ours (0600), whole or not at all."""
        path = self.path / name
        draft = path.with_name(f".{name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        draft.replace(path)
        return path

    def tell(self, server: RunningServer) -> None:
        """Say how the server can be reached."""
        self.write(
            "server.json",
            json.dumps(
                {
                    "http": server.http,
                    "token": server.token.reveal(),
                    "listen": server.listen,
                    "public": server.public,
                    "pid": os.getpid(),
                }
            ),
        )

    def untell(self) -> None:
        """Say that no server runs any more, unless another one has said since that it does."""
        if self._read("server.json").get("pid") == os.getpid():
            (self.path / "server.json").unlink(missing_ok=True)

    def server(self) -> RunningServer | None:
        """Return how the server can be reached; None when none has said so. It may have died since."""
        told = self._read("server.json")
        if "http" not in told:
            return None
        return RunningServer(told["http"], Secret(told["token"]), told["listen"], told["public"])

    def remember(self, name: str, values: dict[str, Any]) -> None:
        """Keep what a phone remembers."""
        self.write(f"phone-{name}.json", json.dumps(values))

    def recall(self, name: str) -> dict[str, Any]:
        """Return what a phone remembers; empty when it is new."""
        return self._read(f"phone-{name}.json")

    def _read(self, name: str) -> dict[str, Any]:
        try:
            value = json.loads((self.path / name).read_text())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}
