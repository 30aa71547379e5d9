"""The state folder: ours alone, never somebody else's, and what stands in it survives a bad day."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from ringwake.config.state import VARIABLE, RunningServer, StateError, StateFolder
from ringwake.secret import Secret

SERVER = RunningServer(
    "http://127.0.0.1:8080", Secret("canary"), [{"transport": "udp", "address": "127.0.0.1:5060"}], "https://phones"
)


@pytest.fixture(name="state")
def state_fixture(tmp_path: Path) -> StateFolder:
    state = StateFolder(tmp_path / "state")
    state.ensure()
    return state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(path: Path) -> str:
    with pytest.raises(StateError) as caught:
        StateFolder(path).ensure()
    return str(caught.value)


# ---- where it is


def test_the_variable_names_it_before_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/xdg")
    monkeypatch.setenv(VARIABLE, "/named")
    assert StateFolder.default() == StateFolder(Path("/named"))
    monkeypatch.setenv(VARIABLE, "")
    assert StateFolder.default() == StateFolder(Path("/xdg/ringwake"))


@pytest.mark.parametrize("root", ["", "relative/state"])
def test_an_empty_or_relative_xdg_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", root)
    monkeypatch.setenv("HOME", "/home/alice")
    assert StateFolder.default() == StateFolder(Path("/home/alice/.local/state/ringwake"))


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container with an arbitrary user id has neither HOME nor a line in /etc/passwd."""
    for name in (VARIABLE, "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)
    with pytest.raises(StateError, match=f"there is no home folder: set {VARIABLE} to a folder that is yours"):
        StateFolder.default()


def test_its_files_have_their_places() -> None:
    state = StateFolder(Path("/s"))
    assert [state.database, state.lab_file, state.lab_folder] == [
        Path("/s/ringwake.db"),
        Path("/s/lab.toml"),
        Path("/s/lab"),
    ]


# ---- whose it is


def test_it_is_made_for_us_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        StateFolder(tmp_path / "deep/er/state").ensure()
    finally:
        os.umask(before)
    assert mode(tmp_path / "deep/er/state") == 0o700


@pytest.mark.parametrize("open_to", [0o755, 0o750, 0o711])
def test_a_folder_that_others_may_read_is_closed_to_them(tmp_path: Path, open_to: int) -> None:
    folder = tmp_path / "state"
    (folder / "lab").mkdir(parents=True)
    (folder / "ringwake.toml").touch()
    folder.chmod(open_to)
    StateFolder(folder).ensure()
    assert mode(folder) == 0o700


@pytest.mark.parametrize("open_to", [0o1777, 0o777, 0o1755])
def test_a_folder_like_tmp_is_left_as_it_is(tmp_path: Path, open_to: int) -> None:
    """As root, `--state /tmp` would otherwise take /tmp from everybody."""
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(open_to)
    assert refusal(folder).startswith(f"{folder}: it is used for other things, and would be closed to others: set ")
    assert mode(folder) == open_to


def test_a_folder_with_folders_of_others_is_left_as_it_is(tmp_path: Path) -> None:
    """`--state /`, `--state /etc`, `--state ~`."""
    folder = tmp_path / "state"
    (folder / "bin").mkdir(parents=True)
    folder.chmod(0o755)
    assert "it is used for other things" in refusal(folder)
    assert mode(folder) == 0o755


def test_a_private_folder_may_hold_what_it_likes(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    (folder / "bin").mkdir(parents=True)
    folder.chmod(0o700)
    StateFolder(folder).ensure()


def test_a_folder_of_another_user_is_refused_even_to_root(state: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner could lay links there, and root would write through them."""
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    assert refusal(state.path) == f"{state.path}: it belongs to another user: set {VARIABLE} to a folder that is yours"


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert refusal(file).startswith(f"{file}: File exists: set {VARIABLE}")
    assert refusal(file / "state").startswith(f"{file / 'state'}: Not a directory: set {VARIABLE}")


# ---- what stands in it


def test_the_token_is_told_to_us_alone(state: StateFolder) -> None:
    before = os.umask(0)
    try:
        state.tell(SERVER)
    finally:
        os.umask(before)
    assert mode(state.path / "server.json") == 0o600
    assert state.server() == SERVER
    assert json.loads((state.path / "server.json").read_text())["token"] == "canary"


def test_a_server_shows_no_token(state: StateFolder) -> None:
    state.tell(SERVER)
    assert "canary" not in repr(state.server())


def test_what_is_written_replaces_what_was_there_whole(state: StateFolder) -> None:
    state.write("x", "long " * 1000)
    state.write("x", "ünï")
    assert (state.path / "x").read_text(encoding="utf-8") == "ünï"
    assert [path.name for path in state.path.iterdir()] == ["x"]


def test_a_draft_of_an_earlier_process_lends_neither_its_mode_nor_its_target(
    state: StateFolder, tmp_path: Path
) -> None:
    draft = state.path / f".x.{os.getpid()}"
    draft.touch()
    draft.chmod(0o644)
    assert mode(state.write("x", "1")) == 0o600
    target = tmp_path / "target"
    target.touch()
    draft.symlink_to(target)
    state.write("x", "2")
    assert target.read_text() == ""
    assert (state.path / "x").read_text() == "2"


def test_a_write_that_fails_leaves_nothing_behind(state: StateFolder) -> None:
    (state.path / "x").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        state.write("x", "canary")
    assert [path.name for path in state.path.iterdir()] == ["x"]


def test_only_the_server_that_told_takes_it_back(state: StateFolder) -> None:
    state.untell()
    state.tell(SERVER)
    told = (state.path / "server.json").read_text()
    (state.path / "server.json").write_text(told.replace(str(os.getpid()), str(os.getpid() + 1)))
    state.untell()
    assert state.server() == SERVER
    state.tell(SERVER)
    state.untell()
    assert state.server() is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"http": "http://127.0.0.1:1"}',
        b'{"http": 1, "token": "x", "listen": [], "public": "", "pid": 1}',
        b'{"http": "x", "token": 5, "listen": [], "public": "", "pid": 1}',
        b'{"http": "x", "token": "x", "listen": [1], "public": "", "pid": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"x": ' + b"[" * 100_000,
    ],
)
def test_a_broken_file_says_that_no_server_runs(state: StateFolder, text: bytes) -> None:
    (state.path / "server.json").write_bytes(text)
    assert state.server() is None
    state.untell()


def test_a_phone_remembers(state: StateFolder) -> None:
    assert state.recall("alice-fcm") == {}
    state.remember("alice-fcm", {"secret": "canary", "n": 1})
    assert state.recall("alice-fcm") == {"secret": "canary", "n": 1}
    assert mode(state.path / "phone-alice-fcm.json") == 0o600


@pytest.mark.parametrize("name", ["../alice", "a/b", "/etc/passwd", "..", "a\0b", "ä b"])
def test_a_phone_of_any_name_stays_in_the_folder(state: StateFolder, name: str) -> None:
    state.remember(name, {"n": 1})
    assert state.recall(name) == {"n": 1}
    (file,) = state.path.iterdir()
    assert file.name.startswith("phone-")
    assert [path.name for path in state.path.parent.iterdir()] == ["state"]


@pytest.mark.parametrize("text", [b"", b"[1]", b"null", b"\xff", b"[" * 100_000])
def test_a_phone_whose_memory_is_broken_is_new(state: StateFolder, text: bytes) -> None:
    (state.path / "phone-alice.json").write_bytes(text)
    assert state.recall("alice") == {}
