"""From the laboratory, the running server and the phone's memory to its settings."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from tests.cli.household import Household

from ringwake.cli.failure import UNREACHABLE, USAGE, CommandError
from ringwake.cli.phone_settings import phone_settings
from ringwake.config.state import RunningServer, StateFolder
from ringwake.secret import Secret
from ringwake.sip.flow import Transport
from ringwake.softphone.settings import PhoneSettings


def options(user: str = "alice", **changes: object) -> argparse.Namespace:
    return argparse.Namespace(
        **{"user": user, "provider": "fcm", "server": None, "transport": None, "password_file": None, **changes}
    )


def settings(house: Household, user: str = "alice", **changes: object) -> PhoneSettings:
    return phone_settings(options(user, **changes), house.state)


def refusal(house: Household, user: str = "alice", **changes: object) -> CommandError:
    with pytest.raises(CommandError) as caught:
        settings(house, user, **changes)
    return caught.value


@pytest.fixture
def word(tmp_path: Path) -> Path:
    file = tmp_path / "word"
    file.write_text("from the file\n")
    return file


def test_a_phone_of_the_lab_needs_nothing_but_its_name(house: Household) -> None:
    made = settings(house)
    assert (made.identity.aor, made.identity.password.reveal()) == ("sip:alice@ringwake.test", "alice-password")
    assert (made.transport, made.server) == (Transport.TCP, house.home.address(Transport.TCP))
    assert (made.device, made.provider, made.app) == ("alice-fcm", "fcm", house.home.lab.credentials.ids.project)
    assert (made.inbox, made.public_url) == (house.home.lab.inbox_url, house.home.app.public)


@pytest.mark.parametrize(
    ("provider", "app"),
    [
        ("apns", "com.example.ringwake"),
        ("webpush", ""),
        ("unifiedpush", ""),
        ("hms", "100000001"),
        ("http", "demo-phone"),
    ],
)
def test_an_app_is_named_as_its_push_service_knows_it(provider: str, app: str, house: Household) -> None:
    assert settings(house, provider=provider).app == app


@pytest.mark.parametrize("typed", ["alice@ringwake.test", "sip:alice", "sip:alice@ringwake.test"])
def test_its_name_may_be_typed_in_several_ways(typed: str, house: Household) -> None:
    assert settings(house, typed) == settings(house, "alice")


def test_it_remembers_who_it_is_from_start_to_start(house: Household) -> None:
    first, second, other = settings(house), settings(house), settings(house, provider="apns")
    assert (first.instance, first.device_secret.reveal()) == (second.instance, second.device_secret.reveal())
    assert other.instance != first.instance
    assert first.instance.startswith("urn:uuid:")


@pytest.mark.parametrize("transport", [t.value for t in Transport])
def test_the_transport_may_be_chosen(transport: str, house: Household) -> None:
    made = settings(house, transport=transport)
    assert made.transport is Transport(transport)
    assert made.server == house.home.address(Transport(transport))


def test_a_transport_that_the_server_does_not_have_is_refused(house: Household) -> None:
    house.state.tell(RunningServer("http://x", Secret("x"), [{"transport": "udp", "address": "127.0.0.1:1"}], ""))
    assert str(refusal(house, transport="tls")) == "the server does not listen on tls"
    error = refusal(house)
    assert (str(error), error.code) == ("the server does not listen on a stream transport", USAGE)


def test_the_password_of_a_file_goes_before_the_labs(house: Household, word: Path) -> None:
    assert settings(house, password_file=word).identity.password.reveal() == "from the file"
    made = settings(house, "carol", password_file=word)
    assert made.identity.aor == "sip:carol@ringwake.test"
    assert settings(house, "carol@example.com", password_file=word).identity.domain == "example.com"


@pytest.mark.parametrize("user", ["nobody", "alice@elsewhere.example"])
def test_an_account_that_the_lab_does_not_have_needs_a_password(user: str, house: Household) -> None:
    error = refusal(house, user)
    assert (str(error), error.code) == (f"the lab has no account {user}: give --password-file", USAGE)


@pytest.mark.parametrize("user", ["", "sip:", "@ringwake.test"])
def test_an_account_must_be_named(user: str, house: Household) -> None:
    assert refusal(house, user).code == USAGE


@pytest.mark.parametrize("user", ["al/../ice", "al ice", "+4930123", "x" * 200, "ü", "alice@example.com"])
def test_the_push_inbox_takes_any_users_phone(user: str, house: Household, word: Path) -> None:
    made = settings(house, user, password_file=word)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", made.device)
    assert made.device != "alice-fcm"
    assert settings(house, user, password_file=word).instance == made.instance


def test_without_emulators_it_says_what_to_start(state: Path) -> None:
    folder = StateFolder(state)
    folder.ensure()
    with pytest.raises(CommandError, match="no push services answer: start `ringwake emulate`") as caught:
        phone_settings(options(), folder)
    assert caught.value.code == UNREACHABLE


def test_without_a_server_it_says_what_to_start(house: Household) -> None:
    house.state.untell()
    error = refusal(house)
    assert (str(error).endswith("start `ringwake serve`"), error.code) == (True, UNREACHABLE)


def test_a_spoilt_lab_file_is_named(state: Path) -> None:
    folder = StateFolder(state)
    folder.ensure()
    folder.write("lab.toml", "nonsense")
    with pytest.raises(CommandError, match=re.escape(str(folder.lab_file))) as caught:
        phone_settings(options(), folder)
    assert caught.value.code == USAGE
