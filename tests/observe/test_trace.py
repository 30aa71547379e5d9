"""Timelines: a plain sentence on where a call or message was lost, and never more memory than was said."""

from __future__ import annotations

import pytest
from tests.observe.happenings import TRACE, event

from ringwake.model.call import CallEnd
from ringwake.model.events import Event, Happened
from ringwake.observe.pbx_news import OF_ACCOUNTS
from ringwake.observe.trace import _IN_LINE, _SUPPRESSED, MAX_EVENTS, MAX_TRACES, Timeline, Traces
from ringwake.wake.budget import APP, BACKGROUND, CIRCUIT, PHONE, SINGLE_FLIGHT, TENANT
from ringwake.wake.callers import ACCOUNT, ALL_ACCOUNTS, CALLER
from ringwake.wake.unsent import IN_LINE

INVITE = event(Happened.INVITE_RECEIVED, 0.0, aor="alice@example.com", call_id="c1@10.0.0.7")
PARKED = event(Happened.CALL_PARKED, 0.004)
SENT = event(Happened.PUSH_SENT, 0.005, kind="call")
ACCEPTED = event(Happened.PUSH_ACCEPTED, 0.1)
REFUSED = event(Happened.PUSH_FAILED, 0.1, outcome="refused", reason="InvalidProviderToken")
WOKEN = event(Happened.DEVICE_WOKEN, 2.1)
INVITED = event(Happened.INVITE_SENT, 2.101)
RINGING = event(Happened.RINGING, 2.2, status=180)
KEPT = event(Happened.MESSAGE_KEPT, 0.006)
MISSED = event(Happened.PUSH_SENT, 20.0, kind="missed")


def ended(end: CallEnd, at: float = 20.0, status: int = 480) -> Event:
    return event(Happened.CALL_ENDED, at, end=end.value, status=status)


def verdict(*events: Event) -> str:
    traces = Traces()
    for one in events:
        traces.note(one)
    timeline = traces.find(TRACE)
    assert timeline is not None
    return timeline.verdict()


