"""Claims about a message on its way to a PBX: sent again until it is answered, and its end is told once."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import answer, request
from tests.wake.phones import flow

from ringwake.model.effects import NOTHING, Effects, Forward
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.events import Failure
from ringwake.wake.outgoing_message import LONGEST_PAUSE, PAUSES, UNANSWERED, OutgoingMessage, Route


class Pbx:
    """A PBX, as the message sees it."""

    def __init__(self) -> None:
        self.flow: Flow | None = flow()
        self.ends: list[tuple[int, float]] = []
        self.sent: list[str] = []
        self.now = 0.0
        route = Route(compose=self._compose, find=lambda: self.flow, prove=self._prove)
        self.message = OutgoingMessage(route, ended=self._ended)
        self.perform(self.message.start(0.0))

    def _compose(self, down: Flow, refusals: int) -> Request:
        assert down is self.flow
        return request("MESSAGE", branch=f"z9hG4bK-{refusals}")

    def _prove(self, sent: Request, response: Response) -> Request | None:
        if response.status != 401 or sent.via.branch.endswith("proved"):
            return None
        return request("MESSAGE", branch="z9hG4bK-proved")

    def _ended(self, status: int, now: float) -> Effects:
        self.ends.append((status, now))
        return NOTHING

    def answer(self, status: int, *, branch: str = "", after: str = "") -> None:
        response = answer(request("MESSAGE"), status)
        if after:
            response.headers.append("retry-after", after)
        self.perform(self.message.response(branch or self.branch, response, self.now))

    def fail(self, *, branch: str = "") -> None:
        self.perform(self.message.failed(branch or self.branch, Failure.TIMEOUT, self.now))

    def wait(self) -> float:
        """Let the pause pass; return how long it was."""
        at = self.message.get_timer()
        assert at is not None
        before, self.now = self.now, at
        self.perform(self.message.handle_timer(at))
        return at - before

    @property
    def branch(self) -> str:
        return f"z9hG4bK-{self.sent[-1]}"

    def perform(self, effects: Effects) -> None:
        for effect in effects:
            assert isinstance(effect, Forward)
            self.sent.append(effect.request.via.branch.removeprefix("z9hG4bK-"))


@pytest.mark.parametrize("status", [200, 202, 302, 403, 404, 415, 603])
def test_the_pbxs_word_is_the_end(status: int) -> None:
    pbx = Pbx()
    assert not pbx.message.is_settled
    pbx.answer(status)
    assert (pbx.ends, pbx.message.is_settled) == ([(status, 0.0)], True)
    pbx.answer(200)
    assert len(pbx.ends) == 1


@pytest.mark.parametrize("status", [408, 480, 486, 491, 500, 503])
def test_what_may_be_taken_later_is_sent_again_as_a_new_request_and_given_up_in_the_end(status: int) -> None:
    pbx = Pbx()
    pauses = []
    for _ in PAUSES:
        pbx.answer(status)
        pauses.append(pbx.wait())
    pbx.answer(status)
    assert (tuple(pauses), pbx.sent) == (PAUSES, ["0", "1", "2", "3"])
    assert pbx.ends == [(status, sum(PAUSES))]


@pytest.mark.parametrize(("after", "pause"), [("30", 30.0), ("100000", LONGEST_PAUSE)])
def test_the_pbx_says_when_within_reason(after: str, pause: float) -> None:
    pbx = Pbx()
    pbx.answer(503, after=after)
    assert pbx.wait() == pause


def test_after_a_silence_the_same_request_is_sent_again() -> None:
    pbx = Pbx()
    for _ in PAUSES:
        pbx.fail()
        pbx.wait()
    pbx.fail()
    assert pbx.sent == ["0"] * 4
    assert pbx.ends == [(UNANSWERED, sum(PAUSES))]


def test_a_pbx_that_cannot_be_reached_is_waited_for() -> None:
    pbx = Pbx()
    pbx.fail()
    pbx.flow = None
    pbx.wait()
    assert pbx.sent == ["0"]
    pbx.flow = flow(2)
    pbx.wait()
    pbx.answer(200)
    assert pbx.ends == [(200, PAUSES[0] + PAUSES[1])]


def test_a_challenge_is_answered_at_once() -> None:
    pbx = Pbx()
    pbx.answer(401)
    assert pbx.sent == ["0", "proved"]
    pbx.answer(401)
    assert pbx.ends == [(401, 0.0)]


def test_what_is_no_final_answer_to_what_is_under_way_changes_nothing() -> None:
    pbx = Pbx()
    pbx.answer(100)
    pbx.answer(200, branch="z9hG4bK-other")
    pbx.fail(branch="z9hG4bK-other")
    assert (pbx.ends, pbx.message.get_timer()) == ([], None)
    pbx.fail()
    pbx.fail()
    assert pbx.message.get_timer() == PAUSES[0]
