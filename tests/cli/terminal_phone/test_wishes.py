"""How this phone announces what comes without a push: the account's settings, and its own before them."""

from __future__ import annotations

from typing import Any

import pytest

from ringwake.cli.terminal.wishes import NOTHING, Wishes, wishes_of

PHONE = "urn:uuid:1"


@pytest.mark.parametrize(
    ("document", "wishes"),
    [
        ({}, Wishes()),
        ({"notifications": {"style": "none", "sound": False}}, Wishes(style="none", sound=False)),
        ({"notifications": {"style": "banner", "badge": False}}, Wishes(style="banner", badge=False)),
        ({"notifications": {"style": "loud", "preview": False}}, Wishes(preview=False)),
        ({"notifications": {"allow": False, "style": "alert"}}, NOTHING),
        ({"devices": {PHONE: {"notifications": {"allow": False}}}}, NOTHING),
        (
            {"notifications": {"sound": False}, "devices": {PHONE: {"notifications": {"sound": True, "style": None}}}},
            Wishes(),
        ),
        ({"devices": {"urn:uuid:2": {"notifications": {"allow": False}}}}, Wishes()),
        ({"notifications": [], "devices": {PHONE: 7}}, Wishes()),
    ],
)
def test_settings_become_wishes(document: dict[str, Any], wishes: Wishes) -> None:
    assert wishes_of(document, PHONE) == wishes
