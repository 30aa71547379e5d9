"""Claims about the first layer of reading: what can be answered survives, with its defect noted."""

import gc

import pytest
from tests.support.sip_messages import octets, received_request, received_response, request_fields

from ringwake.sip.errors import ParseError
from ringwake.sip.parser import MAX_FIELDS, MAX_HEAD, MAX_LINE, MAX_MESSAGE, check_start_line, parse

START = "OPTIONS sip:h SIP/2.0"


def test_a_request_comes_apart() -> None:
    message = received_request(
        octets("NEW.method sip:a@h;lr SIP/2.0", "X-Foo:  bar ", "v: SIP/2.0/UDP h", body=b"\0body")
    )
    assert message.defect is None
    assert (message.method, message.uri, message.version) == ("NEW.method", "sip:a@h;lr", "SIP/2.0")
    assert list(message.headers) == [("x-foo", "bar"), ("via", "SIP/2.0/UDP h")]
    assert message.body == b"\0body"


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        ("SIP/2.0 200 OK", 200, "OK"),
        ("SIP/2.0 100 ", 100, ""),
        ("SIP/2.0 100", 100, ""),
        ("SIP/2.0 200 1+1=2; *\u0434\u0430*", 200, "1+1=2; *\u0434\u0430*"),
        ("sip/2.0 699 x", 699, "x"),
    ],
)
def test_a_response_comes_apart(line: str, status: int, reason: str) -> None:
    message = received_response(octets(line, "Via: SIP/2.0/UDP h"))
    assert (message.status, message.reason, message.defect) == (status, reason, None)


@pytest.mark.parametrize(
    "received",
    [
        b"",
        b"\r\n\r\n",
        b" " * 100,
        b" \r\n\r\n",
        b"M",
        b"M\r\n\r\n",
        b"OPTIONS sip:h SIP/2.0",
        b"OPTIONS sip:h SIP/2.0\r\nVia: x",
        b"OPTIONS sip:h SIP/2.0\nVia: x\n\n",
        octets("OPTIONS sip:h"),
        octets("OPTIONS sip:h HTTP/1.1"),
        octets("OPT(IONS sip:h SIP/2.0"),
        octets(" OPTIONS sip:h SIP/2.0"),
        octets("SIP/2.0"),
        octets("SIP/2.0 "),
        octets("SIP/2.0 20 OK"),
        octets("SIP/2.0 2000 OK"),
        octets("SIP/2.0 4294967301 big"),
        octets("SIP/2.0 +20 OK"),
        octets("SIP/2.0 \u0662\u0660\u0660 OK"),
        octets("SIP/2.0 099 OK"),
        octets("SIP/2.0 700 OK"),
        octets("SIP/2.0 200 O\x00K"),
        octets("SIP/3.0 200 OK"),
    ],
)
def test_what_could_not_be_answered_is_refused(received: bytes) -> None:
    with pytest.raises(ParseError):
        parse(received)


@pytest.mark.parametrize(
    "line",
    [
        START,
        "OPTIONS  <sip:h>  sip/9  ",
        "X SIP/",
        "SIP/2.0 200 OK",
        "SIP/2.0 4294967301 big",
        "SIP/3.0 200 OK",
        "SIP/",
    ],
)
def test_a_line_that_begins_a_message_is_known_by_its_version(line: str) -> None:
    check_start_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "INVITE",
        "INVITE sip:h",
        "GET / HTTP/1.1",
        "OPT(IONS sip:h SIP/2.0",
        " OPTIONS sip:h SIP/2.0",
        "RTSP/1.0 200",
    ],
)
def test_any_other_line_begins_none(line: str) -> None:
    with pytest.raises(ParseError, match="no SIP start line"):
        check_start_line(line)


@pytest.mark.parametrize(
    ("start", "status"),
    [
        ("OPTIONS sip:h SIP/7.0", 505),
        ("OPTIONS sip:h SIP/2.0x", 505),
        ("OPTIONS sip:a b SIP/2.0", 400),
        ("OPTIONS <sip:h> SIP/2.0", 400),
        ("OPTIONS  sip:h SIP/2.0", 400),
        ("OPTIONS sip:h  SIP/2.0", 400),
        ("OPTIONS sip:h SIP/2.0 ", 400),
        ("OPTIONS  SIP/2.0", 400),
        ("OPTIONS SIP/2.0", 400),
        ('OPTIONS "sip:h" SIP/2.0', 400),
        ("OPTIONS sip:h\x00 SIP/2.0", 400),
        ("OPTIONS sip:h\ttab SIP/2.0", 400),
    ],
)
def test_a_broken_request_line_is_a_defect(start: str, status: int) -> None:
    message = received_request(octets(start, *request_fields()))
    assert message.defect is not None
    assert message.defect.status == status
    assert message.cseq.number == 1


