"""Valid messages of the shapes of RFC 4475 section 3.1.1 and RFC 5118, each our own: all of them are understood."""

import pytest
from tests.support.sip_messages import octets, received_request, received_response, request_fields

from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import address, contacts, max_forwards
from ringwake.sip.framing import Framer
from ringwake.sip.grammar import unescape
from ringwake.sip.parser import parse
from ringwake.sip.uri import parse_uri
from ringwake.sip.via import parse_via

INVITE = request_fields("INVITE")


def test_a_tortuous_invite_is_understood() -> None:
    message = received_request(
        octets(
            "INVITE sip:dora@w.test;odd SIP/2.0",
            "tO\t:",
            "\tsip:dora@w.test ;  tag\t =  t-77",
            'FROM : "D. \\\\ \\"Q\\""   <sip:don@w.test>',
            " ;",
            " \t tag = f-1",
            "mAX-fORWARDS:   0007",
            "i: tortured@w.test",
            "Content-LENGTH  : 12",
            "cSEQ: 00031",
            "\tINVITE",
            "via  :  SIP /2.0",
            " / UDP",
            "   a.w.test;branch=no-cookie",
            "Subject :",
            "X-New:  one",
            "  two",
            "X-Odd: ,;,;;,",
            "route:",
            " <sip:r.w.test;lr;flag;odd=1>",
            "V:\tSIP/ 2.0/ TLS   b.w.test : 5071 ;",
            " branch\t=",
            " z9hG4bK-two,",
            "\tSIP /2.0 /SCTP  192.0.2.55;branch =  z9hG4bK-three",
            'm:"Not \\"her\\"" <sip:don@a.w.test>',
            "  ; expires =",
            "   60 ; q=0.25",
            body=b"x" * 12,
        )
    )
    assert message.defect is None
    headers = message.headers
    assert address(headers, "to").tag == "t-77"
    assert address(headers, "from").display == 'D. \\ "Q"'
    assert max_forwards(headers) == 7
    assert message.cseq == (31, "INVITE")
    vias = [parse_via(value) for value in headers.values("via")]
    assert [(via.transport, via.branch) for via in vias] == [
        ("UDP", "no-cookie"),
        ("TLS", "z9hG4bK-two"),
        ("SCTP", "z9hG4bK-three"),
    ]
    assert headers.get("subject") == ""
    assert headers.get("x-new") == "one two"
    assert headers.get("x-odd") == ",;,;;,"
    assert "lr" in parse_address(headers.values("route")[0]).sip_uri.params
    assert contacts(headers)[0][0].params.get("q") == "0.25"
    assert len(message.body) == 12


def test_a_method_may_be_any_token_and_a_display_name_hold_any_octet() -> None:
    method = "Odd.method-9_!%*+`'~"
    user = "0_every-Mark.!~*'()&=+$,;?/"
    message = received_request(
        octets(
            f"{method} sip:{user}:&=+$,pass@m.test SIP/2.0",
            "Via: SIP/2.0/TCP a.m.test;branch=z9hG4bK!%*_+`'~.-",
            f'To: "\\\x00nul \\\x07bell \\\x7fdel" <sip:{user}@m.test>',
            "From: 1!%*_+`'~.- 2!%*_+`'~.- <sip:b@m.test>;tag=3!%*_+`'~.-",
            "Call-ID: every.mark(<>:\\\"/[]?{}'%ZZ@word)",
            f"CSeq: 2147483647 {method}",
            "Max-Forwards: 255",
            "x-Every.mark-!%*_+`'~:\u65e5\u672c\ufeff",
        )
    )
    assert message.defect is None
    assert message.cseq.method == method
    assert address(message.headers, "to").display == "\x00nul \x07bell \x7fdel"
    assert parse_uri(message.uri).user == user
    assert max_forwards(message.headers) == 255


def test_escapes_are_resolved_once_and_only_where_there_are_any() -> None:
    uri = parse_uri("sip:sip%3Aa%40b.test@c.test")
    assert unescape(uri.user or "") == "sip:a@b.test"
    contact = parse_address("<sip:%61nn@a.test;%6Cr;x=%2541>").sip_uri
    assert [(unescape(name), unescape(value or "")) for name, value in contact.params] == [
        ("lr", ""),
        ("x", "%41"),
    ]
    message = received_request(octets("%42YE sip:h SIP/2.0", "C%6fntact: <sip:a@h>", "Contact: <sip:b@h>"))
    assert message.method == "%42YE"
    assert message.headers.count("contact") == 1


