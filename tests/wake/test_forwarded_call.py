"""Claims about a call that no phone came for, on its way through the PBX."""

from __future__ import annotations

import pytest
from tests.proxy.fork import Fork, branch, cancelled, flow, forwarded, response, said
from tests.support.sip_messages import UDP, answer
from tests.wake.phones import AOR, WALL

from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import Effects, Note, Persist
from ringwake.model.store_ops import CancelCall, Finish
from ringwake.proxy.forking import TIMER_C
from ringwake.proxy.routing import Hop, forward
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.transactions.events import Failure
from ringwake.wake.call_end import absent
from ringwake.wake.forwarded_call import LOOK_SECONDS, UNREACHED, ForwardedCall

TRUNK = flow(7)


class Call:
    """A call that goes to a PBX, which can be reached or not."""

    def __init__(self, *, is_up: bool = True) -> None:
        self.is_up = is_up
        context = Fork().context
        record = CallRecord(id="c1", trace="t", aor=AOR, invite=b"", flow=UDP, received_at=WALL, wake_until=WALL + 20)
        self.call = ForwardedCall(record, context, compose=self.compose, find=self.find)
        self.sent: list[Request] = []

    def find(self) -> Flow | None:
        return TRUNK if self.is_up else None

    def compose(self, to: Flow) -> Request:
        self.sent.append(forward(self.call.context.request, Hop(flow=to, branch=branch("pbx"))))
        return self.sent[-1]

    def answer(self, status: int, now: float = 1.0) -> Effects:
        return self.call.response(branch("pbx"), answer(self.sent[-1], status), now)


def ends(effects: Effects) -> list[CallEnd]:
    return [e.op.end for e in effects if isinstance(e, Persist) and isinstance(e.op, Finish)]


def noted(effects: Effects) -> list[tuple[object, object]]:
    return [(e.event.fields["end"], e.event.fields["status"]) for e in effects if isinstance(e, Note)]


@pytest.mark.parametrize(
    ("status", "heard", "end"),
    [
        (200, 200, CallEnd.ANSWERED),
        (486, 486, CallEnd.DECLINED),
        (404, 404, CallEnd.ERROR),
        (503, 500, CallEnd.ERROR),
        (480, 480, CallEnd.NO_WAKE),
    ],
)
def test_the_word_of_the_pbx_is_passed_on_and_ends_the_call_in_the_store(status: int, heard: int, end: CallEnd) -> None:
    call = Call()
    assert forwarded(call.call.start(0.0)) == [TRUNK]
    assert said(call.answer(100)) == []
    effects = call.answer(status)
    assert (said(effects), ends(effects), noted(effects)) == ([heard], [end], [(end.value, heard)])
    assert (call.call.is_settled, call.call.get_timer()) == (True, None)


def test_a_pbx_rings_as_a_phone_does() -> None:
    call = Call()
    call.call.start(0.0)
    assert [said(call.answer(status)) for status in (183, 180)] == [[183], [180]]
    assert ends(call.answer(404)) == [CallEnd.NO_ANSWER]


def test_the_end_is_told_once() -> None:
    call = Call()
    call.call.start(0.0)
    assert ends(call.answer(200)) == [CallEnd.ANSWERED]
    again = call.answer(200)
    assert (said(again), ends(again)) == ([200], [])


@pytest.mark.parametrize("status", [401, 407])
def test_a_challenge_of_the_pbx_is_not_the_callers_to_answer(status: int) -> None:
    call = Call()
    call.call.start(0.0)
    effects = call.answer(status)
    assert said(effects) == [480]
    assert (("reason", response(effects).headers.get("reason") or ""),) == absent(UNREACHED)
    assert ends(effects) == [CallEnd.NO_WAKE]


@pytest.mark.parametrize("failure", list(Failure))
def test_a_pbx_that_is_gone_is_480(failure: Failure) -> None:
    call = Call()
    call.call.start(0.0)
    effects = call.call.failed(branch("pbx"), failure, 32.0)
    assert (said(effects), ends(effects)) == ([480], [CallEnd.NO_WAKE])


def test_a_cancel_is_passed_on_and_written_down() -> None:
    call = Call()
    call.call.start(0.0)
    call.answer(180)
    effects = call.call.cancel("SIP;cause=487", 2.0)
    assert cancelled(effects) == [(branch("pbx"), "SIP;cause=487")]
    assert Persist(CancelCall(call="c1")) in effects
    last = call.answer(487)
    assert (said(last), ends(last)) == ([487], [CallEnd.CANCELLED])


def test_timer_c_ends_what_rings_for_too_long() -> None:
    """RFC 3261 section 16.8."""
    call = Call()
    call.call.start(0.0)
    call.answer(180, 10.0)
    assert call.call.get_timer() == 10.0 + TIMER_C
    assert cancelled(call.call.handle_timer(10.0 + TIMER_C)) == [(branch("pbx"), "")]
    effects = call.answer(487, 192.0)
    assert (said(effects), ends(effects)) == ([480], [CallEnd.NO_ANSWER])


def test_a_pbx_that_cannot_be_reached_is_not_waited_for() -> None:
    call = Call(is_up=False)
    effects = call.call.start(0.0)
    assert (said(effects), ends(effects), call.sent) == ([480], [CallEnd.NO_WAKE], [])


def test_after_a_restart_the_pbx_is_looked_for() -> None:
    call = Call(is_up=False)
    assert call.call.start(0.0, patience=1.0) == ()
    assert call.call.get_timer() == LOOK_SECONDS
    assert call.call.handle_timer(LOOK_SECONDS) == ()
    call.is_up = True
    assert forwarded(call.call.handle_timer(2 * LOOK_SECONDS)) == [TRUNK]
    assert call.call.get_timer() == 2 * LOOK_SECONDS + TIMER_C


def test_who_hangs_up_before_the_pbx_is_reached_hears_487_at_once() -> None:
    call = Call(is_up=False)
    call.call.start(0.0, patience=5.0)
    effects = call.call.cancel("", 0.2)
    assert (said(effects), ends(effects)) == ([487], [CallEnd.CANCELLED])
    assert call.call.get_timer() is None


def test_nobody_is_woken_for_it() -> None:
    assert not Call().call.is_waking
