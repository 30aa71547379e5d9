"""Claims about settings: what one phone has otherwise than its account."""

from __future__ import annotations

from ringwake.model.settings import UNCHOSEN, AlertStyle, DeviceSettings, Notifications, OwnNotifications, Settings

KITCHEN = "<urn:uuid:kitchen>"


def test_a_phone_for_which_nothing_is_set_is_as_the_account() -> None:
    assert UNCHOSEN.device(KITCHEN) == DeviceSettings(device=KITCHEN)
    assert UNCHOSEN.notifications_of(KITCHEN) is UNCHOSEN.notifications


def test_what_a_phone_has_of_its_own_goes_before_the_account_member_by_member() -> None:
    own = OwnNotifications(sound=False, tone="", style=AlertStyle.NONE)
    of_account = Notifications(tone="bell", preview=False)
    settings = Settings(notifications=of_account, devices=(DeviceSettings(device=KITCHEN, notifications=own),))
    expected = Notifications(sound=False, tone="", style=AlertStyle.NONE, preview=False)
    assert settings.notifications_of(KITCHEN) == expected
    assert settings.notifications_of("<urn:uuid:other>") == of_account
    assert settings.device(KITCHEN).accepts_calls
