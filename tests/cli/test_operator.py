"""How the other commands reach the running server, and what they say when they do not."""

from __future__ import annotations

from pathlib import Path
from socket import create_server

import pytest
from tests.cli.answering import answering
from tests.cli.household import Household

from ringwake.cli.failure import FAILED, UNREACHABLE, USAGE, CommandError
from ringwake.cli.operator import ask, is_alive, running, state_folder
from ringwake.config.state import RunningServer, StateFolder
from ringwake.secret import Secret


def server_at(http: str, token: str = "x") -> RunningServer:
    return RunningServer(http, Secret(token), [], "")


def test_the_state_folder_is_the_one_named_and_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGWAKE_STATE", str(tmp_path / "by-variable"))
    assert state_folder(None).path == tmp_path / "by-variable"
    assert state_folder(tmp_path / "by-option").path.stat().st_mode & 0o777 == 0o700


def test_a_state_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="file") as caught:
        state_folder(tmp_path / "file")
    assert caught.value.code == USAGE


def test_without_a_server_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"no server runs with the state folder .*: start `ringwake serve`"
    ) as caught:
        running(StateFolder(tmp_path))
    assert caught.value.code == UNREACHABLE


def test_a_server_that_runs_is_found_and_asked(house: Household) -> None:
    server = running(house.state)
    assert is_alive(server)
    assert ask(server, "GET", "/livez") == {"status": "ok"}
    assert len(ask(server, "GET", "/api/v1/accounts")) == 3


def test_a_refusal_is_told_in_the_servers_words(house: Household) -> None:
    with pytest.raises(CommandError, match=r"there is no account nobody@ringwake\.test") as caught:
        ask(running(house.state), "DELETE", "/api/v1/accounts/nobody@ringwake.test")
    assert caught.value.code == FAILED


def test_an_empty_answer_is_none(house: Household) -> None:
    server = running(house.state)
    ask(server, "POST", "/api/v1/accounts", {"aor": "carol@ringwake.test", "password": "pw"})
    assert ask(server, "DELETE", "/api/v1/accounts/carol@ringwake.test") is None


def test_a_server_that_is_another_one_is_told_apart(house: Household) -> None:
    other = server_at(house.home.app.http)
    with pytest.raises(CommandError, match="another server answers: start `ringwake serve`") as caught:
        ask(other, "GET", "/api/v1/calls")
    assert caught.value.code == UNREACHABLE
    assert not is_alive(other)


def test_a_server_that_is_gone_does_not_answer() -> None:
    with pytest.raises(CommandError, match="does not answer: start `ringwake serve`") as caught:
        ask(server_at("http://127.0.0.1:1"), "GET", "/livez")
    assert caught.value.code == UNREACHABLE


def test_a_server_that_is_too_slow_is_not_called_stopped() -> None:
    with create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(CommandError, match=r"has not answered in 0\.05 s: see its log") as caught:
            ask(server_at(url), "GET", "/livez", seconds=0.05)
    assert caught.value.code == UNREACHABLE


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"])
def test_a_program_that_is_no_server_of_ours_is_told_apart(answer: bytes) -> None:
    with answering(answer) as url, pytest.raises(CommandError, match="is no ringwake") as caught:
        ask(server_at(url), "GET", "/livez")
    assert caught.value.code == UNREACHABLE


@pytest.mark.parametrize("body", [b"", b"oops", b"[]", b"{}"])
def test_an_error_without_words_shows_its_status(body: bytes) -> None:
    answer = b"HTTP/1.1 500 Oops\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with answering(answer) as url, pytest.raises(CommandError, match="the server answers 500"):
        ask(server_at(url), "GET", "/livez")
