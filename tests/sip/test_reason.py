"""Claims about the Reason header field (RFC 3326)."""

from __future__ import annotations

import pytest

from ringwake.sip.reason import sip_causes


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        ("", ()),
        ('SIP;cause=200;text="Call completed elsewhere"', (200,)),
        ("sip ; cause=200", (200,)),
        ('Q.850;cause=16;text="Terminated", SIP;cause=603;text="Decline, please"', (603,)),
        ("SIP;cause=600,SIP;cause=200", (600, 200)),
        ("Q.850;cause=16", ()),
        ("SIP", ()),
        ("SIP;cause", ()),
        ("SIP;cause=many", ()),
        ("SIP;cause=\u0662\u0660\u0660", ()),
        ('SIP;cause=200;text="never closed', ()),
        ("SIP;cause=200;cause=603", ()),
    ],
)
def test_the_causes_of_protocol_sip_are_read_and_no_others(text: str, causes: tuple[int, ...]) -> None:
    assert sip_causes(text) == causes
