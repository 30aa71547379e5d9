"""SIP over UDP on real loopback sockets: batches, full buffers, and everything a datagram may go wrong by."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.support.real_loop import run_real, turn
from tests.support.recorder import Recorder

from ringwake.net import udp
from ringwake.net.udp import DATAGRAMS_A_TURN, OCTETS_A_TURN, Udp
from ringwake.sip.flow import Address, Flow, Transport

LOOPBACK = Address("127.0.0.1", 0)
LARGEST = 65_507
"""Octets that fit into one IPv4 datagram."""


def bound(recorder: Recorder, address: Address = LOOPBACK, *, advertise: str = "") -> Udp:
    return Udp.bind(address, recorder, asyncio.get_running_loop(), advertise=advertise)


def peer(*, buffer: int = 0, family: int = socket.AF_INET, host: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.settimeout(5)
    sock.bind((host, 0))
    return sock


def address_of(sock: socket.socket) -> Address:
    return Address(*sock.getsockname()[:2])


def flow_to(carrier: Udp, sock: socket.socket) -> Flow:
    return Flow(Transport.UDP, carrier.addresses()[0], address_of(sock))


def test_datagrams_come_in_batches_with_the_address_of_their_sender() -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier = bound(recorder)
        with peer() as sender:
            sent = [b"datagram %d" % number for number in range(DATAGRAMS_A_TURN + 36)]
            for octets in sent:
                sender.sendto(octets, carrier.addresses()[0])
            await recorder.until_received(len(sent))
            assert recorder.messages == sent
            assert [len(batch) for batch in recorder.batches] == [DATAGRAMS_A_TURN, 36]
            assert set(recorder.flows) == {flow_to(carrier, sender)}
        await carrier.close()

    run_real(main())


def test_a_turn_of_large_datagrams_is_short_and_the_rest_waits() -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier = bound(recorder)
        with peer(buffer=1 << 20) as sender:
            for _ in range(8):
                sender.sendto(b"x" * 50_000, carrier.addresses()[0])
            await recorder.until_received(8)
            octets = [sum(len(octets) for _, octets in batch) for batch in recorder.batches]
            assert all(size < OCTETS_A_TURN + 65_536 for size in octets)
            assert len(octets) > 1
        await carrier.close()

    run_real(main())


def test_the_largest_datagram_passes_whole_both_ways() -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier = bound(recorder)
        with peer(buffer=1 << 20) as sender:
            octets = bytes(range(255, 0, -1)) * 256 + b"x" * (LARGEST - 255 * 256)
            sender.sendto(octets, carrier.addresses()[0])
            await recorder.until_received(1)
            assert recorder.messages == [octets]
            assert carrier.send(recorder.flows[0], octets)
            assert sender.recv(65_536) == octets
        await carrier.close()

    run_real(main())


def test_answers_leave_by_the_port_that_the_request_came_in_on() -> None:
    """RFC 3581 section 4: or a NAT would not let them through."""

    async def main() -> None:
        recorder = Recorder()
        one, other = bound(recorder), bound(recorder)
        with peer() as sender:
            for count, carrier in enumerate((one, other), 1):
                sender.sendto(b"request", carrier.addresses()[0])
                await recorder.until_received(count)
                assert carrier.send(recorder.flows[-1], b"answer")
                assert sender.recvfrom(100) == (b"answer", tuple(carrier.addresses()[0]))
        await one.close()
        await other.close()

    run_real(main())


@pytest.mark.parametrize("octets", [b"\r\n\r\n", b"\r\n", b"\0", b"", b"    ", b"\0\0\0\0"])
def test_keep_alives_are_no_messages(octets: bytes) -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier = bound(recorder)
        with peer() as sender:
            sender.sendto(octets, carrier.addresses()[0])
            sender.sendto(b"message", carrier.addresses()[0])
            await recorder.until_received(1)
        assert recorder.messages == [b"message"]
        assert recorder.rules == []
        await carrier.close()

    run_real(main())


@pytest.mark.parametrize(
    ("remote", "size"),
    [
        (Address("127.0.0.1", 5060), LARGEST + 1),  # longer than any datagram
        (Address("127.0.0.1", 0), 10),  # a Via may name port 0
        (Address("127.0.0.1", 70_000), 10),
        (Address("a" * 64 + ".invalid", 5060), 10),  # no host name can be that
    ],
)
def test_what_cannot_be_sent_is_reported_and_harms_nothing(remote: Address, size: int) -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier = bound(recorder)
        assert carrier.send(Flow(Transport.UDP, carrier.addresses()[0], remote), b"x" * size)
        assert recorder.rules == ["a datagram could not be sent"]
        with peer() as receiver:
            assert carrier.send(flow_to(carrier, receiver), b"next")
            assert receiver.recv(100) == b"next"
        await carrier.close()

    run_real(main())


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_peer_that_icmp_calls_unreachable_is_reported(family: int, host: str) -> None:
    """RFC 3261 section 18.4: so a phone that is gone is woken by push at once, not after a time-out."""

    async def main() -> None:
        recorder = Recorder()
        carrier = bound(recorder, Address(host, 0))
        with peer(family=family, host=host) as gone, peer(family=family, host=host) as there:
            flows = [flow_to(carrier, sock) for sock in (gone, there)]
            gone.close()
            for _ in range(3):
                assert carrier.send(flows[0], b"to nobody")
                assert carrier.send(flows[1], b"to somebody")
            await recorder.until(lambda: recorder.gone)
            assert set(recorder.gone) == {flows[0]}
            assert [there.recv(100) for _ in range(3)] == [b"to somebody"] * 3, (
                "one peer's error costs no other's datagram"
            )
            there.sendto(b"answer", carrier.addresses()[0])
            await recorder.until_received(1)
        assert recorder.rules == []
        await carrier.close()

    run_real(main())


class FullSocket(socket.socket):
    """A socket without room in its buffer: loopback's own never fills, since it hands over at once."""

    room = 0
    """Datagrams that it still takes."""

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:  # type: ignore[override]  # the form that we use
        if self.room == 0:
            raise BlockingIOError
        self.room -= 1
        return super().sendto(data, address)


