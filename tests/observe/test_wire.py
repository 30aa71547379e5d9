"""What the log tells of each message at debug level: enough to find it, and nothing that it says."""

from __future__ import annotations

import logging

import pytest
from tests.support.sip_messages import TCP, answer, octets, request

from ringwake.model.events import Event, Happened
from ringwake.observe.log import NAME, EventLog
from ringwake.observe.wire import WireLog

WHERE = {"transport": "tcp", "remote": str(TCP.remote)}


@pytest.fixture(autouse=True)
def _debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, NAME)


def events(caplog: pytest.LogCaptureFixture) -> list[Event]:
    return [vars(record)["event"] for record in caplog.records]


def test_a_message_is_told_by_what_it_is_and_where_it_goes(caplog: pytest.LogCaptureFixture) -> None:
    log = WireLog(EventLog(wall=float), lambda: 7.0)
    came = request("INVITE", "Contact: <sip:a@h;pn-prid=canary>", uri="sip:b@h;pn-prid=canary", body=b"canary")
    went = answer(came, 486)
    log.received(TCP, came.encode())
    log.sent(TCP, went.encode())
    shared = {"call_id": "call-1@198.51.100.7", "cseq": "1 INVITE", **WHERE}
    assert events(caplog) == [
        Event(Happened.SIP_RECEIVED, 7.0, "", {"method": "INVITE", **shared, "octets": len(came.encode())}),
        Event(Happened.SIP_SENT, 7.0, "", {"status": 486, **shared, "octets": len(went.encode())}),
    ]
    assert "canary" not in repr(events(caplog))


def test_what_is_no_message_is_told_by_the_rule_that_it_breaks(caplog: pytest.LogCaptureFixture) -> None:
    WireLog(EventLog(wall=float), lambda: 7.0).received(TCP, octets("canary"))
    (event,) = events(caplog)
    assert event.fields["rule"]
    assert "canary" not in repr(event)