WENT_ON = event(Happened.CALL_FORWARDED, 20.0, reason="No phone woke in 20 s", to="sip:bob@example.com", by="account")
TO_PBX = event(Happened.CALL_FORWARDED, 20.0, reason="No phone woke in 20 s", to="sip:500@pbx.example", by="pbx")
TOLD = event(Happened.CALL_FORWARDED, 20.0, reason="No phone woke in 20 s", to="sip:500@pbx.example", by="redirect")
GONE = (INVITE, PARKED, SENT, ACCEPTED)
CALLS = [
    (
        (*GONE, TOLD, ended(CallEnd.NO_WAKE, status=302)),
        "No phone woke in 20 s; the caller was told to call sip:500@pbx.example.",
    ),
    (
        (*GONE, WENT_ON, ended(CallEnd.NO_WAKE)),
        "No phone woke in 20 s; the call went on to sip:bob@example.com. It is still under way there.",
    ),
    (
        (*GONE, WENT_ON, ended(CallEnd.NO_WAKE), SENT, MISSED, ended(CallEnd.NO_WAKE, 40.0)),
        "No phone woke in 20 s; the call went on to sip:bob@example.com. The push service did not answer.",
    ),
    (
        (*GONE, TO_PBX, ended(CallEnd.NO_WAKE), MISSED),
        "No phone woke in 20 s; the call went on to sip:500@pbx.example. It is still under way there.",
    ),
    (
        (*GONE, TO_PBX, ended(CallEnd.NO_WAKE), MISSED, ended(CallEnd.ANSWERED, 23.0, 200)),
        "No phone woke in 20 s; the call went on to sip:500@pbx.example. It was answered.",
    ),
    (
        (*GONE, TO_PBX, ended(CallEnd.NO_WAKE), ended(CallEnd.NO_WAKE, 52.0)),
        "No phone woke in 20 s; the call went on to sip:500@pbx.example. The PBX did not take it.",
    ),
    (
        (*GONE, TO_PBX, ended(CallEnd.NO_WAKE), ended(CallEnd.ERROR, 21.0, 404)),
        "No phone woke in 20 s; the call went on to sip:500@pbx.example. The PBX answered 404.",
    ),
    ((INVITE, PARKED), "It is still under way."),
    (
        (INVITE, PARKED, SENT, ACCEPTED, WOKEN, INVITED, RINGING, ended(CallEnd.ANSWERED, 5.0, 200)),
        "It was answered. The slowest step was push_accepted to device_woken: 2000 ms.",
    ),
    ((INVITE, PARKED, INVITED, ended(CallEnd.ANSWERED, 5.0, 200)), "It was answered."),
    ((RINGING, ended(CallEnd.ANSWERED, 5.0, 200)), "It was answered."),
    (
        (INVITE, INVITED, RINGING, ended(CallEnd.DECLINED, 9.0, 603)),
        "It was declined. The slowest step was invite_received to invite_sent: 2101 ms.",
    ),
    (
        (INVITE, INVITED, RINGING, ended(CallEnd.NO_ANSWER, 60.0)),
        "It rang, and nobody answered. The slowest step was invite_received to invite_sent: 2101 ms.",
    ),
    ((INVITE, INVITED, ended(CallEnd.ERROR, 9.0, 500)), "It failed with 500."),
    (
        (INVITE, INVITED, RINGING, ended(CallEnd.CANCELLED, 9.0, 487)),
        "The caller hung up. The slowest step was invite_received to invite_sent: 2101 ms.",
    ),
    ((INVITE, ended(CallEnd.NO_WAKE)), "No phone was registered that could be woken."),
    ((INVITE, SENT, ended(CallEnd.NO_WAKE)), "The push service did not answer."),
    (
        (INVITE, SENT, REFUSED, ended(CallEnd.NO_WAKE)),
        "The push service did not take the push: InvalidProviderToken.",
    ),
    (
        (INVITE, SENT, event(Happened.PUSH_FAILED, 1.0, reason=""), ended(CallEnd.NO_WAKE)),
        "The push service did not take the push: no reason given.",
    ),
    (
        (INVITE, SENT, REFUSED, ACCEPTED, ended(CallEnd.NO_WAKE, 20.1)),
        "The push service took the push, and the phone did not register within 20.0 s.",
    ),
    (
        (INVITE, SENT, ACCEPTED, WOKEN, INVITED, ended(CallEnd.NO_WAKE)),
        "A phone was sent the INVITE and did not answer it.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="single_flight"), ended(CallEnd.NO_WAKE)),
        "The phone was being woken already, and did not register.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="phone_limit"), ended(CallEnd.NO_WAKE)),
        "The phone had been woken too often in the last minute, and did not register by itself.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="caller_limit"), ended(CallEnd.NO_WAKE)),
        "The caller had called too often in the last minute: nobody was woken.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="account_limit"), ended(CallEnd.NO_WAKE)),
        "The account had been called too often in the last minute: nobody was woken.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="background_limit"), ended(CallEnd.NO_WAKE)),
        "The iPhone had been pushed to silently too often in the last hour.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="caller_total_limit"), ended(CallEnd.NO_WAKE)),
        "The caller had called too many accounts in the last minute: nobody was woken.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="tenant_limit"), ended(CallEnd.NO_WAKE)),
        "Phones of this domain had been woken too often in the last minute.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="app_limit"), ended(CallEnd.NO_WAKE)),
        "Phones with this app had been pushed to too often in the last minute.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="circuit_open"), ended(CallEnd.NO_WAKE)),
        "The push service had failed again and again, so it was left alone for a moment.",
    ),
    (
        (
            INVITE,
            SENT,
            event(Happened.PUSH_FAILED, 1.0, outcome="throttled", reason="replaced"),
            ended(CallEnd.NO_WAKE),
        ),
        "A newer push of the same call took the place of this one.",
    ),
    (
        (
            INVITE,
            SENT,
            event(Happened.PUSH_FAILED, 1.0, outcome="throttled", reason="gave_way"),
            ended(CallEnd.NO_WAKE),
        ),
        "Too many pushes to this app were waiting, and others went first.",
    ),
    (
        (
            INVITE,
            SENT,
            event(Happened.PUSH_FAILED, 1.0, outcome="throttled", reason="line_full"),
            ended(CallEnd.NO_WAKE),
        ),
        "Too many pushes to this app were waiting.",
    ),
    (
        (
            INVITE,
            SENT,
            event(Happened.PUSH_FAILED, 1.0, outcome="throttled", reason="line_slow"),
            ended(CallEnd.NO_WAKE),
        ),
        "The push waited in line behind others until its time was over.",
    ),
    (
        (INVITE, event(Happened.PUSH_SUPPRESSED, 0.1, reason="anything else"), ended(CallEnd.NO_WAKE)),
        "The push was held back.",
    ),
    (
        (INVITE, event(Happened.CALL_ENDED, 0.1, end="silenced", status=480, reason="the account has quiet hours")),
        "It was not let through: the account has quiet hours.",
    ),
]


