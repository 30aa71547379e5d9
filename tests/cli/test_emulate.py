"""`ringwake emulate`: the push services until a signal comes, and the file that tells of them."""

from __future__ import annotations

import json
import re
import signal
import ssl
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from tests.cli.terminal import Terminal
from tests.support.processes import run_ringwake

from ringwake.config.embedded import lab_config
from ringwake.config.state import StateFolder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_they_are_and_what_comes_next(number: signal.Signals, terminal: Terminal, state: Path) -> None:
    def person() -> None:
        terminal.until("  ringwake phone alice --sleep")
        config = lab_config(StateFolder(state))
        assert config is not None
        assert {account.user for account in config.tenant[0].account} == {"alice", "bob", "boss"}
        assert (state / "lab.toml").stat().st_mode & 0o777 == 0o600
        terminal.stop(number)

    done = terminal.run("emulate", person=person)
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.lines[1:7]] == ["apns", "fcm", "webpush", "hms", "http", "inbox"]
    assert done.lines[8:] == ["Next, in two other terminals:", "  ringwake serve", "  ringwake phone alice --sleep"]
    assert not (state / "lab.toml").exists()


def test_programs_get_one_line_of_json(terminal: Terminal, state: Path) -> None:
    def person() -> None:
        terminal.until('"ready"')
        terminal.stop()

    done = terminal.run("emulate", "--json", person=person)
    (line,) = done.lines
    ready = json.loads(line)
    assert (ready["event"], ready["config"]) == ("ready", str(state / "lab.toml"))
    assert {"apns", "fcm", "webpush", "inbox", "ca_file"} <= ready.keys()


def _knock(url: str, state: Path) -> int:
    """Push without credentials; return the answer."""
    request = Request(f"{url}/v1/projects/demo-project/messages:send", data=b"{}")
    context = ssl.create_default_context(cafile=state / "lab/ca.pem")
    with pytest.raises(HTTPError) as caught:
        urlopen(request, context=context, timeout=20)
    caught.value.close()
    return caught.value.code


def test_it_shows_what_is_refused_and_why(terminal: Terminal, state: Path) -> None:
    def person() -> None:
        url = terminal.until("  fcm ").split()[1]
        terminal.until("--sleep")
        assert _knock(url, state) == 401
        shown = terminal.until("CREDENTIALS_MISSING")
        assert re.fullmatch(
            r"\d\d:\d\d:\d\d\.\d{3}Z fcm +refused +CREDENTIALS_MISSING \(one bearer token is needed\)", shown
        )
        terminal.stop()

    assert terminal.run("emulate", person=person).code == 0


def test_programs_are_told_what_is_refused_in_json(terminal: Terminal, state: Path) -> None:
    def person() -> None:
        ready = json.loads(terminal.until('"ready"'))
        _knock(ready["fcm"]["url"], state)
        shown = json.loads(terminal.until('"refused"'))
        assert (shown["service"], shown["reason"], shown["status"]) == ("fcm", "CREDENTIALS_MISSING", 401)
        assert shown["at"] > 1_700_000_000
        terminal.stop()

    assert terminal.run("emulate", "--json", person=person).code == 0


def test_quiet_shows_nothing_of_it(terminal: Terminal, state: Path) -> None:
    def person() -> None:
        ready = json.loads(terminal.until('"ready"'))
        _knock(ready["fcm"]["url"], state)
        terminal.stop()

    done = terminal.run("emulate", "--json", "--quiet", person=person)
    assert len(done.lines) == 1


def test_a_folder_has_one_set_of_emulators(terminal: Terminal, state: Path) -> None:
    def person() -> None:
        terminal.until("Next,")
        before = (state / "lab.toml").read_text()
        second = run_ringwake(["emulate"], state=state)
        words = f"ringwake emulate: emulators run already with the state folder {state}\n"
        assert (second.returncode, second.stderr) == (2, words)
        assert (state / "lab.toml").read_text() == before
        terminal.stop()

    assert terminal.run("emulate", person=person).code == 0


def test_a_spoilt_lab_folder_is_named(terminal: Terminal, state: Path) -> None:
    lab = state / "lab"
    StateFolder(state).ensure()
    lab.mkdir(mode=0o700)
    (lab / "ids.json").write_text("nonsense")
    (lab / "ids.json").chmod(0o600)
    done = terminal.run("emulate")
    assert done.code == 2
    assert str(lab) in done.err
    assert len(done.err.splitlines()) == 1


def test_a_lock_that_cannot_be_had_is_named(terminal: Terminal, state: Path) -> None:
    StateFolder(state).ensure()
    (state / "lab.toml.lock").mkdir()
    done = terminal.run("emulate")
    assert done.code == 2
    assert str(state / "lab.toml.lock") in done.err
