"""Claims about one branch: who has spoken its word is not asked again, who was only given up may still come."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import octets, received_response

from ringwake.proxy.branch import Branch, BranchState, share

BUSY = received_response(octets("SIP/2.0 486 Busy Here", "Via: SIP/2.0/UDP h;branch=z9hG4bK1"))


def test_a_new_branch_waits_for_its_phone() -> None:
    branch = Branch("a")
    assert (branch.state, branch.may_begin) == (BranchState.PENDING, True)


@pytest.mark.parametrize("state", [BranchState.PENDING, BranchState.LIVE])
def test_a_branch_that_was_given_up_while_it_rang_does_not_begin_again(state: BranchState) -> None:
    assert Branch("a", state).may_begin
    assert not Branch("a", state, verdict=480).may_begin


def test_a_phone_that_was_given_up_in_its_sleep_may_still_come() -> None:
    assert Branch("a", BranchState.DONE, result=480).may_begin


def test_a_phone_that_has_answered_is_not_asked_again() -> None:
    assert not Branch("a", BranchState.DONE, result=480, has_answered=True).may_begin
    assert not Branch("a", BranchState.DONE, result=BUSY, has_answered=True).may_begin


@pytest.mark.parametrize(
    ("breadth", "taken", "part"), [(60, [], 6), (60, [6] * 9, 6), (60, [6] * 10, 0), (5, [1, 1], 1), (1, [1], 0)]
)
def test_live_branches_together_take_no_more_than_there_is(breadth: int, taken: list[int], part: int) -> None:
    """RFC 5393 section 5.3.3: as many as an account may have phones get the same."""
    others = [Branch(str(number), BranchState.LIVE, breadth=each) for number, each in enumerate(taken)]
    over = Branch("over", BranchState.DONE, breadth=50)
    new = Branch("new", BranchState.LIVE, breadth=50)
    assert share(new, [*others, over, new], breadth) == part
