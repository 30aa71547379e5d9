"""`ringwake account`: through the running server, and in the database when none runs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from tests.cli.household import Household
from tests.cli.terminal import Terminal

from ringwake.config.state import RunningServer, StateFolder
from ringwake.secret import Secret


@pytest.fixture(params=["running", "alone"])
def anywhere(request: pytest.FixtureRequest) -> None:
    """Run the test with a server and without one."""
    if request.param == "running":
        request.getfixturevalue("house")


@pytest.mark.usefixtures("anywhere")
def test_accounts_are_added_listed_and_removed(terminal: Terminal) -> None:
    assert terminal.run("account", "add", "carol", text="secret\n").out == "added carol@ringwake.test\n"
    assert "carol@ringwake.test" in terminal.run("account", "list").lines
    assert terminal.run("account", "remove", "carol").out == "removed carol@ringwake.test\n"
    assert "carol@ringwake.test" not in terminal.run("account", "list").lines


@pytest.mark.usefixtures("anywhere")
def test_json_is_printed_where_it_is_asked_for(terminal: Terminal) -> None:
    done = terminal.run("account", "add", "carol", "--json", text="secret\n")
    assert json.loads(done.out) == {"added": "carol@ringwake.test"}
    assert "carol@ringwake.test" in json.loads(terminal.run("account", "list", "--json").out)
    done = terminal.run("account", "remove", "carol", "--json")
    assert json.loads(done.out) == {"removed": "carol@ringwake.test"}


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("typed", ["carol", "carol@ringwake.test", "sip:carol@RINGWAKE.test"])
def test_an_address_may_be_typed_in_several_ways(typed: str, terminal: Terminal) -> None:
    assert terminal.run("account", "add", typed, text="secret\n").out == "added carol@ringwake.test\n"
    assert "carol@ringwake.test" in terminal.run("account", "list").lines
    assert terminal.run("account", "remove", typed).code == 0


@pytest.mark.usefixtures("anywhere")
def test_an_account_that_is_not_there_is_not_removed(terminal: Terminal) -> None:
    done = terminal.run("account", "remove", "nobody")
    assert (done.code, done.err) == (1, "ringwake account: there is no account nobody@ringwake.test\n")


@pytest.mark.usefixtures("anywhere")
def test_what_is_no_address_is_refused(terminal: Terminal) -> None:
    done = terminal.run("account", "add", "al ice", text="secret\n")
    assert done.code == 1
    assert re.fullmatch("ringwake account: .*no address of record like alice@example.com.*\n", done.err)


@pytest.mark.usefixtures("anywhere")
def test_a_domain_that_is_not_served_is_refused(terminal: Terminal) -> None:
    done = terminal.run("account", "add", "al@elsewhere.example", text="secret\n")
    assert done.code == 1
    assert done.err.startswith("ringwake account: no tenant has the domain elsewhere.example: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "alice"], "list takes no address"),
        (["add"], "add takes an address, such as alice@example.com"),
        (["remove"], "remove takes an address, such as alice@example.com"),
    ],
)
def test_an_address_is_wanted_exactly_where_it_means_something(
    arguments: list[str], message: str, terminal: Terminal
) -> None:
    done = terminal.run("account", *arguments)
    assert (done.code, done.err) == (2, f"ringwake account: {message}\n")


def test_no_accounts_are_said_to_be_none(terminal: Terminal) -> None:
    assert terminal.run("account", "list").out == "No accounts.\n"
    assert json.loads(terminal.run("account", "list", "--json").out) == []


def test_the_password_comes_from_a_file_or_from_standard_input(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("secret\nand what nobody reads\n")
    assert terminal.run("account", "add", "a", "--password-file", str(tmp_path / "word")).code == 0
    assert terminal.run("account", "add", "b", "--password-file", "-", text="secret\n").code == 0


def test_no_password_is_no_account(terminal: Terminal, state: Path) -> None:
    done = terminal.run("account", "add", "alice")
    assert (done.code, done.err) == (2, "ringwake account: the password is empty\n")
    assert not (state / "ringwake.db").exists()


def test_an_account_of_the_file_is_changed_there(terminal: Terminal, house: Household) -> None:
    del house
    done = terminal.run("account", "remove", "alice")
    assert (done.code, done.err) == (
        1,
        "ringwake account: alice@ringwake.test stands in the configuration file: remove it there\n",
    )


def test_a_server_that_has_died_is_not_asked(terminal: Terminal, state: Path) -> None:
    folder = StateFolder(state)
    folder.ensure()
    folder.tell(RunningServer("http://127.0.0.1:1", Secret("x"), [], ""))
    assert terminal.run("account", "list").out == "No accounts.\n"


def test_another_server_at_that_address_is_not_asked(terminal: Terminal, house: Household) -> None:
    other = StateFolder(house.state.path / "other")
    other.ensure()
    other.tell(RunningServer(house.home.app.http, Secret("another token"), [], ""))
    assert terminal.run("account", "list", "--state", str(other.path)).out == "No accounts.\n"


def test_the_configuration_says_which_database_and_which_domains(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('[server]\ndata = "own.db"\n[[tenant]]\ndomain = "Example.com"\n')
    added = terminal.run("account", "add", "al@example.com", "--config", str(file), text="secret\n")
    assert added.out == "added al@example.com\n"
    assert (tmp_path / "own.db").exists()
    refused = terminal.run("account", "add", "alice", "--config", str(file), text="secret\n")
    assert (refused.code, refused.err) == (
        1,
        "ringwake account: no tenant has the domain ringwake.test: there are example.com\n",
    )


def test_a_configuration_without_tenants_has_no_accounts(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("")
    done = terminal.run("account", "add", "alice", "--config", str(file), text="secret\n")
    assert done.err.endswith("there are none\n")


def test_a_wrong_configuration_is_named(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[server]\nhttp = 7\n")
    done = terminal.run("account", "list", "--config", str(file))
    assert done.code == 2
    assert done.err.startswith(f"ringwake account: {file}: server.http: ")


def test_a_database_that_somebody_has_is_left_alone(terminal: Terminal, house: Household) -> None:
    house.state.untell()  # as if its server had been told of by another folder
    done = terminal.run("account", "list")
    assert done.code == 2
    assert f"is in use by process {os.getpid()}: stop that one" in done.err


def test_spoilt_keys_are_named(terminal: Terminal, state: Path) -> None:
    StateFolder(state).ensure()
    (state / "keys").write_text("nonsense")
    (state / "keys").chmod(0o600)
    done = terminal.run("account", "list")
    assert done.code == 2
    assert str(state / "keys") in done.err
    assert len(done.err.splitlines()) == 1
