"""Claims about an entry of the history: what counts on the badge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringwake.model.account import Aor
from ringwake.model.call import CallEnd
from ringwake.model.history import Entry, EntryKind, Outcome

NEWS = {
    EntryKind.CALL: {Outcome.CANCELLED, Outcome.NO_WAKE, Outcome.NO_ANSWER, Outcome.ERROR, Outcome.SILENCED},
    EntryKind.MESSAGE: {Outcome.WAITING, Outcome.DELIVERED},
}


def entry(kind: EntryKind, outcome: Outcome, *, is_read: bool = False, is_outgoing: bool = False) -> Entry:
    aor = Aor("alice@example.com")
    found = Entry(id="1", trace="t", aor=aor, kind=kind, outcome=outcome, at=1.0)
    return replace(found, is_read=is_read, is_outgoing=is_outgoing)


@pytest.mark.parametrize("kind", EntryKind)
@pytest.mark.parametrize("outcome", Outcome)
def test_missed_calls_and_messages_that_can_be_read_count(kind: EntryKind, outcome: Outcome) -> None:
    assert entry(kind, outcome).is_unread is (outcome in NEWS[kind])


@pytest.mark.parametrize("kind", EntryKind)
@pytest.mark.parametrize("outcome", Outcome)
def test_what_was_read_or_sent_counts_never(kind: EntryKind, outcome: Outcome) -> None:
    assert not entry(kind, outcome, is_read=True).is_unread
    assert not entry(kind, outcome, is_outgoing=True).is_unread


def test_each_end_of_a_call_has_an_outcome_of_its_name() -> None:
    assert {end.value for end in CallEnd} <= {outcome.value for outcome in Outcome}


@pytest.mark.parametrize("outcome", Outcome)
def test_only_calls_are_missed_whether_somebody_has_looked_or_not(outcome: Outcome) -> None:
    assert entry(EntryKind.CALL, outcome, is_read=True).is_missed is (outcome in NEWS[EntryKind.CALL])
    assert not entry(EntryKind.MESSAGE, outcome).is_missed
