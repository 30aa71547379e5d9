"""The locked sets in `requirements/`, and what they were locked for.

Every lock begins with a fingerprint of what pyproject.toml asks for, so that a stale one is seen without a network.
"""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from quiet_run import ROOT

FOLDER = ROOT / "requirements"
# `run` is what the server needs and the backend that installs it; `test` holds all of `run`.
SETS = ("run", "test")
# What builds http-ece, the one package without a wheel. Build constraints with hashes: nothing unhashed is ever run.
BUILD = FOLDER / "build.txt"
# A PBX of the tests, in an environment of its own: its wheel has a top-level package `tests`, which would hide ours.
SIPPY = FOLDER / "sippy.txt"
# Push clients that others wrote, and Node, which has npm's: in an environment of its own, as they need other versions.
PEERS = FOLDER / "peers.txt"
NODE_LOCK = ROOT / "tests/peers/package-lock.json"
FINGERPRINT = "# for:"


def lock_of(name: str) -> Path:
    """Return the lock file of a set."""
    return FOLDER / f"{name}.txt"


def wishes(pyproject: dict[str, Any]) -> dict[str, Any]:
    """Return the part of pyproject.toml that decides what is installed, and how the project itself is."""
    project = dict(pyproject["project"])
    for prose in ("description", "keywords", "classifiers", "readme", "urls"):
        project.pop(prose, None)
    return {
        "project": project,
        "build": pyproject["build-system"],
        "groups": pyproject["dependency-groups"],
        "hatch": pyproject["tool"]["hatch"],
    }


def requirements(pyproject: dict[str, Any]) -> dict[str, Any]:
    """Return the part of pyproject.toml that decides what is locked."""
    return {
        "python": pyproject["project"]["requires-python"],
        "run": pyproject["project"]["dependencies"],
        "build": pyproject["build-system"]["requires"],
        "test": pyproject["dependency-groups"]["test"],
    }


def digest(value: object) -> str:
    """Return the SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def read_pyproject() -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def is_stale(lock: Path, pyproject: dict[str, Any]) -> bool:
    """Tell whether a lock was made for other requirements than pyproject.toml names now."""
    return f"{FINGERPRINT} {digest(requirements(pyproject))}\n" not in lock.read_text()