def test_versions_compare_without_case() -> None:
    assert received_request(octets("OPTIONS sip:h sip/2.0", *request_fields())).defect is None


def test_the_first_defect_is_the_one_that_counts() -> None:
    message = received_request(octets("OPTIONS sip:h SIP/7.0", "no field"))
    assert message.defect is not None
    assert message.defect.status == 505


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("no colon", "no name"),
        (": no name", "no name"),
        ("a b: c", "no name"),
        ("To\x01: <sip:a@h>", "no name"),
        ("To\u00a0: <sip:a@h>", "no name"),
        ("a\u00e9: x", "no name"),
        ("X: a\x00b", "control character"),
        ("X: a\x7fb", "control character"),
        ("X: a\rb", "control character"),
        ("X: a\nb", "control character"),
        ('X: "a\nb"', "control character"),
        ('X: "a\\\nb"', "control character"),
        ('X: "a\\\rb"', "control character"),
        ('X: "a" \x1b "b"', "control character"),
        ('X: "a" "b" \x1b', "control character"),
        ('X: "a\x1b[2Jb" <sip:a@h>', "control character"),
        ('X: "a\\\\\x1b" <sip:a@h>', "control character"),
        ("X: \\\x07", "control character"),
        ('X: \x07 "open', "control character"),
        ('X: "open \\\x07', "control character"),
        ("i: other", "call-id stands more than once"),
        ("From: <sip:c@h>", "from stands more than once"),
        ("t: <sip:c@h>;tag=", "to stands more than once"),
        ("CSeq: 2 OPTIONS", "cseq stands more than once"),
        ("Max-Forwards: 5", "max-forwards stands more than once"),
        ("l: 0", "content-length stands more than once"),
        ("Content-Length: five", "Content-Length is not a number"),
        ("X: " + "a" * MAX_LINE, "too long"),
        ("X: a\r\n " + "b" * MAX_LINE, "too long"),
    ],
)
def test_a_broken_field_is_a_defect_and_the_way_back_survives(line: str, rule: str) -> None:
    fields = request_fields()
    length = [] if "Length" in line else ["Content-Length: 0"]
    message = received_request(octets(START, *length, *fields, line))
    assert message.defect is not None
    assert message.defect.status == 400
    assert rule in message.defect.rule
    assert [key for key, _ in message.headers] == ["via", "from", "to", "call-id", "cseq"]
    assert message.via.branch == "z9hG4bK-1"


def test_a_quoted_pair_may_hold_a_control_character() -> None:
    name = '"BEL \\\x07 NUL \\\x00 DEL \\\x7f quote \\"\\\x01"'
    # The shape of RFC 4475 intmeth: its Call-ID holds a quote that is never closed, and is well-formed.
    message = received_request(octets(START, f"X-Name: {name} <sip:a@h>", "Call-ID: \"'(<"))
    assert message.defect is None
    assert message.headers.get("x-name") == f"{name} <sip:a@h>"


def test_a_name_ends_before_blanks_and_the_value_is_kept() -> None:
    message = received_request(octets(START, "X-Bypass-me \t : lol", "Via:x"))
    assert message.headers.get("x-bypass-me") == "lol"  # reliability S13
    assert message.headers.text() == "X-Bypass-me: lol\r\nVia:x\r\n"


def test_folded_fields_are_one_line() -> None:
    message = received_request(octets(START, "X-A: one", "\t \ttwo", " three ", "X-B:", " four", "\t"))
    assert message.headers.text() == "X-A: one two three\r\nX-B: four \r\n"
    assert received_request(octets(START, "X-A: one", "\ttwo")).headers.text() == "X-A: one two\r\n"


@pytest.mark.parametrize("line", [" folded", "\tfolded", " X-Foo: bar"])
def test_a_continuation_of_nothing_is_a_defect(line: str) -> None:
    message = received_request(octets(START, line, *request_fields()))
    assert message.defect is not None
    assert message.via.branch == "z9hG4bK-1"


def test_a_defective_message_keeps_its_folded_via_whole() -> None:
    message = received_request(octets(START, "Via: SIP/2.0/UDP h", " ;branch=z9hG4bK-9", "no colon"))
    assert message.via.branch == "z9hG4bK-9"


