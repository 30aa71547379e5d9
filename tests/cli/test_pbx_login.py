"""`ringwake account add|set` with a login at the PBX: passwords from files, and never shown."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from ringwake.model.account import Account, PbxLogin
from ringwake.model.account_ops import ListAccounts
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1
from ringwake.store.keys import load_keys
from ringwake.store.sqlite.store import SqliteStore

CONFIG = """
[server]
data = "own.db"
[[listen]]
transport = "udp"
address = "127.0.0.1:0"
[[tenant]]
domain = "example.com"
upstream = "vault"
pbx = "sip:127.0.0.9:5060;transport=udp"
[[tenant]]
domain = "example.net"
"""
EVE = "eve@example.com"
LOGIN = PbxLogin(user="1001", password=Secret("canary-word"), realm="asterisk")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "server.toml"
    file.write_text(CONFIG)
    (tmp_path / "word").write_text("canary-word\n")
    return file


@pytest.fixture
def word(config: Path) -> str:
    """Return the file with the password at the PBX."""
    return str(config.with_name("word"))


def kept(config: Path, aor: str = EVE) -> Account:
    async def read() -> Account:
        keys = load_keys(config.with_name("keys")).derive("store")
        store = await SqliteStore.open(config.with_name("own.db"), keys=keys, note_fault=print)
        found = {account.aor: account for account in await store.do(ListAccounts())}
        await store.close()
        return {str(name): account for name, account in found.items()}[aor]

    return asyncio.run(read())


def test_an_account_is_added_with_a_login_of_its_own(terminal: Terminal, config: Path, word: str) -> None:
    pbx = ("--pbx-user", "1001", "--pbx-realm", "asterisk", "--pbx-password-file", word)
    done = terminal.run("account", "add", EVE, "--config", str(config), *pbx, text="secret\n")
    assert (done.code, done.out, done.err) == (0, f"added {EVE}\n", "")
    account = kept(config)
    assert (account.pbx, account.ha1_md5.reveal()) == (LOGIN, ha1(Algorithm.MD5, "eve", "example.com", "secret"))
    assert "canary" not in terminal.run("account", "list", "--config", str(config), "--json").out


def test_both_passwords_may_come_from_standard_input(terminal: Terminal, config: Path) -> None:
    done = terminal.run(
        "account", "add", EVE, "--config", str(config), "--pbx-password-file", "-", text="secret\ncanary-word\n"
    )
    assert done.code == 0
    assert kept(config).pbx == PbxLogin(user="eve", password=Secret("canary-word"))


def test_one_password_is_for_both_where_the_tenant_keeps_it(terminal: Terminal, config: Path) -> None:
    for aor in (EVE, "eve@example.net"):
        assert terminal.run("account", "add", aor, "--config", str(config), text="secret\n").code == 0
    assert kept(config).pbx == PbxLogin(user="eve", password=Secret("secret"))
    assert kept(config, "eve@example.net").pbx is None


def test_a_login_is_set_and_forgotten_and_the_phones_password_stays(
    terminal: Terminal, config: Path, word: str
) -> None:
    here = ("--config", str(config))
    terminal.run("account", "add", EVE, *here, text="secret\n")
    before = kept(config)
    assert terminal.run("account", "set", EVE, *here, "--pbx-password-file", word).out == f"changed {EVE}\n"
    after = kept(config)
    assert (after.pbx, after.ha1_md5) == (PbxLogin(user="eve", password=Secret("canary-word")), before.ha1_md5)
    done = terminal.run("account", "set", EVE, *here, "--password-file", "-", text="other\n")
    assert (done.code, kept(config).pbx) == (0, after.pbx)
    assert kept(config).ha1_md5.reveal() == ha1(Algorithm.MD5, "eve", "example.com", "other")
    done = terminal.run("account", "set", EVE, *here, "--no-pbx", "--json")
    assert (done.code, done.out) == (0, f'{{"changed": "{EVE}"}}\n')
    assert kept(config).pbx is None


def test_an_account_that_is_not_there_is_not_changed(terminal: Terminal, config: Path, word: str) -> None:
    done = terminal.run("account", "set", EVE, "--config", str(config), "--pbx-password-file", word)
    assert (done.code, done.err) == (1, f"ringwake account: there is no account {EVE}\n")


@pytest.mark.parametrize("action", ["add", "set"])
def test_a_tenant_that_keeps_no_logins_takes_none(action: str, terminal: Terminal, config: Path, word: str) -> None:
    here = ("eve@example.net", "--config", str(config))
    if action == "set":
        terminal.run("account", "add", *here, text="secret\n")
    done = terminal.run("account", action, *here, "--pbx-password-file", word, text="secret\n")
    refused = 'example.net keeps no passwords of a PBX: that is for upstream = "vault"'
    assert (done.code, done.err) == (1, f"ringwake account: {refused}\n")


@pytest.mark.usefixtures("house")
def test_through_a_running_server_it_is_the_same(terminal: Terminal, word: str) -> None:
    assert terminal.run("account", "add", "carol", text="secret\n").code == 0
    done = terminal.run("account", "set", "carol", "--password-file", word)
    assert (done.code, done.out) == (0, "changed carol@ringwake.test\n")
    done = terminal.run("account", "set", "carol", "--pbx-password-file", word, "--pbx-user", "1001")
    assert (done.code, "keeps no passwords of a PBX" in done.err, "canary" in done.err) == (1, True, False)
    assert terminal.run("account", "set", "carol", "--no-pbx").code == 0
    assert terminal.run("account", "remove", "carol").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["set", "eve"], "set wants a setting, --password-file, --pbx-password-file or --no-pbx"),
        (["set"], "set takes an address, such as alice@example.com"),
        (["add", "eve", "--pbx-user", "1001"], "--pbx-user and --pbx-realm want --pbx-password-file"),
        (["set", "eve", "--no-pbx", "--pbx-realm", "x"], "--pbx-user and --pbx-realm want --pbx-password-file"),
        (["set", "eve", "--no-pbx", "--pbx-password-file", "f"], "--no-pbx goes with set, and without another login"),
        (["add", "eve", "--no-pbx"], "--no-pbx goes with set, and without another login"),
        (["remove", "eve", "--pbx-password-file", "f"], "remove takes no login at the PBX"),
        (["list", "--pbx-user", "1001"], "list takes no login at the PBX"),
    ],
)
def test_options_that_mean_nothing_are_refused(arguments: list[str], message: str, terminal: Terminal) -> None:
    done = terminal.run("account", *arguments)
    assert (done.code, done.err) == (2, f"ringwake account: {message}\n")


def test_the_password_is_not_taken_from_the_command_line(terminal: Terminal) -> None:
    done = terminal.run("account", "set", "eve", "--pbx-password", "canary-word")
    assert (done.code, "canary" in done.err) == (2, False)


def test_a_file_that_cannot_be_read_is_named(terminal: Terminal, config: Path) -> None:
    missing = str(config.with_name("missing"))
    done = terminal.run("account", "set", EVE, "--config", str(config), "--pbx-password-file", missing)
    assert (done.code, done.err) == (2, f"ringwake account: {missing} cannot be read\n")
