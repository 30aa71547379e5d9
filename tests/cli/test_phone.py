"""`ringwake phone`: register, sleep, be called, see the alert, press a or r; and one line when it cannot."""

from __future__ import annotations

import json
import re
import signal
import threading
from pathlib import Path
from socket import create_server

import pytest
from tests.cli.household import Household
from tests.cli.terminal import Terminal

from ringwake.config.state import RunningServer
from ringwake.sip.flow import Transport
from ringwake.ua.call import CallState

TERMINATED = "The app is terminated. Only a push can wake it."


@pytest.mark.parametrize("provider", ["apns", "fcm", "webpush", "unifiedpush", "hms", "http"])
def test_a_sleeping_phone_is_called_and_answers(provider: str, terminal: Terminal, house: Household) -> None:
    def person() -> None:
        terminal.until(TERMINATED)
        boss, call = house.call()
        terminal.until("The call is here: press a to accept, r to reject.")
        terminal.press("a\n")
        terminal.until("In the call.")
        house.hang_up(boss, call)
        terminal.until("The call is over (bye).")
        terminal.press("q\n")

    done = terminal.run("phone", "alice", "--sleep", "--provider", provider, "--transport", "tls", person=person)
    assert (done.code, done.err) == (0, "")
    assert "Registered for 30 days; it will be woken by push." in done.lines
    assert done.out.count("Boss calling") == 1
    assert "│ [a] Accept   [r] Reject │" in done.out
    assert done.out.count(TERMINATED) == 2
    assert done.lines[-1] == "The phone is off."
    assert all(len(line.strip("\a")) <= 80 for line in done.lines)


def test_a_server_may_be_named_by_its_uri(terminal: Terminal, house: Household) -> None:
    at = house.home.address(Transport.TLS)

    def person() -> None:
        terminal.until("Registered for 30 days")
        terminal.press("q\n")

    done = terminal.run("phone", "alice", "--server", f"sips:{at}", person=person)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("uri", "code", "words"),
    [
        ("sip:", 2, "write it like sips:example.com"),
        (
            "df7jal23ls0d.invalid",
            3,
            "sip:df7jal23ls0d.invalid cannot be reached: df7jal23ls0d.invalid: this name is never",
        ),
    ],
)
@pytest.mark.usefixtures("house")
def test_a_server_that_cannot_be_found_is_one_line(terminal: Terminal, uri: str, code: int, words: str) -> None:
    done = terminal.run("phone", "alice", "--server", uri)
    assert (done.code, len(done.err.splitlines())) == (code, 1)
    assert words in done.err


def test_a_call_is_rejected(terminal: Terminal, house: Household) -> None:
    def person() -> None:
        terminal.until(TERMINATED)
        _, call = house.call()
        terminal.until("The call is here")
        terminal.press("r\n")
        terminal.until("The call is over (rejected).")
        house.do(lambda home: home.server.until(lambda: call.state is CallState.ENDED))
        assert call.status == 603
        terminal.press("q\n")

    assert terminal.run("phone", "alice", "--sleep", person=person).code == 0


def test_a_phone_that_is_awake_shows_who_calls(terminal: Terminal, house: Household) -> None:
    def person() -> None:
        terminal.until("Keys: a accept")
        house.call()
        terminal.until("The call is here")
        terminal.press("q\n")

    assert terminal.run("phone", "alice", person=person).out.count("Boss calling") == 1


def test_it_answers_by_itself_and_quits_after_the_call(terminal: Terminal, house: Household) -> None:
    def person() -> None:
        terminal.until(TERMINATED)
        boss, call = house.call()
        terminal.until("In the call.")
        house.hang_up(boss, call)
        terminal.until("The phone is off.")

    assert terminal.run("phone", "alice", "--sleep", "--answer", "--once", person=person).code == 0


def test_a_text_is_shown(terminal: Terminal, house: Household) -> None:
    def person() -> None:
        terminal.until(TERMINATED)
        assert house.write("Are you there?") == 202
        terminal.until("Boss: Are you there?")
        terminal.press("q\n")

    assert "Message from Boss" in terminal.run("phone", "alice", "--sleep", person=person).out


