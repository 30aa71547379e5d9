"""Claims about who has which token."""

import pytest
from tests.emulators.bench import START, ManualClock
from tests.emulators.offices import BUNDLE, ORIGIN, PROJECT, TEAM, make_office

from ringwake.emulators.device import MOST_REGISTRATIONS, Registration
from ringwake.emulators.directory import MOST_DEVICES, Dead, Directory, DirectoryError


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def directory(clock: ManualClock) -> Directory:
    return make_office(clock).directory


def test_a_device_is_new_once_and_then_known_by_its_secret(directory: Directory) -> None:
    device, is_new = directory.device("phone", "secret-1")
    assert is_new
    assert directory.device("phone", "secret-1") == (device, False)
    with pytest.raises(DirectoryError) as caught:
        directory.device("phone", "secret-2")
    assert caught.value.code == "wrong_secret"


def test_an_apns_app_has_two_tokens_of_its_team(directory: Directory) -> None:
    entry = directory.register(directory.device("phone", "s")[0], "apns", BUNDLE)
    assert entry.tokens.keys() == {"voip", "remote"}
    assert len(set(entry.tokens.values())) == 2
    assert all(int(token, 16) >= 0 for token in entry.tokens.values())
    assert entry.team == TEAM
    for service, token in entry.tokens.items():
        assert directory.find("apns", token) is entry
        assert entry.service_of(token) == service


def test_an_fcm_app_has_a_token_that_looks_like_googles(directory: Directory) -> None:
    entry = directory.register(directory.device("phone", "s")[0], "fcm", PROJECT)
    assert ":APA91b" in entry.tokens[""]
    assert directory.find("fcm", entry.tokens[""]) is entry


def test_a_web_push_subscription_has_an_endpoint_here(directory: Directory) -> None:
    entry = directory.register(directory.device("phone", "s")[0], "webpush", "BKEY")
    assert entry.subscription is not None
    assert entry.tokens[""] == entry.subscription.endpoint
    assert entry.tokens[""].startswith(f"{ORIGIN}/wpush/")
    assert entry.subscription.application_server_key == "BKEY"


def test_a_unifiedpush_subscription_has_an_endpoint_of_its_own_kind(directory: Directory) -> None:
    device, _ = directory.device("phone", "s")
    entry = directory.register(device, "unifiedpush", "BKEY")
    assert entry.subscription is not None
    assert entry.tokens[""].startswith(f"{ORIGIN}/up/")
    assert directory.find("webpush", entry.tokens[""]) is None


def test_a_huawei_app_and_one_of_the_push_server_have_a_token_each(directory: Directory) -> None:
    device, _ = directory.device("phone", "s")
    for provider in ("hms", "http"):
        token = directory.register(device, provider, "100000001").tokens[""]
        found = directory.find(provider, token)
        assert isinstance(found, Registration)
        assert found.provider == provider


def test_asking_again_gives_the_same(directory: Directory) -> None:
    device, _ = directory.device("phone", "s")
    assert directory.register(device, "fcm", PROJECT) is directory.register(device, "fcm", PROJECT)


def test_a_token_of_one_provider_is_none_of_another(directory: Directory) -> None:
    entry = directory.register(directory.device("phone", "s")[0], "apns", BUNDLE)
    assert directory.find("fcm", entry.tokens["voip"]) is None


def test_tokens_of_a_removed_app_are_dead_since_then(directory: Directory, clock: ManualClock) -> None:
    device, _ = directory.device("phone", "s")
    entry = directory.register(device, "apns", BUNDLE)
    clock.advance(5)
    assert directory.unregister(device, "apns", BUNDLE) is entry
    clock.advance(5)
    for token in entry.tokens.values():
        assert directory.find("apns", token) == Dead(at=START + 5, reason="Unregistered")
    assert directory.register(device, "apns", BUNDLE).tokens != entry.tokens


def test_rotated_tokens_are_dead_and_new_ones_live(directory: Directory) -> None:
    device, _ = directory.device("phone", "s")
    entry = directory.register(device, "apns", BUNDLE)
    old, new = directory.rotate(device, "apns", BUNDLE)
    assert old is entry
    assert directory.find("apns", old.tokens["voip"]) == Dead(at=START, reason="ExpiredToken")
    assert isinstance(directory.find("apns", new.tokens["voip"]), Registration)
    assert device.has(new.tokens["voip"])
    assert not device.has(old.tokens["voip"])


def test_what_is_not_registered_cannot_be_changed(directory: Directory) -> None:
    device, _ = directory.device("phone", "s")
    for change in (directory.unregister, directory.rotate):
        with pytest.raises(DirectoryError) as caught:
            change(device, "apns", BUNDLE)
        assert caught.value.code == "not_registered"


def test_devices_and_registrations_are_bounded(directory: Directory) -> None:
    for number in range(MOST_DEVICES):
        directory.device(f"phone-{number}", "s")
    with pytest.raises(DirectoryError, match="devices"):
        directory.device("one-more", "s")
    device, _ = directory.device("phone-0", "s")
    for number in range(MOST_REGISTRATIONS):
        directory.register(device, "fcm", f"project-{number}")
    with pytest.raises(DirectoryError, match="registrations") as caught:
        directory.register(device, "fcm", "one-more")
    assert caught.value.code == "too_many"


def test_dead_tokens_are_remembered_within_bounds(directory: Directory) -> None:
    device, _ = directory.device("phone", "s")
    first = directory.register(device, "fcm", PROJECT)
    for _ in range(10_000):
        directory.rotate(device, "fcm", PROJECT)
    assert directory.find("fcm", first.tokens[""]) is not None
    directory.rotate(device, "fcm", PROJECT)
    assert directory.find("fcm", first.tokens[""]) is None


def test_an_app_is_in_one_environment_at_a_time(directory: Directory) -> None:
    device, _ = directory.device("phone", "s")
    entry = directory.register(device, "apns", BUNDLE, environment="sandbox")
    assert directory.register(device, "apns", BUNDLE, environment="sandbox") is entry
    with pytest.raises(DirectoryError) as caught:
        directory.register(device, "apns", BUNDLE)
    assert caught.value.code == "other_environment"
    _, new = directory.rotate(device, "apns", BUNDLE)
    assert new.environment == "sandbox"
    dead = directory.find("apns", entry.tokens["voip"])
    assert isinstance(dead, Dead)
    assert dead.environment == "sandbox"