def full(recorder: Recorder) -> tuple[Udp, FullSocket]:
    sock = FullSocket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(LOOPBACK)
    return Udp(sock, recorder, asyncio.get_running_loop()), sock


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


async def take(receiver: socket.socket, count: int) -> list[bytes]:
    """Read while the loop turns, since what waits is sent by the loop."""
    receiver.setblocking(False)
    loop = asyncio.get_running_loop()
    return [await loop.sock_recv(receiver, 65_536) for _ in range(count)]


def test_what_the_socket_has_no_room_for_waits_and_keeps_its_order() -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier, sock = full(recorder)
        with peer() as receiver:
            for octets in numbered(10):
                assert carrier.send(flow_to(carrier, receiver), octets)
            for room in (3, 0, 4):  # it fills up again while what waits is sent
                sock.room = room
                await turn(3)
            assert await take(receiver, 7) == numbered(7)
            assert carrier.send(flow_to(carrier, receiver), b"10")
            sock.room = 100
            assert await take(receiver, 4) == numbered(11)[7:]
            assert carrier.send(flow_to(carrier, receiver), b"at once")
            assert receiver.recv(100) == b"at once"
        assert recorder.rules == []
        await carrier.close()

    run_real(main())


def test_more_than_may_wait_is_dropped_as_the_network_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "MAX_UNSENT", 5)

    async def main() -> None:
        carrier, sock = full(Recorder())
        with peer() as receiver:
            for octets in numbered(20):
                assert carrier.send(flow_to(carrier, receiver), octets)
            sock.room = 100
            assert await take(receiver, 5) == numbered(5)
            assert carrier.send(flow_to(carrier, receiver), b"next")
            assert receiver.recv(100) == b"next"
        await carrier.close()

    run_real(main())


def test_closing_while_datagrams_wait_is_quiet() -> None:
    async def main() -> None:
        carrier, sock = full(Recorder())
        with peer() as receiver:
            assert carrier.send(flow_to(carrier, receiver), b"never")
            await carrier.close()
            sock.room = 100
            await turn(3)
            receiver.setblocking(False)
            with pytest.raises(BlockingIOError):
                receiver.recv(100)

    run_real(main())


def test_a_closed_socket_sends_nothing_and_may_be_closed_again() -> None:
    async def main() -> None:
        carrier = bound(Recorder())
        with peer() as receiver:
            flow = flow_to(carrier, receiver)
            assert carrier.is_open(flow)
            await carrier.close()
            await carrier.close()
            assert not carrier.is_open(flow)
            assert not carrier.send(flow, b"late")

    run_real(main())


def test_only_flows_of_this_socket_are_open() -> None:
    async def main() -> None:
        carrier = bound(Recorder())
        with peer() as receiver:
            own = flow_to(carrier, receiver)
            assert carrier.is_open(own)
            assert not carrier.is_open(own._replace(transport=Transport.TCP))
            assert not carrier.is_open(own._replace(local=Address("127.0.0.1", 1)))
            carrier.close_flow(own)
            assert carrier.is_open(own), "there is no connection that could be closed"
        await carrier.close()

    run_real(main())


def test_a_taken_address_is_an_error_and_leaves_no_socket() -> None:
    async def main() -> None:
        with peer() as taken, pytest.raises(OSError, match="in use"):
            bound(Recorder(), address_of(taken))

    run_real(main())


def test_a_wildcard_is_known_by_the_host_that_it_advertises() -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier = bound(recorder, Address("0.0.0.0", 0), advertise="127.0.0.1")
        (address,) = carrier.addresses()
        assert address.host == "127.0.0.1"
        with peer() as sender:
            sender.sendto(b"hello", address)
            await recorder.until_received(1)
            assert recorder.flows == [flow_to(carrier, sender)]
            assert carrier.is_open(recorder.flows[0])
        await carrier.close()

    run_real(main())


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6() -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier = bound(recorder, Address("::1", 0))
        with peer(family=socket.AF_INET6, host="::1") as sender:
            sender.sendto(b"hello", tuple(carrier.addresses()[0]))
            await recorder.until_received(1)
            assert recorder.flows == [flow_to(carrier, sender)]
            assert carrier.send(recorder.flows[0], b"answer")
            assert sender.recv(100) == b"answer"
        await carrier.close()

    run_real(main())
