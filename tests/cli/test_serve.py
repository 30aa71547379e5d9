"""`ringwake serve`: one ready line, a greeting for people, a clean end; and one line when it cannot start."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, socket

import pytest
from tests.cli.household import Household
from tests.cli.terminal import Terminal
from tests.support.authority import Authority
from tests.support.processes import run_ringwake

from ringwake.cli.operator import ask
from ringwake.config.state import StateFolder

FREE = '[server]\nhttp = "127.0.0.1:0"\nlab = true\n'


def configured(tmp_path: Path, text: str) -> str:
    file = tmp_path / "server.toml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_a_file_it_serves_on_loopback_and_says_what_to_type(
    number: signal.Signals, terminal: Terminal, state: Path
) -> None:
    def person() -> None:
        terminal.err.until("Next, in another terminal:")
        ready = json.loads(terminal.until('"ready"'))
        assert [one["transport"] for one in ready["listen"]] == ["udp", "tcp"]
        assert all(one["address"].startswith("127.0.0.1:") for one in ready["listen"])
        server = StateFolder(state).server()
        assert server is not None
        assert server.http == ready["http"]
        assert ask(server, "GET", "/api/v1/accounts") == []
        assert (state / "server.json").stat().st_mode & 0o777 == 0o600
        terminal.stop(number)

    done = terminal.run("serve", person=person)
    assert done.code == 0
    (line,) = done.lines
    assert set(json.loads(line)) == {"event", "listen", "http"}
    assert "No configuration file: embedded default on loopback, without push services." in done.err
    assert "  ringwake account add alice\n" in done.err
    assert (state / "ringwake.db").exists()
    assert not (state / "server.json").exists()


def test_with_emulators_it_uses_them_and_says_so(terminal: Terminal, house: Household, tmp_path: Path) -> None:
    lab = tmp_path / "other"
    other = StateFolder(lab)
    other.ensure()
    other.write("lab.toml", house.state.lab_file.read_text())

    def person() -> None:
        terminal.err.until("from any softphone or SIPp.")
        terminal.stop()

    done = terminal.run("serve", "--state", str(lab), person=person)
    assert f"with the emulators of {lab}/lab.toml." in done.err
    assert "  ringwake phone alice --sleep\nThen call sip:alice@127.0.0.1:" in done.err
    assert "alice-password" not in done.err


def test_json_means_the_ready_line_only(terminal: Terminal) -> None:
    def person() -> None:
        terminal.until('"ready"')
        terminal.stop()

    done = terminal.run("serve", "--json", person=person)
    assert json.loads(done.out)["event"] == "ready"
    assert done.err == ""


def test_a_file_is_served_as_it_says_without_a_greeting(terminal: Terminal, tmp_path: Path) -> None:
    text = f'{FREE}data = "own.db"\n[api]\ntoken_file = "token"\n[log]\nlevel = "error"\nformat = "json"\n'

    def person() -> None:
        terminal.until('"ready"')
        terminal.stop()

    done = terminal.run("serve", "--config", configured(tmp_path, text), person=person)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["listen"] == []
    assert (tmp_path / "own.db").exists()
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_a_second_server_on_a_database_says_who_has_it(terminal: Terminal, state: Path) -> None:
    def person() -> None:
        terminal.until('"ready"')
        told = (state / "server.json").read_text()
        second = run_ringwake(["serve"], state=state)
        words = f"ringwake serve: {state}/ringwake.db is in use by process {os.getpid()}: stop that one, or reach its "
        assert (second.returncode, second.stdout) == (2, "")
        assert second.stderr.startswith(words)
        assert (state / "server.json").read_text() == told
        terminal.stop()

    assert terminal.run("serve", person=person).code == 0


@pytest.mark.parametrize(("transport", "kind"), [("udp", SOCK_DGRAM), ("tcp", SOCK_STREAM)])
def test_a_port_in_use_is_named(transport: str, kind: int, terminal: Terminal, tmp_path: Path, state: Path) -> None:
    with socket(AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == SOCK_STREAM:
            other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        text = f'{FREE}[[listen]]\ntransport = "{transport}"\naddress = "{address}"\n'
        done = terminal.run("serve", "--config", configured(tmp_path, text))
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"ringwake serve: listen[0].address: cannot listen on {transport} {address}: Address already in use: "
        "is another server running there?\n"
    )
    assert not (state / "server.json").exists()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x = [", "not TOML"),
        ("[server]\nport = 1\n", "server: unknown key `port`"),
        (
            '[[listen]]\ntransport = "tls"\naddress = "127.0.0.1:0"\ncertificate = "c"\nkey = "k"\n',
            "listen[0].certificate",
        ),
        (
            '[[tenant]]\ndomain = "a"\n[[app]]\nprovider = "fcm"\ntenant = "a"\nparam = "x"\nservice_account = "s"\n',
            "app[0].service_account",
        ),
    ],
)
def test_a_wrong_configuration_names_file_place_and_mend(
    text: str, place: str, terminal: Terminal, tmp_path: Path
) -> None:
    file = configured(tmp_path, text)
    done = terminal.run("serve", "--config", file)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"ringwake serve: {file}: {place}")
    assert len(done.err.splitlines()) == 1


def test_a_file_that_is_not_there_is_named(terminal: Terminal, tmp_path: Path) -> None:
    done = terminal.run("serve", "--config", str(tmp_path / "nothing.toml"))
    assert (done.code, done.err) == (
        2,
        f"ringwake serve: {tmp_path}/nothing.toml: cannot be read: No such file or directory\n",
    )


def test_a_token_file_that_others_may_read_is_named(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x" * 40)
    (tmp_path / "token").chmod(0o644)
    file = configured(tmp_path, f'{FREE}[api]\ntoken_file = "token"\n')
    done = terminal.run("serve", "--config", file)
    assert done.code == 2
    assert done.err.startswith(f"ringwake serve: {file}: api.token_file: others may read ")


def test_a_certificate_of_another_key_is_named(terminal: Terminal, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.issue("127.0.0.1"), authority.issue("127.0.0.1")
    other.key.chmod(0o600)
    text = (
        f'{FREE}[[listen]]\ntransport = "tls"\naddress = "127.0.0.1:0"\n'
        f'certificate = "{one.certificate}"\nkey = "{other.key}"\n'
    )
    file = configured(tmp_path, text)
    done = terminal.run("serve", "--config", file)
    assert done.code == 2
    assert done.err.startswith(f"ringwake serve: {file}: listen[0]: {one.certificate} and {other.key} are no ")


def test_spoilt_keys_are_named(terminal: Terminal, state: Path) -> None:
    StateFolder(state).ensure()
    (state / "keys").write_text("nonsense")
    (state / "keys").chmod(0o600)
    done = terminal.run("serve")
    assert done.code == 2
    assert done.err.startswith(f"ringwake serve: {state}/keys: ")


def test_a_folder_that_is_none_is_named(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = terminal.run("serve", "--state", str(tmp_path / "file"))
    assert done.code == 2
    assert done.err.startswith(f"ringwake serve: {tmp_path}/file: ")
