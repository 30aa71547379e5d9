"""Claims about what the transaction layer tells: values, to be compared and matched."""

import pytest
from tests.support.sip_messages import UDP, request

from ringwake.sip.transactions.events import AckArrived, Dropped, Failure, RequestArrived, RequestFailed
from ringwake.sip.transactions.servers import Servers


def test_events_are_values() -> None:
    assert RequestFailed("b", "BYE", Failure.TIMEOUT) == RequestFailed("b", "BYE", Failure.TIMEOUT)
    assert RequestFailed("b", "BYE", Failure.TIMEOUT) != RequestFailed("b", "BYE", Failure.TRANSPORT)
    assert Dropped("a rule") == Dropped("a rule")
    with pytest.raises(AttributeError):
        Dropped("a rule").rule = "another"  # type: ignore[misc]  # that it cannot be is the claim


def test_only_a_cancel_has_a_target() -> None:
    arrived = RequestArrived(Servers().open(("key",), request(), UDP), request(), UDP)
    assert arrived.target is None
    assert AckArrived(request("ACK"), UDP).flow == UDP
