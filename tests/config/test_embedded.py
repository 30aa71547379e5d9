"""`serve` without a file: loopback only, free ports, and the laboratory while its emulators answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.config.refusal import TENANT

from ringwake.config import embedded as module
from ringwake.config.embedded import Loaded, embedded, lab_config
from ringwake.config.error import ConfigError
from ringwake.config.host_port import host_port
from ringwake.config.rules import check
from ringwake.config.state import StateFolder


@pytest.fixture(name="state")
def state_fixture(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path)


@pytest.fixture(name="inbox")
def inbox_fixture() -> Iterator[str]:
    """A program that answers where the emulators would."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def lab_toml(state: StateFolder, inbox: str, *more: str) -> None:
    lab = f'[lab]\ninbox = "{inbox}"\nca_file = "/ca.pem"\nbundle = "com.example.phone"\nproject = "example-phone"\n'
    state.lab_file.write_text("\n".join(["[server]\nlab = true", *more, TENANT, lab]))


def addresses(loaded: Loaded) -> list[str]:
    config = loaded.config
    assert config.public is not None
    return [config.server.http, config.public.listen, *(listen.address for listen in config.listen)]


def test_without_a_laboratory_it_is_one_empty_tenant_on_loopback(state: StateFolder) -> None:
    loaded = embedded(state)
    assert [tenant.domain for tenant in loaded.config.tenant] == ["ringwake.test"]
    assert loaded.config.app == []
    assert (loaded.base, loaded.config.server.data) == (state.path, str(state.database))
    assert loaded.notes == ("No configuration file: embedded default on loopback, without push services.",)


def test_nobody_but_this_machine_reaches_it_or_is_trusted(state: StateFolder, inbox: str) -> None:
    for is_lab in (False, True):
        if is_lab:
            lab_toml(state, inbox, '[[listen]]\ntransport = "udp"\naddress = "127.0.0.9:0"')
        loaded = embedded(state)
        assert all(host_port(address, "x").host == "127.0.0.1" for address in addresses(loaded))
        assert [peer.address for peer in loaded.config.peer] == ["127.0.0.0/8", "::1"]
        assert [listen.transport for listen in loaded.config.listen] == ["udp", "tcp"]
        check(loaded.config)


def test_it_uses_the_laboratory_while_that_answers_and_says_so(state: StateFolder, inbox: str) -> None:
    lab_toml(state, inbox)
    loaded = embedded(state)
    assert loaded.config.tenant[0].account[0].user == "alice"
    assert loaded.config.lab is not None
    (note,) = loaded.notes
    assert note == f"No configuration file: embedded default on loopback, with the emulators of {state.lab_file}."


@pytest.mark.parametrize("port", ["SIP_PORT", "HTTP_PORT", "PUBLIC_PORT"])
def test_a_port_that_is_taken_gives_way_to_a_free_one(
    state: StateFolder, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SIP_PORT", "HTTP_PORT", "PUBLIC_PORT"):
        monkeypatch.setattr(module, name, free_port())
    taken = getattr(module, port)
    assert any(address.endswith(f":{taken}") for address in addresses(embedded(state)))
    with socket.create_server(("127.0.0.1", taken)):
        ports = [host_port(address, "x").port for address in addresses(embedded(state))]
    assert taken not in ports
    assert 0 in ports


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_there_is_no_laboratory_without_its_file_or_its_emulators(state: StateFolder, inbox: str) -> None:
    assert lab_config(state) is None
    lab_toml(state, inbox)
    assert lab_config(state) is not None
    lab_toml(state, f"https://127.0.0.1:{free_port()}")
    assert lab_config(state) is None
    assert embedded(state).config.lab is None


@pytest.mark.parametrize(
    "inbox",
    [
        "https://10.0.0.1:443",
        "https://push.example.com",
        "https://localhost:8443",
        "https://[2001:db8::1]",
        "https://[::1",
        "https://127.0.0.1:port",
        "https://127.0.0.1:99999",
        "127.0.0.1",
        "nonsense",
    ],
)
def test_a_laboratory_that_is_not_on_loopback_is_none(state: StateFolder, inbox: str) -> None:
    """Whoever can write the file must not move our pushes, passwords and calls to another machine."""
    lab_toml(state, inbox)
    for read in (lab_config, embedded):
        with pytest.raises(ConfigError) as caught:
            read(state)
        assert str(caught.value) == (f"{state.lab_file}: lab.inbox: no URL on loopback: start `ringwake emulate` again")


@pytest.mark.parametrize("text", ["", TENANT, "[server]\nlab = true"])
def test_a_laboratory_file_without_its_table_is_told(state: StateFolder, text: str) -> None:
    state.lab_file.write_text(text)
    with pytest.raises(ConfigError, match=r"lab\.toml: no \[lab\] table: start `ringwake emulate` again"):
        lab_config(state)


def test_a_laboratory_file_that_is_wrong_is_told(state: StateFolder) -> None:
    state.lab_file.write_text("[lba]")
    with pytest.raises(ConfigError, match=r"lab\.toml: unknown key `lba`: write `lab`"):
        embedded(state)
