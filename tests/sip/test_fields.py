"""Claims about the values of header fields that we act on."""

import pytest

from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import (
    DEFAULT_MAX_FORWARDS,
    MAX_SEQUENCE,
    CSeq,
    address,
    contact_expires,
    contacts,
    expires,
    max_breadth,
    max_forwards,
    option_tags,
    parse_cseq,
    retry_after,
)
from ringwake.sip.headers import Headers


def headers(*fields: tuple[str, str]) -> Headers:
    made = Headers()
    for key, text in fields:
        made.append(key, text)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 INVITE", CSeq(1, "INVITE")),
        ("0009  \t INVITE", CSeq(9, "INVITE")),
        ("0\tACK", CSeq(0, "ACK")),
        (f"{MAX_SEQUENCE} BYE", CSeq(2**31 - 1, "BYE")),
        ("1 %42YE", CSeq(1, "%42YE")),
        ("0 " + "A" * 1000, CSeq(0, "A" * 1000)),
    ],
)
def test_a_cseq_is_a_number_and_a_method(text: str, expected: CSeq) -> None:
    assert parse_cseq(text) == expected
    assert str(expected) == f"{expected.number} {expected.method}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "INVITE",
        "1INVITE",
        " INVITE",
        "1 INVITE x",
        "-1 INVITE",
        "+1 INVITE",
        "1_0 INVITE",
        "2147483648 INVITE",
        "4294967295 INVITE",
        "4294967296 INVITE",
        "4294967297 INVITE",
        "9" * 5000 + " INVITE",
        "\u0661 INVITE",
    ],
)
def test_a_cseq_from_two_to_the_31_on_is_none(text: str) -> None:
    with pytest.raises(ParseError):
        parse_cseq(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("0", 0), ("70", 70), ("255", 255), ("256", None), ("300", None), ("9" * 20, None)]
)
def test_max_forwards_beyond_its_range_counts_as_absent(text: str, expected: int | None) -> None:
    assert max_forwards(headers(("max-forwards", text))) == expected


def test_requests_of_ours_begin_with_seventy_hops() -> None:
    assert DEFAULT_MAX_FORWARDS == 70  # RFC 3261 section 8.1.1.6


def test_no_max_forwards_is_none() -> None:
    assert max_forwards(headers()) is None


@pytest.mark.parametrize("text", ["", "x", "-1", "7 0", "9" * 21])
def test_max_forwards_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        max_forwards(headers(("max-forwards", text)))


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("1", 1), ("60", 60), ("61", 60), ("9" * 18, 60)])
def test_max_breadth_is_at_most_sixty(text: str, expected: int) -> None:
    assert max_breadth(headers(("max-breadth", text))) == expected


def test_a_request_without_max_breadth_gets_sixty() -> None:
    assert max_breadth(headers()) == 60


def test_max_breadth_that_is_no_number_is_refused() -> None:
    with pytest.raises(ParseError):
        max_breadth(headers(("max-breadth", "wide")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("3600", 3600), ("4294967296", 2**32 - 1), ("", None), ("x", None), ("-1", None), ("9" * 24, None)],
)
def test_a_broken_expiry_counts_as_absent(text: str, expected: int | None) -> None:
    assert expires(headers(("expires", text))) == expected
    assert contact_expires(parse_address(f"<sip:a@h>;EXPIRES={text}")) == expected


def test_no_expiry_is_none() -> None:
    assert expires(headers()) is None
    assert contact_expires(parse_address("<sip:a@h>;expires")) is None
    assert contact_expires(parse_address("<sip:a@h>")) is None


def test_contacts_are_taken_apart_and_a_star_is_told() -> None:
    many = headers(("contact", "<sip:a@h>;q=0.3, sip:b@h"), ("contact", '"c, d" <sip:c@h>'))
    assert [contact.uri for contact in contacts(many)[0]] == ["sip:a@h", "sip:b@h", "sip:c@h"]
    assert contacts(many)[1] is False
    assert contacts(headers(("contact", "*"))) == ([], True)
    assert contacts(headers()) == ([], False)


def test_a_contact_list_fails_at_its_broken_item() -> None:
    with pytest.raises(ParseError):
        contacts(headers(("contact", "<sip:a@h>, <sip:b@h, <sip:c@h>")))


def test_from_and_to_are_addresses() -> None:
    both = headers(("from", '"A" <sip:a@h>;tag=1'), ("to", "sip:b@h"))
    assert address(both, "from").tag == "1"
    assert address(both, "to").uri == "sip:b@h"


@pytest.mark.parametrize("text", ['"B, A" <sip:a@h>;tag=1', "<sip:a,b@h>", '<sip:a@h>;x="1,2"'])
def test_a_comma_in_quotes_or_brackets_makes_no_list(text: str) -> None:
    assert address(headers(("from", text)), "from").uri.startswith("sip:a")


@pytest.mark.parametrize(
    "text",
    [
        "<sip:a@h>, <sip:b@h>",
        "<sip:a@h>;tag=1, <sip:b@h>;tag=2",
        "sip:a@h;tag=1,sip:b@h",
        "<sip:a@h>;tag=1,",
        ', "',
        ",",
    ],
)
def test_two_senders_in_one_field_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        address(headers(("from", text)), "from")


@pytest.mark.parametrize("fields", [[], [("from", "")]])
def test_a_missing_from_is_refused(fields: list[tuple[str, str]]) -> None:
    with pytest.raises(ParseError, match="From is missing"):
        address(headers(*fields), "from")


def test_option_tags_compare_without_case() -> None:
    both = headers(("require", "Path, 100REL"), ("require", "outbound"))
    assert option_tags(both, "require") == ["path", "100rel", "outbound"]
    assert option_tags(both, "supported") == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("18000;duration=3600", 18000), ("5 (I'm in a meeting)", 5), (" 7 ", 7), ("soon", 0), ("", 0)],
)
def test_retry_after_is_read_without_what_it_says_besides(text: str, seconds: int) -> None:
    assert retry_after(headers(("retry-after", text))) == seconds
    assert retry_after(headers()) == 0
