"""Claims about CSeq where the PBX counts higher than the phone: up and down again, and nothing else is touched."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import answer, request

from ringwake.proxy.sequence import raise_sequence, restore_sequence


@pytest.mark.parametrize(("method", "seq"), [("BYE", 2), ("ACK", 1), ("UPDATE", 2**31 - 2)])
def test_cseq_is_raised_by_as_much_as_the_pbx_is_ahead(method: str, seq: int) -> None:
    sent = request(method, seq=seq)
    raise_sequence(sent, 1)
    assert sent.headers.get("cseq") == f"{seq + 1} {method}"


def test_a_prack_names_the_invite_as_the_pbx_counts_it() -> None:
    sent = request("PRACK", "RAck: 776656 1 INVITE", seq=2)
    raise_sequence(sent, 1)
    assert (sent.headers.get("cseq"), sent.headers.get("rack")) == ("3 PRACK", "776656 2 INVITE")


@pytest.mark.parametrize("rack", ["1 INVITE", "1 x INVITE", "1 \u00b2 INVITE", ""])
def test_a_rack_that_cannot_be_read_stays(rack: str) -> None:
    sent = request("PRACK", f"RAck: {rack}", seq=2)
    raise_sequence(sent, 1)
    assert sent.headers.get("rack") == rack


def test_without_a_shift_not_a_byte_changes() -> None:
    sent = request("PRACK", "RAck:  1   1 INVITE", seq=2)
    before = sent.encode()
    raise_sequence(sent, 0)
    assert sent.encode() == before


def test_the_phone_reads_the_cseq_that_it_wrote() -> None:
    asked, raised = request("BYE", seq=2), request("BYE", seq=3)
    got = answer(raised, 200)
    down = restore_sequence(got, asked)
    assert (down.headers.get("cseq"), got.headers.get("cseq")) == ("2 BYE", "3 BYE")
    assert down.headers.get("call-id") == got.headers.get("call-id")


def test_a_response_that_needs_nothing_is_passed_as_it_is() -> None:
    asked = request("BYE", seq=2)
    got = answer(asked, 200)
    assert restore_sequence(got, asked) is got