@pytest.mark.parametrize(("events", "sentence"), CALLS)
def test_a_call_has_a_sentence(events: tuple[Event, ...], sentence: str) -> None:
    assert verdict(*events) == sentence


@pytest.mark.parametrize("end", CallEnd)
def test_every_end_has_a_sentence_of_its_own(end: CallEnd) -> None:
    sentence = verdict(INVITE, ended(end))
    assert sentence.endswith(".")
    assert ("It failed" in sentence) == (end is CallEnd.ERROR)


def test_a_caller_who_hangs_up_too_early_is_told_what_it_waited_for() -> None:
    sentence = verdict(INVITE, SENT, ACCEPTED, ended(CallEnd.CANCELLED, 8.1, 487))
    assert sentence == (
        "The caller hung up before a phone rang. "
        "The push service took the push, and the phone did not register within 8.0 s."
    )


def test_what_comes_after_the_end_changes_no_sentence() -> None:
    """The missed-call push goes out after the end, and a phone may register much later."""
    assert verdict(INVITE, ended(CallEnd.NO_WAKE), MISSED) == "No phone was registered that could be woken."
    late = event(Happened.PUSH_ACCEPTED, 90.0)
    assert verdict(INVITE, SENT, ACCEPTED, ended(CallEnd.NO_WAKE, 20.1), MISSED, late).endswith("within 20.0 s.")


MESSAGES = [
    ((SENT,), "It is still under way."),
    (
        (event(Happened.STORE_FAILED, op="message", reason="full"),),
        "It could not be stored, and its sender was told so.",
    ),
    ((KEPT,), "It is on disk until a phone comes for it."),
    ((SENT, KEPT), "It is on disk until a phone comes for it."),
    (
        (SENT, KEPT, REFUSED),
        "It is on disk until a phone comes for it. The push service did not take the push: InvalidProviderToken.",
    ),
    (
        (SENT, KEPT, ACCEPTED),
        "It is on disk; the push service took the push, and no phone has come for it yet.",
    ),
    ((SENT, KEPT, ACCEPTED, event(Happened.MESSAGE_DELIVERED, 3.0, status=200)), "A phone has it."),
    ((KEPT, event(Happened.MESSAGE_REFUSED, 3.0, device="a", status=415)), "A phone refused it with 415."),
    (
        (
            KEPT,
            event(Happened.MESSAGE_DELIVERED, 3.0, status=200),
            event(Happened.MESSAGE_REFUSED, 4.0, device="a", status=415),
        ),
        "A phone has it.",
    ),
    (
        (KEPT, event(Happened.MESSAGE_DEFERRED, 3.0, device="a", status=486)),
        "It is on disk; a phone answered 486, and is asked again.",
    ),
    (
        (KEPT, ACCEPTED, event(Happened.MESSAGE_DEFERRED, 3.0, device="a", reason="timeout")),
        "It is on disk; a phone did not answer, and is asked again.",
    ),
    ((event(Happened.MESSAGE_SENT, 3.0, status=200),), "The PBX has it."),
    ((event(Happened.MESSAGE_REFUSED, 3.0, status=404),), "The PBX refused it with 404."),
]


