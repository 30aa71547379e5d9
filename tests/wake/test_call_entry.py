"""Claims about what is written down of a call."""

from __future__ import annotations

from tests.support.sip_messages import UDP
from tests.wake.phones import AOR, WALL

from ringwake.model.call import CallRecord
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.wake.call_entry import call_entry
from ringwake.wake.wording import Caller


def test_it_says_who_has_called_whom_and_when_and_what_became_of_it() -> None:
    record = CallRecord(id="c1", trace="t", aor=AOR, invite=b"", flow=UDP, received_at=WALL, wake_until=WALL + 20.0)
    caller = Caller("sip:boss@example.com", "The Boss", "boss@example.com", "The Boss")
    assert call_entry(record, caller, Outcome.FORWARDED, wall=WALL + 3, status=302) == Entry(
        id="c1",
        trace="t",
        aor=AOR,
        kind=EntryKind.CALL,
        outcome=Outcome.FORWARDED,
        peer_uri="sip:boss@example.com",
        peer_name="The Boss",
        at=WALL,
        ended_at=WALL + 3,
        status=302,
    )
