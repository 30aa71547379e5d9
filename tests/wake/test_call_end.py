"""Claims about how calls end, and what the phones are told that were woken in vain."""

from __future__ import annotations

import pytest
from tests.proxy.fork import Fork

from ringwake.model.call import CallEnd
from ringwake.model.history import Outcome
from ringwake.model.push import Kind
from ringwake.proxy.lack import Lack
from ringwake.wake.call_end import absent, how_it_ended, notice_of, silence, why_cancelled


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
    ("outcome", "kind"),
    [
        (Outcome.ANSWERED, Kind.ELSEWHERE),
        (Outcome.DECLINED, Kind.ELSEWHERE),
        (Outcome.CANCELLED, Kind.MISSED),
        (Outcome.ERROR, Kind.MISSED),
        (Outcome.NO_WAKE, Kind.MISSED),
        (Outcome.NO_ANSWER, Kind.MISSED),
        (Outcome.FORWARDED, Kind.CANCEL),
    ],
)
def test_a_phone_is_told_what_the_payload_reference_says(outcome: Outcome, kind: Kind) -> None:
    assert notice_of(outcome) is kind


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("", Outcome.CANCELLED),
        ('SIP;cause=200;text="Call completed elsewhere"', Outcome.ANSWERED),
        ("sip ;cause=200", Outcome.ANSWERED),
        ('Q.850;cause=16, SIP;cause=603;text="Decline, please"', Outcome.DECLINED),
        ("SIP;cause=600", Outcome.DECLINED),
        ("SIP;cause=487", Outcome.CANCELLED),
        ("Q.850;cause=200", Outcome.CANCELLED),
        ("SIP;cause", Outcome.CANCELLED),
        ('SIP;cause=200;text="never closed', Outcome.CANCELLED),
    ],
)
def test_a_pbx_says_in_its_cancel_that_another_phone_of_its_own_has_the_call(reason: str, outcome: Outcome) -> None:
    assert why_cancelled(reason) is outcome


@pytest.mark.parametrize("status", [480, 302])
def test_nobody_came_whatever_the_caller_was_told(status: int) -> None:
    fork = Fork()
    fork.context.holds = frozenset({Lack.SILENCE})
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


@pytest.mark.parametrize(
    ("statuses", "end"), [((486,), CallEnd.DECLINED), ((180, 480), CallEnd.NO_ANSWER), ((600,), CallEnd.DECLINED)]
)
def test_a_call_that_goes_on_ends_as_its_phones_have_said(statuses: tuple[int, ...], end: CallEnd) -> None:
    fork = Fork()
    fork.context.holds = frozenset(Lack)
    fork.begin("a")
    for status in statuses:
        fork.answer("a", status)
    fork.context.redirect(())
    assert how_it_ended(fork.context, is_cancelled=False) is end
