"""Claims about MizuTech's header field."""

from __future__ import annotations

import pytest
from tests.registrar.dialects.phones import ANDROID, HEX, IPHONE, TABLET, TOKEN, told

from ringwake.model.app import App
from ringwake.registrar.dialects.mizutech import mizutech
from ringwake.sip.push_params import PushParams

VOIP = f"{IPHONE.key.param}.voip"


@pytest.mark.parametrize(
    ("header", "provider", "param", "token"),
    [
        (f"i:com.example.phone:{HEX}", "apns", VOIP, HEX),
        (f" I:com.example.phone:{HEX} ", "apns", VOIP, HEX),
        (f"i:com.example.phone:{TOKEN}", "fcm", "demo-project", TOKEN),  # an iPhone that is woken by Firebase
        (f"a:com.example.droid:{TOKEN}", "fcm", "demo-project", TOKEN),
        (f"a:com.example.droid:{HEX}", "fcm", "demo-project", HEX),
    ],
)
def test_its_words_become_those_of_the_rfc(header: str, provider: str, param: str, token: str) -> None:
    found = mizutech(told("<sip:a@h>", IPHONE, ANDROID, header=header))
    assert found == PushParams(provider=provider, param=param, prid=token, knows_555=False)


@pytest.mark.parametrize(
    "header",
    ["", "i", "i:", "i:com.example.phone", "i:com.example.phone:", f"w:x:{TOKEN}", f"i:com.example.other:{HEX}"],
)
def test_what_is_not_known_is_not_said(header: str) -> None:
    assert mizutech(told("<sip:a@h>", IPHONE, ANDROID, header=header)) is None


@pytest.mark.parametrize("apps", [(IPHONE,), (ANDROID, TABLET)])
def test_a_package_does_not_tell_projects_apart(apps: tuple[App, ...]) -> None:
    assert mizutech(told("<sip:a@h>", *apps, header=f"a:com.example.droid:{TOKEN}")) is None
