"""Claims about Linphones from before RFC 8599."""

from __future__ import annotations

import pytest
from tests.registrar.dialects.phones import ANDROID, HEX, IPHONE, SANDBOXED, TABLET, TOKEN, told

from ringwake.registrar.dialects.linphone import linphone
from ringwake.sip.push_params import PushParams

APPS = (IPHONE, SANDBOXED, ANDROID, TABLET)
NAME, BETA = IPHONE.key.param, SANDBOXED.key.param


@pytest.mark.parametrize(
    ("kind", "app_id", "provider", "param"),
    [
        ("apple", "com.example.phone.voip.prod", "apns", f"{NAME}.voip"),
        ("Apple", "com.example.phone.prod", "apns", f"{NAME}.remote"),
        ("apple", "com.example.phone.voip", "apns", f"{NAME}.voip"),
        ("apple", "com.example.phone", "apns", f"{NAME}.remote"),
        ("apple", "com.example.beta.voip.dev", "apns.dev", f"{BETA}.voip"),
        ("apple", "com.example.beta.dev", "apns.dev", f"{BETA}.remote"),
        ("firebase", "demo-project", "fcm", "demo-project"),
        ("google", "1234567890", "fcm", "1234567890"),
        ("google", "demo%2Dproject", "fcm", "demo-project"),
    ],
)
def test_its_words_become_those_of_the_rfc(kind: str, app_id: str, provider: str, param: str) -> None:
    token = HEX if provider.startswith("apns") else TOKEN
    found = linphone(told(f"<sip:a@h;app-id={app_id};pn-type={kind};pn-tok={token};pn-silent=1>", *APPS))
    assert found == PushParams(provider=provider, param=param, prid=token, knows_555=False)


@pytest.mark.parametrize(
    "params",
    [
        "",
        f";app-id=com.example.phone.prod;pn-tok={HEX}",
        ";pn-type=apple;app-id=com.example.phone.prod",
        ";pn-type=apple;app-id=com.example.phone.prod;pn-tok",
        f";pn-type=apple;pn-tok={HEX}",
        f";pn-type=apple;app-id=com.example.other.prod;pn-tok={HEX}",
        f";pn-type=apple;app-id=com.example.phone.dev;pn-tok={HEX}",  # not configured for the sandbox
        f";pn-type=apple;app-id=demo-project;pn-tok={HEX}",
        f";pn-type=firebase;app-id=their-project;pn-tok={TOKEN}",
        f";pn-type=firebase;app-id={NAME};pn-tok={TOKEN}",
        f";pn-type=wp10;app-id=demo-project;pn-tok={TOKEN}",
    ],
)
def test_what_is_not_known_is_not_said(params: str) -> None:
    assert linphone(told(f"<sip:a@h{params}>", *APPS)) is None
