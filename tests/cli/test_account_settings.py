"""`ringwake account show` and `set` with settings: through the running server, and in the database when none runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.household import Household
from tests.cli.terminal import Terminal

from ringwake.api.settings_shape import shown_settings
from ringwake.cli.failure import CommandError
from ringwake.cli.operator import Asked, exchange
from ringwake.model.account import Aor
from ringwake.model.settings import UNCHOSEN

CAROL = "carol@ringwake.test"
URN = "urn:uuid:00000000-0000-1000-8000-aabbccddeeff"
CONFIG = """
[server]
data = "own.db"
[[listen]]
transport = "udp"
address = "127.0.0.1:0"
[[tenant]]
domain = "example.com"
[[tenant.account]]
user = "alice"
password = "alice-canary"
[[tenant]]
domain = "example.net"
upstream = "contact"
pbx = "sip:127.0.0.9:5060;transport=udp"
"""


@pytest.fixture(params=["running", "alone"])
def carol(request: pytest.FixtureRequest, terminal: Terminal) -> str:
    """Add an account, with a server and without one."""
    if request.param == "running":
        request.getfixturevalue("house")
    assert terminal.run("account", "add", "carol", text="secret\n").code == 0
    return "carol"


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "server.toml"
    file.write_text(CONFIG)
    return str(file)


def shown(terminal: Terminal, *arguments: str) -> dict[str, Any]:
    done = terminal.run("account", "show", *arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_who_has_chosen_nothing_has_the_defaults(terminal: Terminal, carol: str) -> None:
    assert shown(terminal, carol) == shown_settings(UNCHOSEN)


def test_settings_are_set_shown_and_put_back(terminal: Terminal, carol: str) -> None:
    done = terminal.run("account", "set", carol, "--style", "banner", "--do-not-disturb", "on", "--block", "spam@x")
    assert (done.code, done.out) == (0, f"changed {CAROL}\n")
    assert terminal.run("account", "set", f"sip:{CAROL.upper()}", "--badge", "off").code == 1
    assert terminal.run("account", "set", CAROL, "--badge", "off", "--json").out == f'{{"changed": "{CAROL}"}}\n'
    document = shown(terminal, carol)
    assert document["notifications"] == shown_settings(UNCHOSEN)["notifications"] | {"style": "banner", "badge": False}
    assert document["calls"] == shown_settings(UNCHOSEN)["calls"] | {"do_not_disturb": True, "block": ["spam@x"]}
    assert (
        terminal.run("account", "set", carol, "--unblock", "spam@x", "--block", "b@x", "--badge", "default").code == 0
    )
    assert shown(terminal, carol)["calls"]["block"] == ["b@x"]
    assert terminal.run("account", "set", carol, "--reset").code == 0
    assert shown(terminal, carol) == shown_settings(UNCHOSEN)


def test_people_read_one_member_a_line(terminal: Terminal, carol: str) -> None:
    hours = ("--quiet-hours", "mon-fri 22:00-07:00", "--quiet-hours", "12:00-13:00", "--time-zone", "Europe/Berlin")
    assert terminal.run("account", "set", carol, *hours, "--allow", "boss@x", "--allow", "+49*").code == 0
    assert terminal.run("account", "set", carol, "--device", URN, "--name", "Kitchen", "--sound", "off").code == 0
    lines = terminal.run("account", "show", carol).lines
    assert all(len(line) <= 80 for line in lines)
    at = lines.index(f"devices.{URN}")
    told = dict(line.split(maxsplit=1) for line in lines[:at])
    assert told["notifications.allow"] == "on"
    assert told["notifications.style"] == "alert"
    assert told["notifications.tone"] == told["calls.block"] == told["calls.no_answer"] == "-"
    assert told["calls.quiet_hours"] == "mon tue wed thu fri 22:00-07:00, 12:00-13:00"
    assert told["calls.time_zone"] == "Europe/Berlin"
    assert told["calls.allow"] == "boss@x, +49*"
    assert told["calls.next_after"] == "15 s"
    assert dict(line.split(maxsplit=1) for line in lines[at + 1 :]) == {
        "name": "Kitchen",
        "notifications.sound": "off",
        "accepts_calls": "on",
        "ring_after": "0 s",
    }


def test_a_phone_is_named_by_its_instance_and_may_be_put_back(terminal: Terminal, carol: str) -> None:
    assert terminal.run("account", "set", carol, "--device", f"<{URN}>", "--accepts-calls", "off").code == 0
    assert terminal.run("account", "set", carol, "--device", URN.upper(), "--ring-after", "5").code == 0
    assert shown(terminal, carol)["devices"] == {
        URN: {"name": "", "notifications": {}, "accepts_calls": False, "ring_after": 5.0}
    }
    assert terminal.run("account", "set", carol, "--device", URN, "--reset").code == 0
    assert shown(terminal, carol)["devices"] == {}


def test_a_phone_that_is_not_there_is_not_set(terminal: Terminal, carol: str) -> None:
    done = terminal.run("account", "set", carol, "--device", "0123", "--sound", "off")
    assert done.code == 1
    assert done.err == (f"ringwake account: no phone has an id that begins so: see `ringwake device list {CAROL}`\n")


def test_a_phone_is_named_by_the_beginning_of_its_id(terminal: Terminal, house: Household) -> None:
    house.registered()
    (device,) = json.loads(terminal.run("device", "list", "alice", "--json").out)
    done = terminal.run("account", "set", "alice", "--device", device["id"][:6], "--sound", "off")
    assert (done.code, done.err) == (0, "")
    assert shown(terminal, "alice")["devices"][device["handset"]]["notifications"] == {"sound": False}
    assert device["handset"].startswith("urn:uuid:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--time-zone", "Mars/Phobos"),
            'no name of a time zone: write it like "Europe/Berlin" - at `$.calls.time_zon',
        ),
        (("--style", "loud"), "write none, banner or alert - at `$.notifications.style`"),
        (("--forward-busy", "bob"), 'no SIP URI of somebody: write it like "sip:500@ringwake.test" - at `$.calls.forw'),
        (("--forward-always", f"sip:{CAROL}"), "calls would go round: that is the account itself"),
        (("--no-answer", "1000"), "Expected `float` <= 170.0 - at `$.calls.no_answer`"),
        (("--quiet-hours", "25:00-07:00"), 'no time of the day: write it like "22:00" - at `$.calls.quiet_hours[0].b'),
        (("--block", "@x"), "the pattern is empty on one side of the @ - at `$.calls.block[0]`"),
    ],
)
def test_what_cannot_be_is_refused_as_usage_and_changes_nothing(
    arguments: tuple[str, ...], message: str, terminal: Terminal, carol: str
) -> None:
    done = terminal.run("account", "set", carol, *arguments, "--badge", "off")
    assert done.code == 2
    assert done.err.startswith(f"ringwake account: {message}")
    assert len(done.err.splitlines()) == 1
    assert shown(terminal, carol) == shown_settings(UNCHOSEN)


@pytest.mark.usefixtures("carol")
@pytest.mark.parametrize("arguments", [("show", "nobody"), ("set", "nobody", "--sound", "off")])
def test_an_account_that_is_not_there_has_no_settings(arguments: tuple[str, ...], terminal: Terminal) -> None:
    done = terminal.run("account", *arguments)
    assert (done.code, done.err) == (1, "ringwake account: there is no account nobody@ringwake.test\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "carol", "--sound", "off"), "add takes no settings: use set"),
        (("list", "--reset"), "list takes no settings: use set"),
        (("show",), "show takes an address, such as alice@example.com"),
        (("set", "carol"), "set wants a setting, --password-file, --pbx-password-file or --no-pbx"),
        (("set", "carol", "--name", "x"), "--name is of one phone: name it with --device"),
    ],
)
def test_options_that_mean_nothing_are_refused(arguments: tuple[str, ...], message: str, terminal: Terminal) -> None:
    done = terminal.run("account", *arguments)
    assert (done.code, done.err) == (2, f"ringwake account: {message}\n")


def test_password_and_settings_are_changed_together(terminal: Terminal, carol: str) -> None:
    done = terminal.run("account", "set", carol, "--password-file", "-", "--sound", "off", text="another\n")
    assert (done.code, done.out) == (0, f"changed {CAROL}\n")
    assert shown(terminal, carol)["notifications"]["sound"] is False


def test_what_is_set_is_in_force_at_once(terminal: Terminal, house: Household) -> None:
    assert terminal.run("account", "set", "alice", "--do-not-disturb", "on").code == 0

    async def disturbs(home: Any) -> bool:
        found = home.app._directory.account(Aor("alice@ringwake.test"))
        return bool(found.settings.calls.do_not_disturb)

    assert house.do(disturbs)


@pytest.mark.parametrize("aor", ["alice@example.com", "whoever@example.net"])
def test_accounts_of_the_file_and_of_a_pbx_have_settings_while_no_server_runs(
    aor: str, terminal: Terminal, config: str
) -> None:
    assert terminal.run("account", "set", aor, "--sound", "off", "--config", config).code == 0
    assert shown(terminal, aor, "--config", config)["notifications"]["sound"] is False
    done = terminal.run("account", "show", "nobody@example.com", "--config", config)
    assert (done.code, done.err) == (1, "ringwake account: there is no account nobody@example.com\n")


def test_names_that_others_gave_cannot_write_on_the_terminal(terminal: Terminal, carol: str) -> None:
    done = terminal.run("account", "set", carol, "--device", URN, "--name", "a\x1b[2Jb")
    assert done.code == 2
    assert "\x1b" not in done.err


def test_who_writes_a_list_that_has_changed_meanwhile_is_told(house: Household) -> None:
    server = house.state.server()
    assert server is not None
    asked = Asked("PATCH", "/api/v1/accounts/alice@ringwake.test/settings", {"calls": {"block": []}}, '"77"')
    with pytest.raises(CommandError, match="the settings were changed meanwhile: read them again"):
        exchange(server, asked)
