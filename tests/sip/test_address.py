"""Claims about From, To, Contact and Route values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.address import NameAddr, parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import decode
from ringwake.sip.params import Params


@pytest.mark.parametrize(
    ("value", "display", "uri", "params"),
    [
        ("<sip:a@h>", "", "sip:a@h", ""),
        ("<sip:a@h;lr>;tag=1", "", "sip:a@h;lr", ";tag=1"),
        ('"A. \\"Nick\\" B" <sip:a@h> ; tag = 1', 'A. "Nick" B', "sip:a@h", ";tag=1"),
        ('"<sip:x@y>"<sip:a@h>', "<sip:x@y>", "sip:a@h", ""),
        ('""\t<sip:a@h>', "", "sip:a@h", ""),
        ("caller<sip:a@h>", "caller", "sip:a@h", ""),
        ("x<sip:a@h>", "x", "sip:a@h", ""),
        ("Two  Words <sip:a@h>", "Two  Words", "sip:a@h", ""),
        (" <sip:a@h>", "", "sip:a@h", ""),
        ("%Z%45 <sip:a@h>", "%Z%45", "sip:a@h", ""),
        ("sip:a@h", "", "sip:a@h", ""),
        ("sip:a@h;tag=1", "", "sip:a@h", ";tag=1"),
        ("sip:a@h ;tag=1", "", "sip:a@h", ";tag=1"),
        ("<isbn:978>;q=0.3", "", "isbn:978", ";q=0.3"),
        ('<sip:a@h>;+sip.instance="<urn:u:1>";q=0', "", "sip:a@h", ';+sip.instance="<urn:u:1>";q=0'),
        ("<sip:a@h?Route=%3Csip:b%3E>", "", "sip:a@h?Route=%3Csip:b%3E", ""),
        ("<sip:a@h,b>", "", "sip:a@h,b", ""),
        ("<sip:a%>", "", "sip:a%", ""),
    ],
)  # fmt: skip
def test_an_address_comes_apart(value: str, display: str, uri: str, params: str) -> None:
    assert parse_address(value) == NameAddr(display, uri, Params.parse(params))


def test_an_address_knows_whether_it_had_brackets() -> None:
    assert parse_address("sip:a@h;x=1").is_bare
    assert not parse_address("<sip:a@h>;x=1").is_bare
    assert parse_address("sip:a@h;x=1") == parse_address("<sip:a@h>;x=1"), "it is the same address"


def test_push_parameters_outside_the_brackets_are_none() -> None:
    outside = parse_address("sip:a@h;pn-provider=fcm;pn-prid=x")  # standards G3
    assert "pn-provider" not in outside.sip_uri.params
    assert "pn-provider" in outside.params
    assert "pn-provider" in parse_address("<sip:a@h;pn-provider=fcm>").sip_uri.params


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("", "no scheme"),
        ("a@h", "no scheme"),
        ("*", "no scheme"),
        ("<>", "no scheme"),
        ("<a>", "no scheme"),
        ('"A" sip:a@h', "no address in angle brackets"),
        ('"A"', "no address in angle brackets"),
        ('"A"b <sip:a@h>', "no address in angle brackets"),
        ('"A <sip:a@h>', "quoted string is not closed"),
        ('"A\\" <sip:a@h>', "quoted string is not closed"),
        ("Bell, A <sip:a@h>", "needs quotes"),
        ('A"B" <sip:a@h>', "needs quotes"),
        ("a\u00e9 <sip:a@h>", "needs quotes"),
        ("<sip:a@h", "bracket is not closed"),
        ("<sip:a@h>x", "other than parameters"),
        ("<sip:a@h>, <sip:b@h>", "other than parameters"),
        ("<sip:a@h>>", "other than parameters"),
        ("<<sip:a@h>", "no scheme"),
        ("<sip:a<b@h>", "blank or a quote"),
        ("< sip:a@h>", "no scheme"),
        ("<sip:a@h >", "blank or a quote"),
        ('<sip:"a"@h>', "blank or a quote"),
        ("<sip:a\x00@h>", "blank or a quote"),
        ("sip:a@h?Route=x", "without angle brackets"),
        ("sip:a@h,b", "without angle brackets"),
        ("sip:a b@h", "blank or a quote"),
        ('<sip:a@h>;x="abc\\', "quoted string is not closed"),
        ("<sip:a@h>;tag=1;tag=2", "stands twice"),
        ("<sip:a@h>;", "has no name"),
        ("<sip:" + "a" * 1024 + ">", "too long"),
    ],
)
def test_a_broken_address_is_refused(value: str, rule: str) -> None:
    with pytest.raises(ParseError, match=rule):
        parse_address(value)


@pytest.mark.parametrize(
    ("value", "tag"), [("<sip:a@h>;TAG=Xy", "Xy"), ("<sip:a@h>;tag=", ""), ("<sip:a@h>;tag", ""), ("<sip:a@h>", "")]
)
def test_an_address_knows_its_tag(value: str, tag: str) -> None:
    assert parse_address(value).tag == tag


def test_another_scheme_is_kept_until_a_sip_uri_is_asked_for() -> None:
    address = parse_address("<tel:+1>")
    with pytest.raises(ParseError) as caught:
        _ = address.sip_uri
    assert caught.value.status == 416


_DISPLAYS = st.binary().map(decode)
_PARAMS = st.sampled_from(["", ";tag=1", ';x="a,b>;c";y', ";lr;q=0.5"]).map(Params.parse)


@given(st.builds(NameAddr, _DISPLAYS, st.sampled_from(["sip:a@h;lr", "tel:+1", "sip:h?x=y"]), _PARAMS))
def test_a_written_address_is_read_again(address: NameAddr) -> None:
    assert parse_address(str(address)) == address