def test_programs_get_json(terminal: Terminal, house: Household) -> None:
    del house

    def person() -> None:
        terminal.until('"registered"')
        terminal.press("s\nq\n")

    done = terminal.run("phone", "alice", "--json", person=person)
    assert [json.loads(line)["event"] for line in done.lines] == ["awake", "registered", "terminated", "off"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_0(number: signal.Signals, terminal: Terminal, house: Household) -> None:
    del house

    def person() -> None:
        terminal.until("Keys: a accept")
        terminal.stop(number)
        terminal.until("The phone is off.")

    assert terminal.run("phone", "alice", person=person).code == 0


@pytest.mark.parametrize("text", ["wrong", "guess"])
def test_a_wrong_password_is_one_line(text: str, terminal: Terminal, house: Household, tmp_path: Path) -> None:
    del house
    (tmp_path / "word").write_text(text)
    done = terminal.run("phone", "alice", "--password-file", str(tmp_path / "word"))
    assert (done.code, done.err) == (1, "ringwake phone: REGISTER was answered 401: the password is wrong\n")


def test_a_server_older_than_the_lab_is_to_be_started_again(terminal: Terminal, house: Household) -> None:
    text = house.state.lab_file.read_text()
    house.state.write("lab.toml", text.replace("alice-password", "of-another-lab"))
    done = terminal.run("phone", "alice")
    assert done.code == 1
    assert done.err.endswith("start `ringwake serve` again, after `ringwake emulate`\n")
    assert len(done.err.splitlines()) == 1


def test_a_domain_that_the_server_does_not_have_is_said(terminal: Terminal, house: Household, tmp_path: Path) -> None:
    del house
    (tmp_path / "word").write_text("x")
    done = terminal.run("phone", "al@elsewhere.example", "--password-file", str(tmp_path / "word"))
    assert done.code == 1
    assert re.fullmatch(r"ringwake phone: REGISTER was answered 40[34]: .* domain\n", done.err)


def test_a_service_that_the_server_does_not_push_to_is_said(terminal: Terminal, house: Household) -> None:
    text = house.state.lab_file.read_text()
    house.state.write("lab.toml", text.replace('bundle = "com.example.ringwake"', 'bundle = "com.example.other"'))
    done = terminal.run("phone", "alice", "--provider", "apns")
    assert done.code == 1
    assert "REGISTER was answered 555: the server does not push to this service" in done.err


def test_a_status_without_a_saying_points_to_the_log(terminal: Terminal, house: Household) -> None:
    house.do(lambda home: home.app._store.close())
    done = terminal.run("phone", "alice")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1


def test_a_server_that_has_gone_cannot_be_reached(terminal: Terminal, house: Household) -> None:
    told = house.state.server()
    assert told is not None
    gone = [{"transport": "tcp", "address": "127.0.0.1:1"}]
    house.state.tell(RunningServer(told.http, told.token, gone, told.public))
    done = terminal.run("phone", "alice")
    assert (done.code, done.err) == (
        3,
        "ringwake phone: the server at tcp 127.0.0.1:1 cannot be reached: Connection refused\n",
    )


def test_a_server_that_does_not_answer_is_unreachable(terminal: Terminal, house: Household) -> None:
    told = house.state.server()
    assert told is not None
    with create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"

        def hang_up() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)

        busy = threading.Thread(target=hang_up, daemon=True)
        busy.start()
        here = [{"transport": "tcp", "address": address}]
        house.state.tell(RunningServer(told.http, told.token, here, told.public))
        done = terminal.run("phone", "alice")
        busy.join(10)
    assert (done.code, done.err) == (3, "ringwake phone: REGISTER was not answered: is the server still there?\n")


def test_a_phone_api_that_has_gone_cannot_be_reached(terminal: Terminal, house: Household) -> None:
    told = house.state.server()
    assert told is not None
    house.state.tell(RunningServer(told.http, told.token, told.listen, "https://127.0.0.1:1"))
    done = terminal.run("phone", "alice", "--provider", "webpush")
    assert (done.code, done.err) == (3, "ringwake phone: the phone API at https://127.0.0.1:1 cannot be reached\n")


def test_another_phone_of_the_same_name_is_refused(terminal: Terminal, house: Household) -> None:
    async def other(home: object) -> None:
        phone, _ = house.home.phone("alice", "fcm", Transport.TCP)
        await phone.start()
        del home

    house.do(other)
    done = terminal.run("phone", "alice")
    assert done.code == 1
    assert done.err.startswith("ringwake phone: the push inbox refuses: ")


def test_without_emulators_and_server_it_is_unreachable(terminal: Terminal) -> None:
    done = terminal.run("phone", "alice")
    assert (done.code, done.err) == (3, "ringwake phone: no push services answer: start `ringwake emulate`\n")
