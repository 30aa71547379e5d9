"""What is on its way, and what waits: nothing is forgotten before it was taken, nothing is sent twice without need."""

from __future__ import annotations

import pytest

from ringwake.net.tunnel_frames import TunnelError
from ringwake.net.tunnel_parcels import MAX_WAITING, SLOW_SECONDS, Outbox, Parcel, Waiting
from ringwake.sip.flow import Address, Flow, Transport

UDP = Flow(Transport.UDP, Address("10.0.0.9", 5070), Address("10.0.0.5", 5060))
TCP = UDP._replace(transport=Transport.TCP)


def parcel(number: int, *, flow: Flow = UDP, until: float = 32.0) -> Parcel:
    return Parcel(flow, b"%d" % number, until)


def test_what_was_taken_is_not_left() -> None:
    outbox = Outbox()
    for number in range(4):
        outbox.put(parcel(number), 0.0)
    outbox.taken(1)
    outbox.taken(3)
    assert outbox.left() == [parcel(3)]
    assert len(outbox) == 1


@pytest.mark.parametrize("count", [-1, 0, 3])
def test_a_count_that_cannot_be_is_an_error(count: int) -> None:
    outbox = Outbox()
    outbox.put(parcel(1), 0.0)
    outbox.put(parcel(2), 0.0)
    outbox.taken(1)
    with pytest.raises(TunnelError):
        outbox.taken(count)


def test_the_other_side_is_slow_when_its_oldest_message_lies() -> None:
    outbox = Outbox()
    assert not outbox.is_slow(100.0)
    outbox.put(parcel(1), 100.0)
    outbox.put(parcel(2), 103.0)
    assert not outbox.is_slow(100.0 + SLOW_SECONDS)
    assert outbox.is_slow(100.1 + SLOW_SECONDS)
    outbox.taken(1)
    assert not outbox.is_slow(103.0)


def test_what_waits_comes_out_once_in_its_order_and_not_too_late() -> None:
    waiting = Waiting()
    for number, until in ((1, 32.0), (2, 10.0), (3, 40.0)):
        assert waiting.put(parcel(number, until=until))
    assert waiting.take(10.0) == [parcel(1), parcel(3, until=40.0)]
    assert waiting.take(10.0) == []


def test_a_retransmission_waits_once_and_no_longer() -> None:
    waiting = Waiting()
    assert waiting.put(parcel(1))
    assert waiting.put(parcel(1, until=64.0))
    assert waiting.take(0.0) == [parcel(1)]


def test_the_room_is_bounded() -> None:
    waiting = Waiting()
    assert all(waiting.put(parcel(number)) for number in range(MAX_WAITING))
    assert not waiting.put(parcel(MAX_WAITING))
    assert waiting.put(parcel(0)), "what waits already needs no room"
    assert len(waiting.take(0.0)) == MAX_WAITING


def test_one_transport_is_forgotten_alone() -> None:
    waiting = Waiting()
    waiting.put(parcel(1))
    waiting.put(parcel(2, flow=TCP))
    waiting.forget(Transport.UDP)
    assert waiting.take(0.0) == [parcel(2, flow=TCP)]
