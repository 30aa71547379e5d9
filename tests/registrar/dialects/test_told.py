"""Claims about how applications are found that a phone names by half."""

from tests.registrar.dialects.phones import ANDROID, IPHONE, SANDBOXED, TABLET, told

from ringwake.model.app import Provider


def test_a_bundle_names_an_application_without_its_team() -> None:
    phone = told("<sip:a@h>", ANDROID, IPHONE, SANDBOXED)
    assert phone.with_bundle("com.example.phone") == IPHONE
    assert phone.with_bundle("com.example.beta") == SANDBOXED
    for stranger in ("com.example", "example.phone", "TEAM123456.com.example.phone", "demo-project", ""):
        assert phone.with_bundle(stranger) is None


def test_the_only_application_of_a_service_needs_no_name() -> None:
    assert told("<sip:a@h>", IPHONE, ANDROID).only_app(Provider.FCM) == ANDROID
    assert told("<sip:a@h>", ANDROID, TABLET).only_app(Provider.FCM) is None
    assert told("<sip:a@h>", IPHONE).only_app(Provider.FCM) is None
