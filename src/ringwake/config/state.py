"""The state folder (0700): where `serve` keeps its database and says how it can be reached."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from ringwake.secret import Secret

VARIABLE = "RINGWAKE_STATE"
_OTHERS = 0o077
_SHARED = stat.S_ISVTX | stat.S_IWOTH


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


class _Told(msgspec.Struct):
    """What stands in `server.json`."""

    http: str
    token: str
    listen: list[dict[str, str]]
    public: str
    pid: int


@dataclass(frozen=True, slots=True)
class StateFolder:
    """One folder; each has at most one server."""

    path: Path

    @classmethod
    def default(cls) -> StateFolder:
        """Return `$RINGWAKE_STATE`, or the place that the XDG rules give.

        Raises:
            StateError: there is neither, and no home.
        """
        named = os.environ.get(VARIABLE)
        if named:
            return cls(Path(named))
        root = os.environ.get("XDG_STATE_HOME", "")
        if os.path.isabs(root):  # noqa: PTH117  the XDG rules ignore others, the empty one too
            return cls(Path(root) / "ringwake")
        try:
            return cls(Path.home() / ".local/state/ringwake")
        except RuntimeError:
            raise StateError(f"there is no home folder: set {VARIABLE} to a folder that is yours") from None

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
        """Make the folder, for us alone. One that others may read is closed to them, if it looks like ours.

        Raises:
            StateError: it cannot be made, is another's, or is no folder to close.
        """
        mend = f"set {VARIABLE} to a folder that is yours"
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.path.stat()
            if found.st_uid != os.geteuid():
                raise StateError(f"{self.path}: it belongs to another user: {mend}")
            if found.st_mode & _OTHERS:
                if found.st_mode & _SHARED or self._has_foreign_folder():
                    raise StateError(f"{self.path}: it is used for other things, and would be closed to others: {mend}")
                self.path.chmod(0o700)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}: {mend}") from None

    def write(self, name: str, text: str) -> Path:
        """Write a file of ours (0600), whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        path = self.path / name
        draft = path.with_name(f".{name}.{os.getpid()}")
        draft.unlink(missing_ok=True)  # of an earlier process with our number: with its mode, or as a link elsewhere
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        return path

    def tell(self, server: RunningServer) -> None:
        """Say how the server can be reached."""
        told = _Told(server.http, server.token.reveal(), server.listen, server.public, os.getpid())
        self.write("server.json", msgspec.json.encode(told).decode())

    def untell(self) -> None:
        """Say that no server runs any more, unless another one has said since that it does."""
        told = self._told()
        if told is not None and told.pid == os.getpid():
            (self.path / "server.json").unlink(missing_ok=True)

    def server(self) -> RunningServer | None:
        """Return how the server can be reached; None when none has said so. It may have died since."""
        told = self._told()
        return None if told is None else RunningServer(told.http, Secret(told.token), told.listen, told.public)

    def remember(self, name: str, values: dict[str, Any]) -> None:
        """Keep what a phone remembers."""
        self.write(_phone_file(name), json.dumps(values))

    def recall(self, name: str) -> dict[str, Any]:
        """Return what a phone remembers; empty when it is new."""
        try:
            value = json.loads((self.path / _phone_file(name)).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def _told(self) -> _Told | None:
        try:
            return msgspec.json.decode((self.path / "server.json").read_bytes(), type=_Told)
        except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return None

    def _has_foreign_folder(self) -> bool:
        return any(entry.is_dir() and entry != self.lab_folder for entry in self.path.iterdir())


def _phone_file(name: str) -> str:
    # A user part may hold a slash.
    return f"phone-{quote(name, safe='@')}.json"
