"""Claims about texts that go to somebody else: no token stays in them, and nothing else is lost."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringwake.sip.errors import ParseError
from ringwake.sip.redaction import clean_field, clean_uri, may_hold_token, names_token
from ringwake.sip.uri import parse_uri

PUSH = ";pn-provider=fcm;pn-param=demo;pn-prid=secret"
NAMES = ("pn-provider", "pn-param", "pn-prid", "pn-tok")

FIELDS = {
    "a Contact": (f"<sip:a@h;x=1{PUSH};ob>;q=0.5", "<sip:a@h;x=1;ob>;q=0.5"),
    "behind the brackets, with blanks": ("<sip:a@h> ; pn-prid = secret ; q=1", "<sip:a@h>;q=1"),
    "in quotes": ('<sip:a@h>;pn-prid="sec;ret,x>";q=1', "<sip:a@h>;q=1"),
    "a URL without quotes": ("<sip:a@h>;pn-prid=https://p.example/?secret@x;q=1", "<sip:a@h>;q=1"),
    "two tokens": ("<sip:a@h;pn-prid=secret:voip&secret:remote>", "<sip:a@h>"),
    "mixed case": ("<sip:a@h;PN-PRID=secret;Pn-Tok=secret>", "<sip:a@h>"),
    "a letter escaped": ("<sip:a@h;%70n-prid=secret;p%4E%2dtok=secret;pn-%70%72id=secret>", "<sip:a@h>"),
    "without brackets": (f"sip:a@h{PUSH};expires=1", "sip:a@h;expires=1"),
    "without a value": ("<sip:a@h;pn-provider;pn-purr=p>;pn-prid", "<sip:a@h;pn-purr=p>"),
    "a telephone number": (f"<tel:+1{PUSH}>", "<tel:+1>"),
    "History-Info": (f"<sip:a@h{PUSH}?Reason=SIP%3Bcause%3D302>;index=1", "<sip:a@h?Reason=SIP%3Bcause%3D302>;index=1"),
    "a field in a URI": (
        "<sip:a@h?Replaces=x&Contact=%3Csip:b%40h%3Bpn-prid%3Dsecret%3E&y=z>",
        "<sip:a@h?Replaces=x&y=z>",
    ),
    "the only field in a URI": ("<sip:a@h?Contact=%3Csip:b%40h%3B%2570n-prid%3Dsecret%3E>", "<sip:a@h>"),
    "escaped in a parameter": ("<sip:a@h;orig=sip:b%40h%3Bpn-prid%3Dsecret>;ob", "<sip:a@h>;ob"),
    "in a user part": ("<sip:a;pn-prid=secret@h>", "<sip:a@h>"),
    "escaped in a user part": ("<sip:a%3Bpn-prid=secret@h>", "<sip:a@h>"),
    "instead of a user": ("<sip:;pn-prid=secret@h>", "<sip:h>"),
    "a display name": ('"sip:a@h;pn-prid=secret" <sip:a@h;x>', "<sip:a@h;x>"),
    "brackets in a display name": (f'"<" <sip:a@h{PUSH}>', '"<" <sip:a@h>'),
    "a bracket in quotes that begin late": ('x "<";pn-prid=secret', 'x "<"'),
    "a token ahead of a bracket in quotes": ('pn-prid=secret "<";y', ";y"),
    "something behind the brackets": ("<sip:a@h> pn-prid=secret", "<sip:a@h>"),
    "in a text": ('SIP;cause=302;text="to sip:a@h;pn-prid=secret"', "SIP;cause=302"),
    "a list": (f"<sip:a@h{PUSH}>, <sip:b@h>,<sip:c@h{PUSH}>", "<sip:a@h>, <sip:b@h>, <sip:c@h>"),
    "nothing else": ("pn-prid=secret", ""),
}
KEPT = (
    "<sip:a@h;pn-purr=p;pn-silent=1;pn-timeout=0;pn-type=google>;+sip.pnsreg",
    "<sip:pn-tok@h>",
    "why is there a pn-prid in it?",
    '"pn-prid" <sip:a@h>',
    "<sip:a@h;pn-params=1;spn-prid=2>",
)


@pytest.mark.parametrize(("text", "left"), FIELDS.values(), ids=FIELDS)
def test_no_token_stays_and_all_else_does(text: str, left: str) -> None:
    assert clean_field(text) == left
    assert may_hold_token(text)
    assert names_token(text)


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_a_token_stays(text: str) -> None:
    assert clean_field(text) == text
    assert not names_token(text)


@pytest.mark.parametrize("text", ['"a <sip:a@h;pn-prid=secret>', "<sip:a@h;pn-prid=secret"])
def test_what_cannot_be_taken_apart_cannot_be_cleaned(text: str) -> None:
    with pytest.raises(ParseError):
        clean_field(text)


@pytest.mark.parametrize("text", ["", "INVITE sip:a%20b@h;ob SIP/2.0", "100% sure", "%4"])
def test_most_messages_are_not_looked_at_closely(text: str) -> None:
    assert not may_hold_token(text)


_LETTER = st.sampled_from(("{}", "%{:02x}", "%{:02X}", "%25{:02x}"))


@st.composite
def spelled(draw: st.DrawFn, word: str) -> str:
    """Write a word in any case, its letters escaped or not."""
    letters = (draw(st.sampled_from((letter.lower(), letter.upper()))) for letter in word)
    styles = [draw(_LETTER) for _ in word] if draw(st.booleans()) else ["{}"] * len(word)
    return "".join(style.format(x if style == "{}" else ord(x)) for style, x in zip(styles, letters, strict=True))


_PIECES = st.one_of(
    st.sampled_from([*';,<>?&@"\\=% ', "sip:a@h", "%3B", "%3D", "%3C", "secret", "ob", "\t"]),
    st.sampled_from(NAMES).flatmap(spelled),
)
_TEXTS = st.lists(_PIECES, max_size=16).map("".join)


@given(_TEXTS)
@example('x "<"pn-prid=secret')
@example("<sip:pn-prid;pn-prid=a@h>")
def test_whatever_the_text_it_names_no_token_when_it_is_clean(text: str) -> None:
    with suppress(ParseError):
        assert not names_token(clean_field(text))


@given(st.sampled_from(NAMES).flatmap(spelled), st.booleans())
def test_however_a_name_is_spelled_it_is_seen(name: str, is_uri: bool) -> None:
    text = f"<sip:a@h;{name}=secret>" if is_uri else f"<sip:a@h>;{name}=secret"
    assert may_hold_token(text)
    assert clean_field(text) == "<sip:a@h>"


@given(_TEXTS.map(lambda text: f"sip:a{text}@h"))
def test_a_uri_that_can_be_read_can_be_read_when_it_is_clean(text: str) -> None:
    try:
        parse_uri(text)
    except ParseError:
        return
    assert not names_token(str(parse_uri(clean_uri(text))))
