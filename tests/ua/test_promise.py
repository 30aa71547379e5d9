"""Claims about what a phone reads in Feature-Caps (RFC 8599 sections 4.1.1 and 6.1.1)."""

from __future__ import annotations

import pytest

from ringwake.sip.headers import Headers
from ringwake.ua.promise import Promise, promise


def promised(*values: str, provider: str = "apns") -> Promise:
    headers = Headers()
    for value in values:
        headers.append("feature-caps", value)
    return promise(headers, provider)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (['*;+sip.pns="apns";+sip.pnspurr="p-1._~"'], Promise(has_push=True, purr="p-1._~")),
        (['*;+sip.pnspurr="p1";+sip.pns="apns"'], Promise(has_push=True, purr="p1")),
        (['+SIP.PNSPURR="p1";+Sip.Pns="APNS"'], Promise(has_push=True, purr="p1")),
        (['* ; +sip.pns = "fcm, apns" ; +sip.pnspurr = "p1"'], Promise(has_push=True, purr="p1")),
        (['*;+sip.pns="fcm";+sip.pnspurr="p1"', '*;+sip.pns="apns"'], Promise(has_push=True)),
        (
            ['*;+sip.pns="fcm";+sip.pnspurr="p1", *;+sip.pns="apns";+sip.pnspurr="p2"'],
            Promise(has_push=True, purr="p2"),
        ),
        (['*;+sip.pnspurr="p1"'], Promise()),
        (['*;+sip.pns="apnsx"'], Promise()),
        (["*;+sip.pns;+sip.pnspurr"], Promise()),
        ([], Promise()),
    ],
)
def test_a_purr_counts_in_the_line_of_its_own_service_however_that_is_written(
    values: list[str], found: Promise
) -> None:  # U14, G11
    assert promised(*values) == found


@pytest.mark.parametrize("purr", ["", "a b", "a%41", "!a", "a;b", "a`b", "a>b", "a,b", '\\"', "é", "a/b", "a&b"])
def test_a_purr_that_may_not_stand_in_both_places_is_none(purr: str) -> None:  # G12
    assert promised(f'*;+sip.pns="apns";+sip.pnspurr="{purr}"') == Promise(has_push=True)


@pytest.mark.parametrize(
    ("text", "seconds"), [('="130"', 130), ("=130", 130), ("", 0), ('="soon"', 0), ('="-1"', 0), ('="9999999999"', 0)]
)
def test_a_server_may_leave_the_refreshing_to_the_phone(text: str, seconds: int) -> None:  # U10
    assert promised(f'*;+sip.pns="apns";+sip.pnsreg{text}').refresh_before == seconds
    assert promised(f'*;+sip.pns="fcm";+sip.pnsreg{text}').refresh_before == 0


@pytest.mark.parametrize(
    "value",
    ['*;+sip.pns="apns', '*;+sip.pns="apns,', '*;;+sip.pns="apns"', '*;+sip.pns="apns";+sip.pns="apns"', '"', "<"],
)
def test_what_cannot_be_read_promises_nothing(value: str) -> None:
    assert promised(value) == Promise()


def test_a_phone_without_push_is_promised_nothing() -> None:
    assert promised('*;+sip.pns="";+sip.pnspurr="p1"', provider="") == Promise()