def test_a_defective_message_keeps_the_first_of_each_and_all_vias() -> None:
    lines = ["Via: SIP/2.0/UDP a", "i: one", "Call-ID: two", "To: \x00", "To: <sip:b@h>", "v: SIP/2.0/UDP b"]
    message = received_request(octets(START, *lines, "Timestamp: 5", "X-Foo: bar", "Via: " + "x" * MAX_LINE))
    assert list(message.headers) == [
        ("via", "SIP/2.0/UDP a"),
        ("call-id", "one"),
        ("to", "<sip:b@h>"),
        ("via", "SIP/2.0/UDP b"),
        ("timestamp", "5"),
    ]


def test_a_message_without_fields_is_one() -> None:
    assert len(received_request(octets(START)).headers) == 0
    assert len(received_request(START.encode() + b"\r\n").headers) == 0


def test_line_ends_before_the_start_are_skipped() -> None:
    assert received_request(b"\r\n\n\r" + octets(START, "X-Foo: bar")).headers.get("x-foo") == "bar"


def test_the_last_empty_line_may_be_missing() -> None:
    message = received_request(START.encode() + b"\r\nX-Foo: bar\r\n")  # as RFC 4475 baddn is published
    assert message.headers.get("x-foo") == "bar"
    assert message.body == b""


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ([], b"all of it"),
        (["Content-Length: 3"], b"all"),
        (["l:\t003 "], b"all"),
        (["l: 9"], b"all of it"),
        (["Content-Length: 0"], b""),
    ],
)
def test_surplus_octets_of_a_datagram_are_dropped(fields: list[str], body: bytes) -> None:
    message = received_request(octets(START, *fields, body=b"all of it"))
    assert (message.body, message.defect) == (body, None)


@pytest.mark.parametrize(
    "text",
    ["10", "9999", "2147483648", "4294967295", "4294967296", "4294967328", "9" * 40,
     "-1", "+5", "5_0", "\u0665", "", "5 5", "5,5", "0x5"],
)  # fmt: skip
def test_a_content_length_that_is_not_the_bodys_is_a_defect(text: str) -> None:
    message = received_request(octets(START, *request_fields(), f"Content-Length: {text}", body=b"all of it"))
    assert message.defect is not None
    assert message.defect.status == 400
    assert message.via.branch == "z9hG4bK-1"


@pytest.mark.parametrize("line", ["no colon", "Content-Length: 9", "X: \x00", "i: other"])
def test_a_defective_message_is_gone_with_its_last_reference(line: str) -> None:
    """A circle of message, error and frames would keep the octets until the collector comes: a flood fills memory."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            parse(octets(START, *request_fields(), line))
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("boundary", ["", ";boundary=", ";boundary=b", ';boundary="b', ";`boundary=++"])
@pytest.mark.parametrize("body", [b"", b"--b--", b"--b\r\n--b--\r\n", b"--\r\n" * 1000, b"no parts"])
def test_a_body_is_octets_whatever_its_type_says_of_parts(boundary: str, body: bytes) -> None:
    lines = [*request_fields("MESSAGE"), f"Content-Type: multipart/mixed{boundary}", f"Content-Length: {len(body)}"]
    message = received_request(octets("MESSAGE sip:h SIP/2.0", *lines, body=body))
    assert (message.defect, message.body) == (None, body)


def test_a_response_with_a_broken_field_has_a_defect_too() -> None:
    assert received_response(octets("SIP/2.0 200 OK", "Via: SIP/2.0/UDP h", "no colon")).defect is not None


def test_a_framed_message_needs_no_second_look_at_its_length() -> None:
    message = parse(octets(START, "Content-Length: 3", body=b"abc"), is_stream=True)
    assert (message.body, message.defect) == (b"abc", None)


def test_as_many_fields_as_allowed_are_read() -> None:
    assert received_request(octets(START, *["X: 1"] * MAX_FIELDS)).defect is None
    message = received_request(octets(START, *["Via: SIP/2.0/UDP h"] * (MAX_FIELDS + 1)))
    assert message.defect is not None
    assert "too many" in message.defect.rule
    assert len(message.headers) == MAX_FIELDS


@pytest.mark.parametrize(
    "received",
    [octets(START, *["X: " + "a" * 1000] * (MAX_HEAD // 1000 + 1)), octets(START, body=b"x" * MAX_MESSAGE)],
)
def test_what_is_too_long_is_refused(received: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse(received)
    assert caught.value.status == 513


def test_the_longest_message_is_read() -> None:
    assert MAX_MESSAGE == 65_535  # RFC 3261 section 18.1.1
    head = octets(START, "X-Foo: bar")
    message = received_request(head + b"x" * (MAX_MESSAGE - len(head)))
    assert len(message.body) == MAX_MESSAGE - len(head)
