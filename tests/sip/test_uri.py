"""Claims about URIs."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import decode
from ringwake.sip.params import Params
from ringwake.sip.uri import MAX_LENGTH, Uri, escape_param, escape_user, parse_hostport, parse_uri, scheme


@pytest.mark.parametrize(
    ("text", "user", "password", "host", "port"),
    [
        ("sip:example.com", None, None, "example.com", None),
        ("SIPS:al@example.com:5061", "al", None, "example.com", 5061),
        ("sip:al:pw@example.com.", "al", "pw", "example.com.", None),
        ("sip:al:@h", "al", "", "h", None),
        ("sip:a;b=c%40d.test@example.com", "a;b=c%40d.test", None, "example.com", None),
        ("sip:a?b/c@h", "a?b/c", None, "h", None),
        ("sip:+1-212;isub=4@gw;user=phone", "+1-212;isub=4", None, "gw", None),
        ("sip:[2001:db8:7::a]", None, None, "[2001:db8:7::a]", None),
        ("sip:[2001:db8:7::5070]", None, None, "[2001:db8:7::5070]", None),
        ("sip:[2001:db8:7::a]:5070", None, None, "[2001:db8:7::a]", 5070),
        ("sip:[2001:db8:7:::192.0.2.7]", None, None, "[2001:db8:7:::192.0.2.7]", None),
        ("sip:al@[::ffff:192.0.2.7]:5090", "al", None, "[::ffff:192.0.2.7]", 5090),
        ("sip:a_b.test:0", None, None, "a_b.test", 0),
    ],
)
def test_a_uri_comes_apart(text: str, user: str | None, password: str | None, host: str, port: int | None) -> None:
    uri = parse_uri(text)
    assert (uri.user, uri.password, uri.host, uri.port) == (user, password, host, port)
    assert uri.scheme == text.partition(":")[0].lower()
    assert str(uri) == uri.scheme + text[len(uri.scheme) :]


def test_parameters_and_headers_are_kept_as_written() -> None:
    uri = parse_uri("sip:h;%6C%72;name=value%41;pn-prid=c%3DdX:[a];ob?Subject=a%20b&to=sip:c%40d")
    assert list(uri.params) == [("%6C%72", None), ("name", "value%41"), ("pn-prid", "c%3DdX:[a]"), ("ob", None)]
    assert uri.headers == "Subject=a%20b&to=sip:c%40d"


def test_a_parameter_may_be_empty() -> None:
    assert list(parse_uri("sip:h;pn-provider=").params) == [("pn-provider", "")]


@pytest.mark.parametrize(
    "text",
    [
        "sip:",
        "sip:@h",
        "sip::pw@h",
        "sip:a@b@c",
        "sip:a b@h",
        "sip:a@h ",
        "sip:a<@h",
        "sip:a\u00e9@h",
        "sip:a:p;w@h",
        "sip:a@.1",
        "sip:a@b..c",
        "sip:a@-b",
        "sip:a@b-",
        "sip:a@" + "x" * 64,
        "sip:" + ".".join(["x" * 50] * 6),
        "sip:a@h:",
        "sip:a@h:x",
        "sip:a@h:65536",
        "sip:a@b:99999999999",
        "sip:a@h:+5060",
        "sip:a@h:5060:5061",
        "sip:2001:db8:7::a",
        "sip:[::1",
        "sip:[]",
        "sip:[::g]",
        "sip:[::1]5060",
        "sip:h;",
        "sip:h;;lr",
        "sip:h;=x",
        "sip:h;a=b=c",
        "sip:u@h;a=b@c",
        "sip:h;a = b",
        'sip:h;a="b"',
        "sip:h;pn-prid=a\u00e9",
        "sip:h;a=1;A=2",
        "sip:h;lr;%6Cr",
        "sip:h?a b",
        'sip:h?a="b"',
        "sip:h?a=<b>",
        "sip:h?a\r\nb",
        "no scheme",
        ":x",
        "1sip:x",
        "s\u0131p:x",
        "sip",
        "",
        "sip:" + "a" * MAX_LENGTH,
    ],
)
def test_a_broken_uri_is_refused(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_uri(text)
    assert caught.value.status == 400


@pytest.mark.parametrize("text", ["tel:+1", "urn:service:sos", "http://example.com", "soap.beep://h", "nobody-knows:x"])
def test_another_scheme_is_unsupported_not_malformed(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_uri(text)
    assert caught.value.status == 416


def test_the_longest_uri_is_read() -> None:
    longest = "sip:" + "a" * (MAX_LENGTH - 6) + "@h"
    assert len(longest) == MAX_LENGTH
    assert str(parse_uri(longest)) == longest


@pytest.mark.parametrize(("text", "expected"), [("SIPS:x", "sips"), ("soap.beep://h", "soap.beep"), ("tel:+1", "tel")])
def test_a_scheme_compares_without_case(text: str, expected: str) -> None:
    assert scheme(text) == expected


@pytest.mark.parametrize("tail", ["%", "%4", "%zz"])
def test_a_percent_sign_that_escapes_nothing_stays(tail: str) -> None:
    uri = parse_uri(f"sip:a{tail}@h;x=a{tail}")
    assert uri.user == f"a{tail}"
    assert uri.aor == f"a{tail}@h"


@pytest.mark.parametrize(
    ("text", "aor"),
    [
        ("sip:%61lice@Ex.COM.;x=1?y=z", "alice@ex.com"),
        ("sips:alice:pw@ex.com:5061", "alice@ex.com"),
        ("sip:Alice@ex.com", "Alice@ex.com"),
        ("sip:EX.com", "ex.com"),
        ("sip:a%00b@ex.com", "a\0b@ex.com"),
    ],
)
def test_an_address_of_record_is_canonical(text: str, aor: str) -> None:
    assert parse_uri(text).aor == aor  # RFC 3261 section 10.3 step 5


def test_two_escaped_nuls_are_not_one() -> None:
    assert parse_uri("sip:a%00@h").aor != parse_uri("sip:a%00%00@h").aor


def test_parameters_can_be_left_out() -> None:
    uri = parse_uri("sip:a@h;pn-prid=secret;lr;PN-Param=x")
    assert str(uri.without("pn-prid", "pn-param")) == "sip:a@h;lr"
    assert "secret" in str(uri)


# RFC 3261 section 19.1.4: the URIs of one row are all equal, those of different rows are not.
_CLASSES = [
    ["sip:%61nn@atlantis.test;transport=udp", "SIP:ann@AtLanTis.TesT;Transport=UDP"],
    ["sip:ben@c.test", "sip:ben@c.test;newparam=5"],
    ["sip:d.test;method=BYE;transport=tcp?to=sip:e%40d.test", "sip:d.test;transport=tcp;method=BYE?TO=sip:e%40d.test"],
    ["sip:ann@f.test?subject=one%20thing&priority=low", "sip:ann@f.test?priority=low&subject=one%20thing"],
    ["SIP:ANN@atlantis.test;Transport=udp"],
    ["sip:gus@h.test"],
    ["sip:gus@h.test:5060"],
    ["sip:gus@h.test;transport=udp"],
    ["sip:gus@h.test;user=phone"],
    ["sip:gus@h.test;ttl=1"],
    ["sip:gus@h.test;maddr=192.0.2.9"],
    ["sips:gus@h.test"],
    ["sip:gus:pw@h.test"],
    ["sip:h.test"],
    ["sip:gus@h.test?Subject=x"],
    ["sip:gus@192.0.2.4"],
]  # fmt: skip


def test_equal_uris_are_equal_both_ways() -> None:
    for row in _CLASSES:
        for left, right in combinations(row, 2):
            assert parse_uri(left).equals(parse_uri(right)), (left, right)
            assert parse_uri(right).equals(parse_uri(left)), (left, right)


def test_different_uris_are_different_both_ways() -> None:
    for row, other in combinations(_CLASSES, 2):
        for left in row:
            for right in other:
                assert not parse_uri(left).equals(parse_uri(right)), (left, right)
                assert not parse_uri(right).equals(parse_uri(left)), (left, right)


def test_equality_is_not_transitive() -> None:
    plain, five, six = parse_uri("sip:c@h"), parse_uri("sip:c@h;x=5"), parse_uri("sip:c@h;x=6")
    assert plain.equals(five)
    assert plain.equals(six)
    assert not five.equals(six)


@pytest.mark.parametrize("text", ["h:", "", ".", "a b", "h:5060 "])
def test_a_sent_by_that_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_hostport(text)


def test_the_longest_host_name_is_read() -> None:
    longest = ".".join(["x" * 63] * 3 + ["y" * 63])
    assert len(longest) == 255
    assert parse_hostport(longest) == (longest, None)
    with pytest.raises(ParseError):
        parse_hostport(f"{longest}.")


_WIRE = st.binary(min_size=1, max_size=30).map(decode)


@given(_WIRE, _WIRE)
def test_escaped_text_fits_its_place_and_comes_back(user: str, value: str) -> None:
    uri = parse_uri(f"sip:{escape_user(user)}@h;x={escape_param(value)}")
    assert uri.aor == f"{user}@h"
    assert list(uri.params) == [("x", escape_param(value))]


_LABELS = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?\Z")
_NAMES = st.from_regex(r"\A[a-z][a-z%0-9:&+$-]{0,8}\Z")
_URIS = st.builds(
    Uri,
    st.sampled_from(["sip", "sips"]),
    st.from_regex(r"\A[A-Za-z0-9\-_.!~*'()&=+$,;?/%]{1,20}\Z"),
    st.none() | st.from_regex(r"\A[a-z0-9&=+$,]{0,5}\Z"),
    st.lists(_LABELS, min_size=1, max_size=4).map(".".join) | st.just("[::1]"),
    st.none() | st.integers(0, 65535),
    st.lists(st.tuples(_NAMES, st.none() | _NAMES), max_size=3, unique_by=lambda item: item[0]).map(
        lambda items: Params(tuple(items))
    ),
    st.just("") | st.from_regex(r"\A[a-z]{1,5}=[a-z%0-9]{0,5}\Z"),
)


@given(_URIS)
def test_a_written_uri_is_read_again(uri: Uri) -> None:
    again = parse_uri(str(uri))
    assert again == uri
    assert again.equals(uri)