@pytest.mark.parametrize(("events", "sentence"), MESSAGES)
def test_a_message_has_a_sentence(events: tuple[Event, ...], sentence: str) -> None:
    assert verdict(*events) == sentence


def test_a_call_that_could_not_be_stored_is_no_message() -> None:
    assert verdict(INVITE, event(Happened.STORE_FAILED, op="park")) == "It is still under way."


def test_a_timeline_knows_whose_it_is() -> None:
    traces = Traces()
    for one in (INVITE, PARKED, event(Happened.CALL_RECOVERED, aor="other@example.com", call_id="other")):
        traces.note(one)
    (timeline,) = traces.newest(5)
    assert (timeline.trace, timeline.call_id, timeline.aor) == (TRACE, "c1@10.0.0.7", "alice@example.com")


def test_it_is_found_by_trace_by_call_id_and_as_the_last() -> None:
    traces = Traces()
    assert traces.find("last") is None
    for number in range(3):
        traces.note(event(Happened.INVITE_RECEIVED, trace=f"t{number}", call_id=f"c{number // 2}"))
    assert [found and found.trace for found in map(traces.find, ("t0", "c0", "c1", "last"))] == ["t0", "t1", "t2", "t2"]
    assert traces.find("t9") is None
    assert [timeline.trace for timeline in traces.newest(2)] == ["t2", "t1"]


def test_no_name_finds_nothing() -> None:
    """A message's timeline has no Call-ID."""
    traces = Traces()
    traces.note(KEPT)
    assert traces.find("") is None


def test_events_that_belong_to_nothing_are_not_kept() -> None:
    traces = Traces()
    traces.note(event(Happened.FLOW_OPENED, trace=""))
    assert traces.newest(5) == []


def test_the_oldest_calls_make_room() -> None:
    traces = Traces()
    for number in range(MAX_TRACES + 3):
        traces.note(event(Happened.INVITE_RECEIVED, trace=f"t{number}"))
    assert len(traces.newest(MAX_TRACES * 2)) == MAX_TRACES
    assert traces.find("t2") is None
    assert traces.find("t3") is not None


def test_a_phone_that_rings_for_ever_takes_no_more_room_and_hides_no_end() -> None:
    """Each 180 of a hostile phone is an event."""
    timeline = Timeline(TRACE)
    timeline.add(INVITE)
    for number in range(1000):
        timeline.add(event(Happened.RINGING, 1.0 + number / 100))
    timeline.add(ended(CallEnd.DECLINED, 30.0, 603))
    assert len(timeline.events) == MAX_EVENTS
    assert timeline.left_out == 1002 - MAX_EVENTS
    assert timeline.events[0] is INVITE
    assert timeline.verdict().startswith("It was declined.")
    assert timeline.events == sorted(timeline.events, key=lambda one: one.at)


@pytest.mark.parametrize("what", OF_ACCOUNTS)
def test_an_account_at_its_pbx_stands_as_the_last_event_says(what: Happened) -> None:
    before = event(Happened.PBX_REGISTERED, 0.0, reason="registered at the PBX")
    timeline = Timeline(trace="alice@example.com", events=[before, event(what, 1.0, reason="the binding expired")])
    assert timeline.verdict() == "The binding expired."


def test_each_reason_of_ours_has_a_sentence() -> None:
    reasons = {PHONE, SINGLE_FLIGHT, BACKGROUND, APP, TENANT, CIRCUIT, CALLER, ACCOUNT, ALL_ACCOUNTS}
    assert set(_SUPPRESSED) == reasons
    assert set(_IN_LINE) == IN_LINE
