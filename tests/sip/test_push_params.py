"""Claims about RFC 8599 on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.address import parse_address
from ringwake.sip.grammar import quote
from ringwake.sip.headers import Headers
from ringwake.sip.push_params import (
    PushParams,
    feature_caps,
    header_push_params,
    indicated,
    push_params,
)
from ringwake.sip.uri import escape_param, parse_uri


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sip:a@h", None),
        ("sip:a@h;pn-prid=x;pn-param=y", None),
        ("sip:a@h;pn-provider", PushParams(provider="", param=None, prid=None)),
        ("sip:a@h;pn-provider=", PushParams(provider="", param=None, prid=None)),
        ("sip:a@h;pn-provider=FCM", PushParams(provider="fcm", param=None, prid=None)),
        (
            "sip:a@h;PN-Provider=apns;pn-param=T.b.voip&remote;pn-prid=c%3Dd:X",
            PushParams(provider="apns", param="T.b.voip&remote", prid="c=d:X"),
        ),
        ("sip:a@h;pn-provider=fcm;pn-prid=%2541", PushParams(provider="fcm", param=None, prid="%41")),
        ("sip:a@h;pn-provider=fcm;pn-prid;pn-param=", PushParams(provider="fcm", param=None, prid=None)),
    ],
)
def test_push_parameters_are_read_and_unescaped_once(uri: str, expected: PushParams | None) -> None:
    assert push_params(parse_uri(uri)) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_token_survives_its_uri(token: str) -> None:
    read = push_params(parse_uri(f"sip:a@h;pn-provider=webpush;pn-prid={escape_param(token)}"))
    assert read is not None
    assert read.prid == token


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("<sip:a@h>", None),
        ("<sip:a@h;pn-provider=fcm;pn-prid=x>", None),
        ("<sip:a@h>;pn-provider", PushParams(provider="", param=None, prid=None)),
        ('<sip:a@h>;PN-Provider=WebPush;pn-prid=""', PushParams(provider="webpush", param=None, prid=None)),
        (
            '<sip:a@h>;pn-provider="webpush";pn-prid="https://p.example/?a=%2F;b,c"',
            PushParams(provider="webpush", param=None, prid="https://p.example/?a=%2F;b,c"),
        ),
        (
            "<sip:a@h>;pn-provider=fcm;pn-param=demo%2Dproject;pn-prid=c%3Dd:X",
            PushParams(provider="fcm", param="demo-project", prid="c=d:X"),
        ),
        # Written without brackets, every parameter is a header parameter, as it always was (standards G3).
        ("sip:a@h;pn-provider=fcm;pn-param=demo;pn-prid=x", None),
    ],
)
def test_push_parameters_behind_the_brackets_are_read_too(contact: str, expected: PushParams | None) -> None:
    assert header_push_params(parse_address(contact)) == expected


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_token_survives_its_quotes(token: str) -> None:
    read = header_push_params(parse_address(f"<sip:a@h>;pn-provider=webpush;pn-prid={quote(token)}"))
    assert read is not None
    assert read.prid == token


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], set()),
        (['*;+sip.pns="fcm"'], {"fcm"}),
        (['+sip.pns="apns";+sip.pnsreg="130"'], {"apns"}),  # OpenSIPS
        (['* ; +sip.pnsreg="130" ; +SIP.PNS="Acme"'], {"acme"}),
        (['*;+sip.pns="apns, fcm"'], {"apns", "fcm"}),
        (['*;+sip.pns="apns",*;+sip.pns="fcm";+sip.vapid="x,y"', '*;+sip.pns="webpush"'], {"apns", "fcm", "webpush"}),
        (["*;+sip.pns=fcm"], {"fcm"}),
        (['*;+sip.pns=""', "*;+sip.pns", "*", '*;+g.3gpp.atcf="x"'], set()),
        # What cannot be read says nothing, and hides nothing else.
        (["*;=", '*;+sip.pns="fcm"'], {"fcm"}),
        (['*;+sip.pns="fcm'], set()),
        (['*;+sip.pns="fcm, x', '*;+sip.pns="apns"'], set()),
    ],
)
def test_who_says_that_it_pushes_is_heard(fields: list[str], expected: set[str]) -> None:
    headers = Headers()
    for value in fields:
        headers.append("feature-caps", value)
    assert indicated(headers) == expected


@pytest.mark.parametrize(
    ("indicators", "expected"),
    [
        ([], '*;+sip.pns="webpush"'),
        ([("sip.vapid", "BA1H"), ("sip.pnsreg", "130")], '*;+sip.pns="webpush";+sip.vapid="BA1H";+sip.pnsreg="130"'),
    ],
)
def test_feature_caps_name_one_service_and_what_goes_with_it(indicators: list[tuple[str, str]], expected: str) -> None:
    assert feature_caps("webpush", indicators) == expected
