"""Claims about where a push goes: who shares a service shares its troubles."""

from __future__ import annotations

import pytest
from tests.wake.phones import ANDROID_APP, BROWSER_APP, android, iphone, push_to, target

from ringwake.model.app import AppKey, Provider
from ringwake.wake.destination import Destination, destination


def test_phones_of_one_application_go_to_one_place() -> None:
    assert destination(push_to(android("a"))) == destination(push_to(android("b"))) == Destination(ANDROID_APP)
    assert destination(push_to(iphone())) != destination(push_to(android()))


@pytest.mark.parametrize("app", [BROWSER_APP, AppKey(Provider.UNIFIEDPUSH, "example.com")])
@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://updates.push.services.mozilla.com/wpush/v2/x", "updates.push.services.mozilla.com"),
        ("https://FCM.googleapis.com:443/fcm/send/x", "fcm.googleapis.com"),
        ("no address", ""),
        ("https://[::1", ""),
    ],
)
def test_browsers_go_to_the_service_of_their_maker(app: AppKey, endpoint: str, host: str) -> None:
    where = destination(push_to(target(app, only=endpoint)))
    assert where == Destination(app, host)
    assert "/x" not in repr(where), "the rest of it is a secret"
