"""A phone's pings (RFC 5626 section 4.4) over real sockets: a flow that answers stands, a mute one has failed."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest
from tests.support.real_loop import run_real, turn
from tests.support.recorder import Recorder
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from ringwake.net import stun
from ringwake.net.memory import MemoryNetwork
from ringwake.net.stream import Stream
from ringwake.net.stun_probe import TRANSMISSIONS
from ringwake.net.transport import Carrier
from ringwake.net.udp import Udp
from ringwake.net.websocket import WebSocket
from ringwake.sip.flow import Address, Flow, Transport

LOOPBACK = Address("127.0.0.1", 0)
PATIENT, HASTY = 10.0, 0.02
"""Seconds: far longer than an answer takes, and hardly any."""
Phone = tuple[Carrier, Flow, Recorder]
Ends = tuple[Phone, Callable[[], Awaitable[None]]]
"""A phone that has connected, and how to close the other side."""
Way = Callable[[bool], Awaitable[Ends]]
"""Makes both, the other side one that answers or one that does not."""


async def over_tcp(answers: bool) -> Ends:
    ours = Recorder()
    phone = Stream(Transport.TCP, ours, node="p")
    if answers:
        server = Stream(Transport.TCP, Recorder(), node="s")
        await server.listen(LOOPBACK)
        return (phone, await phone.connect(server.addresses()[0]), ours), server.close

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass
        writer.close()

    deaf = await asyncio.start_server(mute, *LOOPBACK)

    async def close() -> None:
        deaf.close()
        await deaf.wait_closed()

    return (phone, await phone.connect(Address(*deaf.sockets[0].getsockname())), ours), close


async def over_websocket(answers: bool) -> Ends:
    ours = Recorder()
    phone = WebSocket(Transport.WS, ours, node="p")
    if answers:
        server = WebSocket(Transport.WS, Recorder(), node="s")
        await server.listen(LOOPBACK)
        return (phone, await phone.connect(server.addresses()[0]), ours), server.close

    async def mute(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    deaf = await serve(mute, *LOOPBACK, subprotocols=[Subprotocol("sip")])

    async def close() -> None:
        deaf.close()
        await deaf.wait_closed()

    return (phone, await phone.connect(Address(*deaf.sockets[0].getsockname()[:2])), ours), close


async def over_udp(answers: bool) -> Ends:
    ours, loop = Recorder(), asyncio.get_running_loop()
    phone = Udp.bind(LOOPBACK, ours, loop)
    if answers:
        server = Udp.bind(LOOPBACK, Recorder(), loop)
        return (phone, Flow(Transport.UDP, phone.addresses()[0], server.addresses()[0]), ours), server.close
    deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    deaf.bind(LOOPBACK)

    async def close() -> None:
        deaf.close()

    return (phone, Flow(Transport.UDP, phone.addresses()[0], Address(*deaf.getsockname())), ours), close


async def in_memory(answers: bool) -> Ends:
    network, ours = MemoryNetwork(asyncio.get_running_loop(), seed=1), Recorder()
    server = network.carrier(Transport.TCP, Address("10.0.0.1", 5060), Recorder())
    if not answers:
        server.arrived = lambda *_: None  # type: ignore[method-assign]  # it hears nothing
    phone = network.carrier(Transport.TCP, Address("10.0.0.2", 5060), ours)
    return (phone, await phone.connect(server.address), ours), server.close


WAYS = [over_tcp, over_websocket, over_udp, in_memory]


def is_waiting(phone: Carrier, flow: Flow) -> bool:
    """Tell whether a sign of life is being waited for."""
    match phone:
        case Stream():
            return phone._connections[flow]._pong_by is not None
        case Udp():
            return bool(phone._probes)
        case _:
            return flow in phone._pongs  # type: ignore[attr-defined]  # a WebSocket, or one in memory


@pytest.mark.parametrize("way", WAYS)
def test_a_flow_that_answers_stands(
    way: Way,
) -> None:
    async def main() -> None:
        (phone, flow, ours), close = await way(True)
        for _ in range(2):
            phone.ping(flow, PATIENT)
            phone.ping(flow, PATIENT)  # one question at a time
            assert is_waiting(phone, flow)
            while is_waiting(phone, flow):
                await turn()
        assert phone.is_open(flow)
        assert (ours.gone, ours.messages, ours.rules) == ([], [], [])
        await phone.close()
        await close()

    run_real(main())


@pytest.mark.parametrize("way", WAYS)
def test_a_flow_that_does_not_answer_is_told_to_have_failed(
    way: Way,
) -> None:
    async def main() -> None:
        (phone, flow, ours), close = await way(False)
        phone.ping(flow, HASTY)
        await ours.until(lambda: ours.gone)
        assert ours.gone == [flow]
        assert phone.is_open(flow) is (flow.transport is Transport.UDP), "a datagram can always be sent"
        phone.ping(flow._replace(serial=4711, local=Address("192.0.2.1", 1)), HASTY)  # no flow of this phone
        await phone.close()
        await close()

    run_real(main())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("answers", [True, False])
def test_a_phone_that_is_switched_off_waits_for_nothing(way: Way, answers: bool) -> None:
    async def main() -> None:
        (phone, flow, ours), close = await way(answers)
        phone.ping(flow, PATIENT)
        await phone.close()
        phone.ping(flow, PATIENT)
        await close()
        assert len(ours.gone) <= 1

    run_real(main())


# ---- STUN


class Nat:
    """The other side of a datagram flow, which says where it sees the phone."""

    def __init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.bind(LOOPBACK)
        self.address = Address(*self.sock.getsockname())

    async def asked(self) -> tuple[bytes, Address]:
        """Return the next question, and who asks."""
        octets, source = await asyncio.get_running_loop().sock_recvfrom(self.sock, 1000)
        return octets, Address(*source)

    def says(self, question: bytes, seen: Address, phone: Address) -> None:
        said = stun.answer(question, seen)
        assert said is not None
        self.sock.sendto(said, phone)


def with_nat(test: Callable[[Nat, Udp, Flow, Recorder], Awaitable[None]]) -> None:
    async def main() -> None:
        nat, recorder = Nat(), Recorder()
        phone = Udp.bind(LOOPBACK, recorder, asyncio.get_running_loop())
        await test(nat, phone, Flow(Transport.UDP, phone.addresses()[0], nat.address), recorder)
        await phone.close()
        nat.sock.close()

    run_real(main())


def test_a_question_is_sent_seven_times() -> None:
    async def test(nat: Nat, phone: Udp, flow: Flow, recorder: Recorder) -> None:
        phone.ping(flow, HASTY)
        await recorder.until(lambda: recorder.gone)
        questions = {(await nat.asked())[0] for _ in range(TRANSMISSIONS)}
        assert len(questions) == 1
        with pytest.raises(BlockingIOError):
            nat.sock.recv(100)

    with_nat(test)


def test_a_phone_that_is_seen_elsewhere_has_lost_its_flow() -> None:
    async def test(nat: Nat, phone: Udp, flow: Flow, recorder: Recorder) -> None:
        for port, gone in ((4000, []), (4000, []), (4001, [flow]), (4001, [flow])):
            phone.ping(flow, PATIENT)
            question, source = await nat.asked()
            nat.says(question, Address("203.0.113.7", port), source)
            while phone._probes:
                await turn()
            assert recorder.gone == gone

    with_nat(test)


def test_only_the_answer_to_its_question_counts() -> None:
    async def test(nat: Nat, phone: Udp, flow: Flow, recorder: Recorder) -> None:
        phone.ping(flow, PATIENT)
        question, source = await nat.asked()
        forged = question[:8] + bytes(12)
        nat.says(forged, source, source)
        await recorder.until(lambda: recorder.rules)
        assert phone._probes
        nat.says(question, source, source)
        while phone._probes:
            await turn()
        nat.says(question, source, source)  # once more: nobody waits for it
        await recorder.until(lambda: len(recorder.rules) == 2)
        assert recorder.gone == []

    with_nat(test)


TRANSACTION = bytes(range(12))


@pytest.mark.parametrize("seen", [Address("192.0.2.1", 32853), Address("2001:db8::1", 1)])
def test_an_answer_says_where_we_are_seen(seen: Address) -> None:
    said = stun.answer(stun.question(TRANSACTION), seen)
    assert said is not None
    assert stun.mapped_address(said, TRANSACTION) == seen


@pytest.mark.parametrize(
    "octets",
    [
        b"\0",
        stun.question(TRANSACTION),
        stun.answer(stun.question(bytes(12)), LOOPBACK),
        struct.pack("!HHI12s", 0x0101, 0, stun.COOKIE, TRANSACTION),
        struct.pack("!HHI12s", 0x0101, 4, stun.COOKIE, TRANSACTION),
        struct.pack("!HHI12sHH", 0x0101, 4, stun.COOKIE, TRANSACTION, 0x0020, 0),
        struct.pack("!HHI12sHH", 0x0101, 4, stun.COOKIE, TRANSACTION, 0x0020, 8),
        struct.pack("!HHI12sHHH2x", 0x0101, 8, stun.COOKIE, TRANSACTION, 0x0020, 2, 1),
        struct.pack("!HHI12sHHIH2x", 0x0101, 12, stun.COOKIE, TRANSACTION, 0x0020, 6, 1, 1),
        struct.pack("!HHI12s", 0x0111, 0, stun.COOKIE, TRANSACTION),
    ],
)
def test_anything_else_says_nothing(octets: bytes) -> None:
    assert stun.mapped_address(octets, TRANSACTION) is None
