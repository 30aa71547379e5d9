"""Claims about header fields: kept in order, as received, found under every spelling."""

import pytest

from ringwake.sip.errors import ParseError
from ringwake.sip.headers import Headers, key_of, spelling


def headers(*lines: str) -> Headers:
    """Header fields as the parser makes them."""
    return Headers([key_of(line.partition(":")[0]) for line in lines], list(lines))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Via", "via"),
        ("via", "via"),
        ("vIA", "via"),
        ("v", "via"),
        ("V", "via"),
        ("i", "call-id"),
        ("m", "contact"),
        ("e", "content-encoding"),
        ("l", "content-length"),
        ("c", "content-type"),
        ("f", "from"),
        ("s", "subject"),
        ("k", "supported"),
        ("t", "to"),
        ("d", "request-disposition"),
        ("z", "z"),
        ("X-Foo", "x-foo"),
        ("CALL-ID", "call-id"),
    ],
)
def test_compact_long_and_odd_spellings_are_one_field(name: str, key: str) -> None:
    assert key_of(name) == key


@pytest.mark.parametrize(
    ("key", "name"), [("www-authenticate", "WWW-Authenticate"), ("cseq", "CSeq"), ("x-foo-bar", "X-Foo-Bar")]
)
def test_names_are_written_as_the_rfc_writes_them(key: str, name: str) -> None:
    assert spelling(key) == name


def test_a_field_is_found_with_its_text() -> None:
    fields = headers("v: one", "X-Foo:\t two: \t", "Via:three", "Empty:")
    assert fields.get("via") == "one"
    assert fields.get("x-foo") == "two:"
    assert fields.get("empty") == ""
    assert headers("Via:three").get("via") == "three"
    assert fields.get("from") is None
    assert fields.texts("via") == ["one", "three"]
    assert fields.texts("from") == []
    assert fields.count("via") == 2
    assert "via" in fields
    assert "from" not in fields
    assert len(fields) == 4
    assert list(fields) == [("via", "one"), ("x-foo", "two:"), ("via", "three"), ("empty", "")]


def test_lists_are_taken_apart_and_empty_elements_left_out() -> None:
    fields = headers('Contact: "a, b" <sip:c,d>, sip:e', "m: , sip:f,,", "Contact:", "Contact: sip:g")
    assert fields.values("contact") == ['"a, b" <sip:c,d>', "sip:e", "sip:f", "sip:g"]
    assert fields.values("via") == []


@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate"])
def test_credentials_are_never_split_at_their_commas(name: str) -> None:
    assert headers(f"{name}: Digest a=1, b=2").values(name.lower()) == ["Digest a=1, b=2"]


def test_a_list_with_an_open_quote_is_refused() -> None:
    with pytest.raises(ParseError):
        headers('Contact: "a, <sip:b>, c').values("contact")


def test_fields_are_written_as_they_came() -> None:
    lines = ["v:  SIP/2.0/UDP h ", "x-FOO :a\t", "X-Foo:"]
    assert headers(*lines).text() == "".join(f"{line}\r\n" for line in lines)
    assert headers().text() == ""


def test_a_new_field_goes_last_or_above_its_like_or_on_top() -> None:
    fields = headers("To: b", "Via: old", "Via: older")
    fields.append("cseq", "1 BYE")
    fields.push("via", "new")
    fields.push("route", "first")
    assert [key for key, _ in fields] == ["route", "to", "via", "via", "via", "cseq"]
    assert fields.text() == "Route: first\r\nTo: b\r\nVia: new\r\nVia: old\r\nVia: older\r\nCSeq: 1 BYE\r\n"


def test_a_set_field_stands_once_in_its_place() -> None:
    fields = headers("Q: 1", "W: 2", "Q: 3", "Y: 4")
    fields.set("w", "5")
    fields.set("q", "6")
    fields.set("z", "7")
    assert fields.text() == "Q: 6\r\nW: 5\r\nY: 4\r\nZ: 7\r\n"


def test_fields_can_be_removed() -> None:
    fields = headers("Q: 1", "W: 2", "Q: 3")
    fields.remove("x", "y")
    assert len(fields) == 3
    fields.remove("q", "x")
    assert fields.text() == "W: 2\r\n"


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["8", "9"], "W: 1\r\nQ: 8\r\nQ: 9\r\nW: 2\r\n"), ([], "W: 1\r\nW: 2\r\n")],
)
def test_all_values_of_a_name_can_be_written_anew(values: list[str], expected: str) -> None:
    fields = headers("W: 1", "Q: 3, 4", "W: 2", "Q: 5")
    fields.replace_values("q", values)
    assert fields.text() == expected


def test_values_of_a_new_name_go_last() -> None:
    fields = headers("W: 1")
    fields.replace_values("q", ["2"])
    assert fields.text() == "W: 1\r\nQ: 2\r\n"


@pytest.mark.parametrize(
    ("lines", "replaced", "dropped"),
    [
        (["Via: 1, 2", "Via: 3"], ["new", "2", "3"], ["2", "3"]),
        (["Via: 1", "Via: 3"], ["new", "3"], ["3"]),
        (["Via: 1"], ["new"], []),
        (["v: , 1,,2"], ["new", "2"], ["2"]),
        (["v:1,2"], ["new", "2"], ["2"]),
        (["Via:", "Via: ,", "Via: 1", "Via: 2"], ["new", "2"], ["2"]),
        (['Via: "1, 2", 3'], ["new", "3"], ["3"]),
    ],
)
def test_the_first_value_is_the_one_that_is_shown_first(
    lines: list[str], replaced: list[str], dropped: list[str]
) -> None:
    fields = headers(*lines)
    fields.replace_first("via", "new")
    assert fields.values("via") == replaced
    fields = headers(*lines)
    fields.drop_first("via")
    assert fields.values("via") == dropped


def test_a_copy_goes_its_own_way() -> None:
    fields = headers("Q: 1")
    other = fields.copy()
    other.append("w", "2")
    other.set("q", "3")
    assert fields.text() == "Q: 1\r\n"


@pytest.mark.parametrize("text", ["a\r\nb", "a\nb", "a\rb"])
def test_a_line_break_in_a_value_is_seen(text: str) -> None:
    fields = headers("Q: 1")
    assert not fields.has_line_break()
    fields.append("w", text)
    assert fields.has_line_break()


def test_fields_are_rewritten_in_place_and_those_that_become_empty_go() -> None:
    fields = headers("m:  one , two ", "X-Foo: x", "X-Empty:", "contact: three", "Via: v")
    after = {"one , two": "one", "three": ""}
    fields.rewrite(lambda key, text: after[text] if key == "contact" else text)
    assert fields.text() == "m: one\r\nX-Foo: x\r\nX-Empty:\r\nVia: v\r\n"
    assert [key for key, _ in fields] == ["contact", "x-foo", "x-empty", "via"]
