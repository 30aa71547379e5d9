"""Claims about what is refused before anything is looked up, and in which order a caller hears of its mistakes."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest
from tests.support.sip_messages import octets, received_request, request

from ringwake.proxy.validation import MAX_ROUTES, MAX_VIAS, check_extensions, check_registration, validate
from ringwake.sip.errors import SipError
from ringwake.sip.message import Request

GOOD = {
    "Via": "SIP/2.0/UDP 198.51.100.7:40112;branch=z9hG4bK-1",
    "From": "<sip:alice@example.com>;tag=a1",
    "To": "<sip:bob@example.com>",
    "Call-ID": "call-1",
    "CSeq": "1 INVITE",
    "Max-Forwards": "70",
    "Content-Length": "0",
}


def invite(start: str = "INVITE sip:bob@example.com SIP/2.0", **changed: str | None) -> Request:
    """Return an INVITE with fields changed or, by None, left out; `_` in a name is a hyphen."""
    changes = {name.replace("_", "-"): text for name, text in changed.items()}
    fields = [f"{name}: {text}" for name, text in {**GOOD, **changes}.items() if text is not None]
    return received_request(octets(start, *fields))


def refusal(message: Request) -> SipError:
    with pytest.raises(SipError) as caught:
        validate(message)
    return caught.value


def test_a_sound_request_is_let_in_with_its_request_uri() -> None:
    uri = validate(invite("INVITE sip:bob@example.com;x=1 SIP/2.0"))
    assert (uri.user, uri.host, str(uri.params)) == ("bob", "example.com", ";x=1")


@pytest.mark.parametrize(
    ("message", "status", "rule"),
    [
        (invite("INVITE sip:bob@example.com SIP/7.0"), 505, "the SIP version is not 2.0"),
        (invite("INVITE <sip:bob@example.com> SIP/2.0"), 400, "the Request-URI holds a blank, a bracket or nothing"),
        (invite(Content_Length="9"), 400, "the body is shorter than Content-Length"),
        (invite(From=None), 400, "From is missing"),
        (invite(To=""), 400, "To is missing"),
        (invite(Call_ID=None), 400, "Call-ID is missing"),
        (invite(CSeq=None), 400, "CSeq is missing"),
        (invite(Via=None), 400, "Via is missing"),
        (invite(Via="SIP/2.0/UDP"), 400, "Via has no protocol and transport"),
        (invite(Via=f"{GOOD['Via']}, SIP/2.0/UDP a:b:c"), 400, "the port is not a number"),
        (invite(From="<sip:alice"), 400, "an angle bracket is not closed"),
        (invite(To="bob"), 400, "a URI has no scheme"),
        (invite(CSeq="1"), 400, "CSeq is missing or has no method"),
        (invite(CSeq="2147483648 INVITE"), 400, "CSeq is too large"),
        (invite(CSeq="1 OPTIONS"), 400, "CSeq names another method"),
        (invite("NEWMETHOD sip:bob@example.com SIP/2.0"), 501, "CSeq names another method"),
        (invite(Max_Forwards="many"), 400, "Max-Forwards is not a number"),
        (invite(Max_Forwards="0"), 483, "Max-Forwards is used up"),
        (invite("INVITE nobodyKnowsThis:x SIP/2.0"), 416, "the URI scheme is not sip or sips"),
        (invite("INVITE tel:+12125551212 SIP/2.0"), 416, "the URI scheme is not sip or sips"),
        (invite("INVITE sip:bob@.1 SIP/2.0"), 400, "a host name is malformed"),
        (invite("INVITE sip:b@h?Route=%3Csip:x%3E SIP/2.0"), 400, "the Request-URI holds header fields"),
    ],
)
def test_what_cannot_be_served_is_answered(message: Request, status: int, rule: str) -> None:
    error = refusal(message)
    assert (error.status, error.rule) == (status, rule)


def test_a_caller_hears_of_its_mistakes_one_after_the_other() -> None:
    bad = {"Call_ID": None, "Via": "x", "From": "<", "CSeq": "1 BYE", "Max_Forwards": "0"}
    start = ["INVITE tel:1 SIP/7.0", "INVITE tel:1 SIP/2.0", "INVITE sip:b@h?a=b SIP/2.0", "INVITE sip:b@h SIP/2.0"]
    heard = [refusal(invite(start[0], **bad)).rule, *[""] * 5]
    for number, mend in enumerate(bad, start=1):
        heard[number] = refusal(invite(start[1], **bad)).rule
        bad = {name: text for name, text in bad.items() if name != mend}
    heard += [refusal(invite(each, **bad)).rule for each in start[1:3]]
    assert heard == [
        "the SIP version is not 2.0",
        "Call-ID is missing",
        "Via has no protocol and transport",
        "an angle bracket is not closed",
        "CSeq names another method",
        "Max-Forwards is used up",
        "the URI scheme is not sip or sips",
        "the Request-URI holds header fields",
    ]
    validate(invite(start[3], **bad))


@pytest.mark.parametrize("value", ["1", "255", "256", "99999999999999", None])
def test_max_forwards_above_its_range_counts_as_absent(value: str | None) -> None:
    validate(invite(Max_Forwards=value))


@pytest.mark.parametrize(
    ("uri", "more", "is_served"),
    [
        ("sip:example.com", {}, True),
        ("sip:192.0.2.1:5060;transport=tcp", {}, True),
        ("sip:bob@example.com", {}, False),
        ("sip:192.0.2.1", {"Route": "<sip:token@192.0.2.1;lr>"}, False),
    ],
)
def test_an_options_that_ends_here_may_have_no_hops_left(uri: str, more: dict[str, str], is_served: bool) -> None:
    message = invite(f"OPTIONS {uri} SIP/2.0", CSeq="1 OPTIONS", Max_Forwards="0", **more)
    if is_served:
        validate(message)
    else:
        assert refusal(message).status == 483  # forwarded, it would go round for ever


VIA = "SIP/2.0/UDP h;branch=z9hG4bK-1"


@pytest.mark.parametrize(
    ("fields", "is_served"),
    [
        ([f"Via: {VIA}"] * MAX_VIAS, True),
        ([f"Via: {VIA}"] * (MAX_VIAS + 1), False),
        ([f"Via: {', '.join([VIA] * 36)}"] * 2, False),
        ([f"Via: {VIA}", f"Route: {', '.join(['<sip:h>'] * MAX_ROUTES)}", *["Record-Route: <sip:h>"] * 32], True),
        ([f"Via: {VIA}", f"Route: {', '.join(['<sip:h>'] * MAX_ROUTES)}", *["Record-Route: <sip:h>"] * 33], False),
    ],
)
def test_nobody_brings_more_vias_or_routes_than_hops(fields: list[str], is_served: bool) -> None:
    rest = [f"{name}: {GOOD[name]}" for name in ("From", "To", "Call-ID", "CSeq")]
    message = received_request(octets("INVITE sip:bob@example.com SIP/2.0", *fields, *rest))
    if is_served:
        validate(message)
    else:
        assert refusal(message).rule == "there are too many Via or Route fields"


def test_fields_that_nobody_here_needs_may_be_broken() -> None:
    validate(invite(Date="Fri, 01 Jan 2010 16:00:00 EST", X_Foo="<", Contact="<sip:", Record_Route="<sip:"))


def test_a_refused_defect_is_gone_with_its_last_reference() -> None:
    """Raised itself, it would hold the frames that hold its request."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            with suppress(SipError):
                validate(invite("INVITE sip:bob@example.com SIP/7.0"))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_max_breadth_that_is_no_number_is_refused() -> None:
    assert refusal(invite(Max_Breadth="wide")).status == 400


