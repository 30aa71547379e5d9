"""Claims about all dialects together: what is believed when a phone speaks several."""

from __future__ import annotations

import pytest
from tests.registrar.dialects.phones import ANDROID, HEX, IPHONE, TOKEN, told

from ringwake.registrar.dialects import DIALECTS, understand
from ringwake.sip.push_params import PushParams

URI = f";pn-provider=fcm;pn-param=of-the-uri;pn-prid={TOKEN}"
BEHIND = f";pn-provider=fcm;pn-param=behind;pn-prid={TOKEN}"
LEGACY = f";pn-type=firebase;app-id=demo-project;pn-tok={TOKEN}"
HEADER = f"i:com.example.phone:{HEX}"


@pytest.mark.parametrize(
    ("contact", "header", "param"),
    [
        (f"<sip:a@h{URI}{LEGACY}>{BEHIND}", HEADER, "of-the-uri"),
        (f"<sip:a@h{LEGACY}>{BEHIND}", HEADER, "behind"),
        (f"<sip:a@h{LEGACY}>", HEADER, "demo-project"),
        ("<sip:a@h>", HEADER, f"{IPHONE.key.param}.voip"),
        ("<sip:a@h>", "", None),
        (f"sip:a@h{URI}{LEGACY}", "", None),
        # A question in RFC 8599's words is one, whatever else is said.
        (f"<sip:a@h;pn-provider{LEGACY}>{BEHIND}", HEADER, None),
    ],
)
def test_the_first_that_is_understood_is_believed(contact: str, header: str, param: str | None) -> None:
    found = understand(told(contact, IPHONE, ANDROID, header=header))
    assert (found and found.param) == param


def test_the_uri_wins_also_when_it_only_asks() -> None:
    assert understand(told(f"<sip:a@h;pn-provider>{BEHIND}")) == PushParams(provider="", param=None, prid=None)


def test_each_dialect_is_in_the_table_once() -> None:
    assert len(DIALECTS) == len(set(DIALECTS)) == 4
