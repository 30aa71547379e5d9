"""Claims about how calls end, and what the phones are told that were woken in vain."""

from __future__ import annotations

import pytest
from tests.proxy.fork import Fork

from ringwake.model.call import CallEnd
from ringwake.model.push import Kind
from ringwake.wake.call_end import absent, how_it_ended, notice_of, silence


def ended(*statuses: int, is_cancelled: bool = False) -> CallEnd:
    """Let one phone answer with these statuses, and name the end."""
    fork = Fork()
    fork.begin("a")
    for status in statuses:
        fork.answer("a", status)
    return how_it_ended(fork.context, is_cancelled=is_cancelled)


@pytest.mark.parametrize(
    ("statuses", "end"),
    [
        ([200], CallEnd.ANSWERED),
        ([180, 200], CallEnd.ANSWERED),
        ([180, 486], CallEnd.DECLINED),
        ([600], CallEnd.DECLINED),
        ([603], CallEnd.DECLINED),
        ([180, 480], CallEnd.NO_ANSWER),
        ([180, 500], CallEnd.NO_ANSWER),
        ([100, 480], CallEnd.NO_WAKE),
        ([482], CallEnd.NO_WAKE),
        ([404], CallEnd.ERROR),
        ([500], CallEnd.ERROR),
    ],
)
def test_the_final_response_names_the_end(statuses: list[int], end: CallEnd) -> None:
    assert ended(*statuses) is end


@pytest.mark.parametrize(
    ("status", "end"), [(200, CallEnd.ANSWERED), (487, CallEnd.CANCELLED), (603, CallEnd.CANCELLED)]
)
def test_who_hangs_up_has_cancelled_unless_somebody_was_quicker(status: int, end: CallEnd) -> None:
    assert ended(180, status, is_cancelled=True) is end


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (CallEnd.ANSWERED, Kind.ELSEWHERE),
        (CallEnd.DECLINED, Kind.ELSEWHERE),
        (CallEnd.CANCELLED, Kind.CANCEL),
        (CallEnd.ERROR, Kind.CANCEL),
        (CallEnd.NO_WAKE, Kind.MISSED),
        (CallEnd.NO_ANSWER, Kind.MISSED),
    ],
)
def test_a_phone_is_told_what_the_payload_reference_says(end: CallEnd, kind: Kind) -> None:
    assert notice_of(end) is kind


@pytest.mark.parametrize("status", [480, 302])
def test_nobody_came_whatever_the_caller_was_told(status: int) -> None:
    fork = Fork()
    fork.context.tells_silence = False
    fork.context.expect("a")
    fork.context.give_up("a", 480)
    fork.context.refuse(status)
    assert how_it_ended(fork.context, is_cancelled=False) is CallEnd.NO_WAKE


def test_the_reason_is_that_of_an_absent_subscriber() -> None:
    assert absent("No phone woke") == (("reason", 'Q.850;cause=20;text="No phone woke"'),)


def test_why_nobody_came_is_said_in_a_few_words() -> None:
    fork = Fork()
    assert silence(fork.context, waited=0.0, is_early=True) == "No phone is registered that could be woken"
    fork.context.expect("a")
    assert silence(fork.context, waited=0.2, is_early=True) == "No phone could be reached"
    assert silence(fork.context, waited=20.1, is_early=False) == "No phone woke in 20 s"