# ---- what is wrong with a REGISTER, whoever sent it


def test_a_registration_extension_is_refused_by_name() -> None:
    with pytest.raises(SipError) as caught:
        check_registration(request("REGISTER", "Require: nothingSupportsThis, path, gruu", "Contact: <sip:a@h>"))
    assert (caught.value.status, caught.value.headers) == (420, (("unsupported", "nothingSupportsThis, gruu"),))


@pytest.mark.parametrize("contact", ["<sip:a@h", '"a <sip:a@h>', "sip:a@h?Route=%3Csip:b%3E", "<sip:a@h>;x;x"])
def test_a_contact_that_cannot_be_read_is_400(contact: str) -> None:
    with pytest.raises(SipError) as caught:
        check_registration(request("REGISTER", f"Contact: {contact}"))
    assert caught.value.status == 400


@pytest.mark.parametrize("fields", [[], ["Contact: *"], ["Contact: <sip:a@h>", "Supported: path", "Proxy-Require: x"]])
def test_a_sound_registration_passes(fields: list[str]) -> None:
    check_registration(request("REGISTER", *fields))


# ---- Proxy-Require


def test_a_proxy_extension_is_refused_by_name() -> None:
    with pytest.raises(SipError) as caught:
        check_extensions(request("INVITE", "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis"))
    wanted = "noProxiesSupportThis, norDoAnyProxiesSupportThis"
    assert (caught.value.status, caught.value.headers) == (420, (("unsupported", wanted),))


@pytest.mark.parametrize(
    "message",
    [
        request("INVITE"),
        request("INVITE", "Require: 100rel"),  # for the phone, not for us
        request("ACK", "Proxy-Require: foo"),
        request("CANCEL", "Proxy-Require: foo"),
    ],
)
def test_an_ack_or_cancel_and_what_asks_for_nothing_pass(message: Request) -> None:
    check_extensions(message)
