"""Claims about who calls: what speaks for a caller must be proved, what speaks against it need not be."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import octets, received_request

from ringwake.sip.errors import ParseError
from ringwake.wake.who_calls import ANONYMOUS, WhoCalls, who_calls

BOB = "<sip:bob@example.com>"


def calling(sender: str, *more: str, is_trusted: bool = True) -> WhoCalls:
    fields = ("Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1", f"From: {sender};tag=1", "To: <sip:alice@example.com>")
    request = octets("INVITE sip:alice@example.com SIP/2.0", *fields, "Call-ID: 1", "CSeq: 1 INVITE", *more)
    return who_calls(received_request(request), is_trusted=is_trusted)


def names(caller: WhoCalls) -> list[str]:
    return [name.address or name.local for name in caller.names]


def proved(caller: WhoCalls) -> list[str]:
    return [name.address or name.local for name in caller.proved]


def test_without_more_it_is_the_sender() -> None:
    caller = calling(BOB)
    assert names(caller) == proved(caller) == ["bob@example.com"]
    assert not caller.is_anonymous


def test_what_a_peer_asserts_is_proved_and_what_stands_beside_it_only_speaks_against() -> None:
    asserted = 'P-Asserted-Identity: "Bob" <sip:+4930123456@trunk.example>, <tel:+4930123456>'
    caller = calling("<sip:boss@example.com>", asserted)
    assert proved(caller) == ["+4930123456@trunk.example", "+4930123456"]
    assert names(caller) == ["boss@example.com", "+4930123456@trunk.example", "+4930123456"]


def test_what_a_stranger_asserts_counts_for_nothing() -> None:
    caller = calling(BOB, "P-Asserted-Identity: <sip:boss@example.com>", is_trusted=False)
    assert names(caller) == proved(caller) == ["bob@example.com"]


@pytest.mark.parametrize(
    ("asserted", "known"),
    [
        ("<sip:a@b>, nonsense", ["a@b"]),
        ("nonsense", ["bob@example.com"]),
        ('"never closed <sip:a@b>, <sip:c@d>', ["bob@example.com"]),
    ],
)
def test_an_assertion_that_cannot_be_read_is_none(asserted: str, known: list[str]) -> None:
    assert proved(calling(BOB, f"P-Asserted-Identity: {asserted}")) == known


@pytest.mark.parametrize(
    ("sender", "more"),
    [
        ('"Anonymous" <sip:anonymous@anonymous.invalid>', ()),
        ("<sip:thisis@Anonymous.Invalid>", ()),
        ("<sip:x@host.anonymous.invalid>", ()),
        ("<sip:anonymous@trunk.example>", ()),
        ('"anonymous" <sip:bob@example.com>', ()),
        ("Anonymous <sip:bob@example.com>", ()),
        (BOB, ("Privacy: id",)),
        (BOB, ("Privacy: header;USER ; critical",)),
        (BOB, ("Privacy: header", "Privacy: session, id")),
        ("<sip:anonymous@anonymous.invalid>", ("P-Asserted-Identity: <tel:+4930123456>",)),
    ],
)
def test_who_has_withheld_its_identity_is_anonymous(sender: str, more: tuple[str, ...]) -> None:
    caller = calling(sender, *more)
    assert caller.is_anonymous
    assert caller.proved == (ANONYMOUS,)


@pytest.mark.parametrize(
    ("sender", "more"),
    [
        (BOB, ("Privacy: none",)),
        (BOB, ("Privacy: session",)),  # hides where the media come from
        (BOB, ("Privacy: history",)),  # hides through whom it came
        ("<sip:unavailable@unknown.invalid>", ()),  # nothing is known of it: that is not its doing
        ("<sip:10.0.0.7>", ()),
        ("tel:+4930123456", ()),
        ("<sip:bob@notanonymous.invalid>", ()),
    ],
)
def test_who_is_only_unknown_is_not_anonymous(sender: str, more: tuple[str, ...]) -> None:
    assert not calling(sender, *more).is_anonymous


def test_a_caller_that_hides_is_not_found_out_by_what_its_network_asserts() -> None:
    caller = calling("<sip:anonymous@anonymous.invalid>", "P-Asserted-Identity: <sip:bob@example.com>", "Privacy: id")
    assert names(caller) == ["anonymous@anonymous.invalid"]


def test_a_display_name_hides_nobody_from_a_block_list() -> None:
    assert names(calling('"Anonymous" <sip:bob@example.com>')) == ["bob@example.com", "anonymous@anonymous.invalid"]


@pytest.mark.parametrize(
    "through",
    ["Diversion: <sip:boss@example.com>;reason=no-answer", "History-Info: <sip:boss@example.com>;index=1"],
)
def test_through_whom_a_call_came_does_not_say_who_calls(through: str) -> None:
    assert names(calling(BOB, through)) == ["bob@example.com"]


@pytest.mark.parametrize(
    ("priority", "is_trusted", "is_callback"),
    [
        ("psap-callback", True, True),
        ("PSAP-Callback", True, True),
        ("emergency", True, False),
        ("psap-callback", False, False),
    ],
)
def test_an_emergency_centre_that_calls_back_is_known_by_a_peers_word(
    priority: str, is_trusted: bool, is_callback: bool
) -> None:
    assert calling(BOB, f"Priority: {priority}", is_trusted=is_trusted).is_callback is is_callback


def test_a_sender_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ParseError):
        calling('"never closed <sip:a@b>')
