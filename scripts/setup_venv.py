"""Make `.venv` hold exactly the locked set that was asked for, and the project itself, editable.

The stamp is written last and removed first: a set-up that was killed leaves none, and the next one starts afresh.
"""

import errno
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from find_uv import CACHE, base_python, environment, find_uv
from locks import BUILD, NODE_LOCK, PEERS, SETS, SIPPY, digest, is_stale, lock_of, read_pyproject, wishes
from peers import install_peers
from quiet_run import ROOT, SetupError, explain, run, say, step

VENV = ROOT / ".venv"
APART = VENV / "sippy"


def main(arguments: Sequence[str]) -> int:
    """Set up one set; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in SETS:
        say(f"usage: python3 scripts/setup.py {'|'.join(SETS)}")
        return 2
    wanted = arguments[0]
    try:
        pyproject = read_pyproject()
        if not _is_satisfied(wanted, pyproject):
            with _alone():
                if not _is_satisfied(wanted, pyproject):  # whoever held the lock may have done it for us
                    _set_up(wanted, pyproject)
    except SetupError as error:
        explain(error)
        return 1
    except OSError as error:
        say(f"Stopped: {error.filename or 'a file'}: {error.strerror}{_mend(error)}.")
        return 1
    except KeyboardInterrupt:
        say("Interrupted; the next run begins anew.")
        return 130
    return 0


def _mend(error: OSError) -> str:
    is_forbidden = error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    return ". Set-up writes into the project's folder: work in a copy of your own" if is_forbidden else ""


def _stamp_file(name: str) -> Path:
    return VENV / f"ringwake-{name}.json"


def _identity() -> dict[str, str]:
    """Return what a virtual environment is bound to: its Python, and the folder that its scripts name."""
    return {"python": sys.version, "executable": str(base_python()), "folder": str(ROOT)}


def _content(name: str, pyproject: dict[str, Any]) -> str:
    """Return a digest of all that decides what is installed."""
    locks = [lock_of(name), BUILD, *([SIPPY, PEERS, NODE_LOCK] if name == "test" else [])]
    return digest([wishes(pyproject), *(lock.read_text() for lock in locks)])


def _read_stamp(name: str) -> dict[str, Any] | None:
    try:
        stamp = json.loads(_stamp_file(name).read_text())
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def _names() -> list[str]:
    """Return what stands in `.venv` at its important places: programs and packages, also of those apart."""
    folders = [VENV / "bin", *VENV.glob("lib/python*/site-packages"), *VENV.glob("*/bin"), *VENV.glob("*/node_modules")]
    return sorted({path.name for folder in folders if folder.is_dir() for path in folder.iterdir()})


def _is_whole(stamp: dict[str, Any]) -> bool:
    """Tell whether `.venv` is the one that the stamp was written for, and nothing of it is gone since."""
    has_python = (VENV / "bin/python").exists()  # also where it leads to
    return has_python and stamp.get("identity") == _identity() and {*stamp.get("names", ["?"])} <= {*_names()}


def _is_satisfied(wanted: str, pyproject: dict[str, Any]) -> bool:
    """Tell whether `.venv` holds the wanted set or a larger one, as locked now."""
    for name in SETS[SETS.index(wanted) :]:
        stamp = _read_stamp(name)
        if stamp is not None and stamp.get("content") == _content(name, pyproject) and _is_whole(stamp):
            return True
    return False


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the set-up lock; the system lets go of it should we be killed."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another set-up of this folder ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _set_up(wanted: str, pyproject: dict[str, Any]) -> None:
    stamps = {name: stamp for name in SETS if (stamp := _read_stamp(name))}
    chosen = "test" if "test" in stamps else wanted  # `make demo` does not take a developer's tools away
    started = time.monotonic()
    say(f"Setting up .venv ({chosen}) for Python {sys.version.split()[0]}:")
    if is_stale(lock_of(chosen), pyproject):
        say(f"  requirements/{chosen}.txt is older than pyproject.toml: run `make lock`")
    env = environment(os.environ)
    uv = find_uv(env)
    is_whole = any(map(_is_whole, stamps.values()))
    if not VENV.is_dir():
        VENV.unlink(missing_ok=True)
    for name in SETS:
        _stamp_file(name).unlink(missing_ok=True)
    if not is_whole:
        run([uv, "venv", "--clear", VENV], env)
    _install(uv, chosen, env)
    _write_stamp(chosen, {"identity": _identity(), "content": _content(chosen, pyproject), "names": _names()})
    say(f"Set up in {time.monotonic() - started:.1f} s.")


def _install(uv: Path, chosen: str, env: dict[str, str]) -> None:
    """Install the locked set and then the project: what is not in the lock, or has another hash, stays out."""
    into: list[str | Path] = ["--python", VENV / "bin/python"]
    hashed_builds: list[str | Path] = ["--require-build-hashes", "--build-constraints", BUILD]
    with step(f"installing requirements/{chosen}.txt"):
        run([uv, "pip", "sync", *into, "--require-hashes", *hashed_builds, lock_of(chosen)], env)
    if chosen == "test":
        apart: list[str | Path] = ["--python", APART / "bin/python"]
        with step(f"installing requirements/{SIPPY.name}"):
            run([uv, "venv", "--clear", APART], env)
            run([uv, "pip", "sync", *apart, "--require-hashes", *hashed_builds, SIPPY], env)
        with step(f"installing requirements/{PEERS.name} and {NODE_LOCK.relative_to(ROOT)}"):
            install_peers(uv, env, ["--require-hashes", *hashed_builds])
    with step("installing ringwake itself"):
        run([uv, "pip", "install", *into, "--no-deps", "--no-build-isolation", "--editable", ROOT], env)


def _write_stamp(name: str, stamp: dict[str, Any]) -> None:
    arriving = VENV / f"stamp.{os.getpid()}"
    arriving.write_text(json.dumps(stamp, indent=1))
    arriving.replace(_stamp_file(name))
