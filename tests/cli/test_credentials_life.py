"""A server process beside `ringwake emulate`: its key file is broken and mended while it runs."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from tests.push.house import KEY
from tests.support.processes import Program, ringwake, run_ringwake

from ringwake.config.state import StateFolder

CONFIG = """
[server]
http = "127.0.0.1:0"
lab = true
[[tenant]]
domain = "example.com"
[[app]]
provider = "apns"
tenant = "example.com"
param = "AB12CD34EF.com.example.phone"
key_file = "pipe"
key_id = "KEYKEYKEY1"
"""


def doctor(state: Path) -> list[dict[str, Any]]:
    """Ask the doctor."""
    checks: list[dict[str, Any]] = json.loads(run_ringwake(["doctor", "--json"], state=state).stdout)
    return checks


def failed(state: Path) -> set[str]:
    """Return the kinds of checks that have failed."""
    return {check["name"].partition(" ")[0] for check in doctor(state) if check["verdict"] == "fail"}


def reread(server: Program, log: Path, event: str, times: int = 1) -> None:
    """Send SIGHUP, and wait until the log has that event."""
    server.process.send_signal(signal.SIGHUP)
    for _ in range(200):
        if log.read_text().count(event) >= times:
            return
        run_ringwake(["app", "list"], state=server.state or Path())  # as good a pause as any
    raise AssertionError(log.read_text())


def test_sighup_before_the_server_is_ready_does_not_end_it(state: Path, tmp_path: Path) -> None:
    """The server waits for a key that comes slowly, through a pipe."""
    key, pipe = tmp_path / "key", tmp_path / "pipe"
    key.write_bytes(KEY.reveal())
    os.mkfifo(pipe, 0o600)
    for file in (key, pipe):
        file.chmod(0o600)
    config = tmp_path / "server.toml"
    config.write_text(CONFIG)
    with ringwake("serve", "--config", str(config), state=state, log=tmp_path / "log") as server:
        with pipe.open("wb") as writer:  # from here on the server reads
            server.process.send_signal(signal.SIGHUP)
            key.rename(pipe)
            writer.write(KEY.reveal())
        server.event("ready")
        assert server.stop() == 0


def test_sighup_reads_a_broken_and_a_mended_key_and_pushes_go_on(state: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with ringwake("emulate", "--json", "--quiet", state=state) as lab:
        lab.event("ready")
        key = next(StateFolder(state).lab_folder.rglob("*.p8"))
        whole = key.read_bytes()
        with ringwake("serve", state=state, log=log) as server:
            server.event("ready")
            assert failed(state) == set()
            key.write_bytes(whole[:60])
            reread(server, log, "credentials_broken")
            assert failed(state) == {"files"}
            assert run_ringwake(["push", "test", "--provider", "apns"], state=state).returncode == 0
            key.write_bytes(whole)
            reread(server, log, "credentials_renewed")
            assert failed(state) == set()
            with ringwake("phone", "alice", "--provider", "fcm", "--sleep", "--json", state=state) as phone:
                phone.event("registered")
                phone.event("terminated")
                done = run_ringwake(["push", "test", "--account", "alice", "--json"], state=state)
                said = json.loads(done.stdout)
                assert (done.returncode, said["ok"], said["outcome"]) == (0, True, "accepted"), done
                assert said["woke_ms"] is not None
            assert server.stop() == 0
        assert "BEGIN" not in log.read_text()