def test_a_nul_that_is_escaped_does_not_end_a_user() -> None:
    assert parse_uri("sip:a%00b@h").aor == "a\0b@h"


def test_no_blank_is_needed_before_an_address() -> None:
    assert parse_address("ann<sip:ann@h>;tag=1").display == "ann"


def test_long_values_and_many_vias_are_kept_whole() -> None:
    vias = [f"{name} :  SIP/2.0/TCP p{serial}.test" for serial, name in enumerate(["v", "Via", "VIA"] * 11 + ["v"])]
    tag = "0123456789" * 16
    message = received_request(
        octets("INVITE sip:h SIP/2.0", *vias, f"F: sip:a@h;tag={tag}", *INVITE[3:], "x" * 400 + ": y")
    )
    assert message.defect is None
    assert len(message.headers.values("via")) == 34
    assert address(message.headers, "from").tag == tag


def test_octets_behind_a_datagrams_body_are_dropped_and_behind_a_streams_begin_the_next() -> None:
    register = octets("REGISTER sip:h SIP/2.0", *request_fields("REGISTER"), "l: 0")
    stray = octets("INVITE sip:h SIP/2.0", *INVITE, "l: 150", body=b"x" * 155)
    assert received_request(register + b"\r\n" + stray).body == b""
    framer = Framer()
    assert [
        parse(frame).cseq.method for frame in framer.feed(register + b"\r\n" + stray) if isinstance(frame, bytes)
    ] == [
        "REGISTER",
        "INVITE",
    ]
    assert not framer.is_idle, "five octets are left over"


def test_a_semicolon_in_the_user_begins_no_parameter() -> None:
    uri = parse_uri("sip:a;b=c%40d.test@e.test")
    assert (uri.user, uri.host, len(uri.params)) == ("a;b=c%40d.test", "e.test", 0)


def test_unknown_transports_are_read() -> None:
    names = ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]
    assert [parse_via(f"SIP/2.0/{name} h").transport for name in names] == names


def test_a_body_is_framed_by_its_length_alone() -> None:
    body = b"--7a9\r\nContent-Type: text/plain\n\nHi\r\n\r\n\x00\xff--7a9--\r\n"
    message = octets("MESSAGE sip:h SIP/2.0", *request_fields("MESSAGE"), f"l: {len(body)}", body=body)
    assert received_request(message).body == body
    assert list(Framer().feed(message)) == [message]


@pytest.mark.parametrize("reason", ["1+1=2; *\u0434\u0430*", ""])
def test_any_reason_phrase_will_do(reason: str) -> None:
    assert received_response(octets(f"SIP/2.0 200 {reason}", *INVITE)).reason == reason


# ---- RFC 5118: IPv6


@pytest.mark.parametrize("uri", ["sip:[2001:db8:7::a]", "sip:u@[2001:db8:7::1]", "sip:u@[2001:db8:7:::192.0.2.7]:5070"])
def test_an_ipv6_reference_is_read(uri: str) -> None:
    assert str(parse_uri(uri)) == uri


def test_an_ipv6_address_without_brackets_is_refused() -> None:
    with pytest.raises(ParseError):
        parse_uri("sip:2001:db8:7::a")


@pytest.mark.parametrize(("uri", "port"), [("sip:[2001:db8:7::5070]", None), ("sip:[2001:db8:7::a]:5070", 5070)])
def test_a_port_stands_behind_the_bracket(uri: str, port: int | None) -> None:
    assert parse_uri(uri).port == port


@pytest.mark.parametrize("received", ["[2001:db8:7::9]", "2001:db8:7::9"])
def test_received_is_read_with_and_without_brackets(received: str) -> None:
    via = parse_via(f"SIP/2.0/UDP [2001:db8:7::1];received={received};branch=z9hG4bK-1")
    assert via.answer_to(5060).host == "2001:db8:7::9"


def test_addresses_of_both_families_stand_side_by_side() -> None:
    vias = ["SIP/2.0/UDP [2001:db8:7::1]:6050;branch=z9hG4bK-1", "SIP/2.0/UDP [2001:db8:7::1]", "SIP/2.0/TCP 192.0.2.1"]
    assert [parse_via(value).host for value in vias] == ["[2001:db8:7::1]", "[2001:db8:7::1]", "192.0.2.1"]
