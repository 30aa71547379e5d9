"""Claims about RFC 8599 on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.push_params import PushParams, feature_caps, push_params, without_secrets
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


def test_secrets_are_left_out_and_the_rest_stays() -> None:
    uri = parse_uri("sip:a@h;transport=tls;PN-Provider=fcm;pn-param=p;pn-prid=t;pn-purr=r;ob")
    assert str(without_secrets(uri)) == "sip:a@h;transport=tls;pn-purr=r;ob"


@pytest.mark.parametrize(
    ("indicators", "expected"),
    [
        ([], '*;+sip.pns="webpush"'),
        ([("sip.vapid", "BA1H"), ("sip.pnsreg", "130")], '*;+sip.pns="webpush";+sip.vapid="BA1H";+sip.pnsreg="130"'),
    ],
)
def test_feature_caps_name_one_service_and_what_goes_with_it(indicators: list[tuple[str, str]], expected: str) -> None:
    assert feature_caps("webpush", indicators) == expected
