"""Claims about requests and responses."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sip_messages import answer, request

from ringwake.sip.errors import LocalProtocolError, ParseError, SipError
from ringwake.sip.fields import CSeq
from ringwake.sip.grammar import decode, has_control
from ringwake.sip.headers import Headers
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.parser import parse


def test_a_request_is_written() -> None:
    headers = Headers()
    headers.append("to", "<sip:b@h>")
    message = Request(headers, b"\x00body", method="MESSAGE", uri="sip:b@h")
    assert message.encode() == b"MESSAGE sip:b@h SIP/2.0\r\nTo: <sip:b@h>\r\nContent-Length: 5\r\n\r\n\x00body"


def test_a_response_is_written() -> None:
    message = Response(Headers(), status=200, reason="1+1=2; *\u0434\u0430*")
    assert message.encode() == "SIP/2.0 200 1+1=2; *\u0434\u0430*\r\nContent-Length: 0\r\n\r\n".encode()


def test_content_length_is_always_the_bodys() -> None:
    message = request("MESSAGE", body=b"four")
    assert message.encode() == message.encode()
    assert b"\r\nContent-Length: 4\r\n" in message.encode()
    message.body = b"seven.."
    assert b"\r\nContent-Length: 7\r\n" in message.encode()
    assert message.headers.count("content-length") == 1


@pytest.mark.parametrize("text", ["x\r\nEvil: 1", "x\nEvil: 1", "x\rEvil: 1"])
@pytest.mark.parametrize(
    "inject",
    [
        lambda message, text: message.headers.append("subject", text),
        lambda message, text: setattr(message, "uri", f"sip:{text}"),
        lambda message, text: setattr(message, "method", text),
    ],
)
def test_no_value_can_begin_another_field(inject: Callable[[Request, str], None], text: str) -> None:
    message = request()
    inject(message, text)
    with pytest.raises(LocalProtocolError):  # reliability S12
        message.encode()


def test_a_reason_phrase_cannot_begin_a_field() -> None:
    with pytest.raises(LocalProtocolError):
        Response(Headers(), status=200, reason="OK\r\nEvil: 1").encode()


def test_a_message_knows_its_call_sequence_and_way_back() -> None:
    message = request("INVITE", seq=7, branch="z9hG4bK-7")
    assert message.call_id == "call-1@198.51.100.7"
    assert message.cseq == CSeq(7, "INVITE")
    assert message.via.branch == "z9hG4bK-7"


def test_what_a_message_lacks_is_empty_or_refused() -> None:
    message = Request(Headers(), method="INVITE", uri="sip:h")
    assert message.call_id == ""
    with pytest.raises(ParseError):
        _ = message.cseq
    with pytest.raises(ParseError):
        _ = message.via


def test_a_copy_can_be_changed() -> None:
    original = request("INVITE", body=b"x")
    original.defect = SipError(400, "a rule")
    copy = original.copy()
    copy.headers.drop_first("via")
    copy.uri = "sip:elsewhere"
    assert original.uri == "sip:bob@example.com"
    assert "via" in original.headers
    assert (copy.method, copy.body, copy.version) == ("INVITE", b"x", "SIP/2.0")

    response = answer(request(), 486)
    other = response.copy()
    other.headers.drop_first("via")
    assert "via" in response.headers
    assert (other.status, other.reason, other.body) == (486, "Busy Here", b"")


def test_messages_are_told_apart_by_identity() -> None:
    message = request()
    assert message != request()
    assert len({message, message.copy()}) == 2
    assert answer(message, 200) != answer(message, 200)


def test_a_repr_shows_method_or_status_call_id_and_size_only() -> None:
    message = request("MESSAGE", "Authorization: Digest secret", body=b"secret")
    assert repr(message) == "<MESSAGE call-1@198.51.100.7 6 octets>"
    assert repr(answer(message, 202)) == "<202 call-1@198.51.100.7 0 octets>"


def test_a_log_may_tell_what_it_is_and_where_it_belongs() -> None:
    message = request("MESSAGE", "Contact: <sip:a@h;pn-prid=secret>", uri="sip:a@h;pn-prid=secret", body=b"secret")
    told = {"call_id": "call-1@198.51.100.7", "cseq": "1 MESSAGE"}
    assert message.redacted() == {"method": "MESSAGE", **told}
    assert answer(message, 202).redacted() == {"status": 202, **told}
    message.headers.set("cseq", "secret")
    message.headers.remove("call-id")
    assert message.redacted() == {"method": "MESSAGE", "call_id": "", "cseq": ""}


def test_only_requests_and_responses_have_a_first_line() -> None:
    with pytest.raises(NotImplementedError):
        Message(Headers()).start_line()
    with pytest.raises(NotImplementedError):
        Message(Headers()).redacted()


_TEXTS = (
    st.binary(max_size=40).map(decode).filter(lambda text: not has_control(text)).map(lambda text: text.strip(" \t"))
)
_FIELDS = st.lists(st.tuples(st.from_regex(r"\Ax-[a-z0-9!%*_+`'~.-]{1,9}\Z"), _TEXTS), max_size=8)
_URIS = st.from_regex(r"\A[!#-;=?-~]{1,40}\Z")
_METHODS = st.from_regex(r"\A[A-Za-z0-9\-.!%*_+`'~]{1,20}\Z")


def _headers(fields: list[tuple[str, str]]) -> Headers:
    made = Headers()
    for key, text in fields:
        made.append(key, text)
    return made


@given(_METHODS, _URIS, _FIELDS, st.binary())
def test_a_written_request_is_read_again(method: str, uri: str, fields: list[tuple[str, str]], body: bytes) -> None:
    message = Request(_headers(fields), body, method=method, uri=uri)
    again = parse(message.encode())
    assert isinstance(again, Request)
    assert again.defect is None
    assert (again.method, again.uri, again.version) == (method, uri, "SIP/2.0")
    assert list(again.headers) == [*fields, ("content-length", str(len(body)))]
    assert again.body == body
    assert again.encode() == message.encode()


@given(st.integers(100, 699), _TEXTS, _FIELDS, st.binary())
def test_a_written_response_is_read_again(status: int, reason: str, fields: list[tuple[str, str]], body: bytes) -> None:
    message = Response(_headers(fields), body, status=status, reason=reason)
    again = parse(message.encode())
    assert isinstance(again, Response)
    assert again.defect is None
    assert (again.status, again.reason) == (status, reason)
    assert list(again.headers) == [*fields, ("content-length", str(len(body)))]
    assert again.body == body
    assert again.encode() == message.encode()
