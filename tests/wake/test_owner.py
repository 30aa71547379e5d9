"""Claims about an owner that waits for nothing: no event means anything to it."""

from __future__ import annotations

from tests.support.sip_messages import answer, request

from ringwake.model.effects import NOTHING
from ringwake.model.push import Accepted
from ringwake.sip.transactions.events import Failure
from ringwake.wake.owner import Owner


def test_by_default_nothing_comes_of_an_event() -> None:
    owner = Owner()
    assert owner.response("z9hG4bK-1", answer(request("INVITE"), 200), 0.0) == NOTHING
    assert owner.failed("z9hG4bK-1", Failure.TIMEOUT, 0.0) == NOTHING
    assert owner.cancel("", 0.0) == NOTHING
    assert owner.pushed("a", Accepted(), 0.0) == NOTHING
    assert owner.handle_timer(0.0) == NOTHING
    assert (owner.get_timer(), owner.is_settled, owner.is_standing) == (None, True, False)
