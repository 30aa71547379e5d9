"""The stack over a network in memory: one timer, contained faults, flows that close, many transports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.support.real_loop import run_real
from tests.support.recorder import Recorder
from tests.support.sip_messages import answer, octets, received_response, request, request_fields
from tests.support.virtual_loop import pause, run_virtual

from ringwake.net.memory import MemoryCarrier, MemoryNetwork
from ringwake.net.stack import MAX_EARLY, Stack
from ringwake.net.udp import Udp
from ringwake.sip.errors import LocalProtocolError
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.replies import reply
from ringwake.sip.timers import T1, TIMEOUT
from ringwake.sip.transactions.events import (
    AckArrived,
    Dropped,
    Event,
    Failure,
    RequestArrived,
    RequestFailed,
    ResponseArrived,
)

SERVER, PEER = Address("10.0.0.1", 5060), Address("10.0.0.2", 5060)


class Edge:
    """Implements `User`: remembers what the stack tells, and may fail at it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.flows: list[tuple[str, Flow]] = []
        self.fired: list[float] = []
        self.timer: float | None = None
        self.fails = False
        self.on_event: Callable[[Event, float], None] = lambda *_: None

    def receive(self, event: Event, now: float) -> None:
        self.events.append(event)
        self._fail()
        self.on_event(event, now)

    def opened(self, flow: Flow, now: float) -> None:
        del now
        self.flows.append(("opened", flow))
        self._fail()

    def closed(self, flow: Flow, now: float) -> None:
        del now
        self.flows.append(("closed", flow))
        self._fail()

    def get_timer(self) -> float | None:
        return self.timer

    def handle_timer(self, now: float) -> None:
        self.timer = None
        self.fired.append(now)
        self._fail()

    def _fail(self) -> None:
        if self.fails:
            raise ZeroDivisionError


class Bench:
    """A stack, its user, and a peer without any stack."""

    def __init__(self, *, max_transactions: int = 100) -> None:
        self.loop = asyncio.get_running_loop()
        self.network = MemoryNetwork(self.loop, seed=1)
        self.edge = Edge()
        self.faults: list[tuple[str, BaseException]] = []
        self.armed: list[asyncio.TimerHandle] = []
        self.stack = Stack(
            clock=self.loop.time,
            call_at=self._call_at,
            fault=lambda where, error: self.faults.append((where, error)),
            max_transactions=max_transactions,
        )
        self.stack.attach(self.edge)
        self.peer = Recorder()

    def _call_at(self, at: float, work: Callable[[], None]) -> asyncio.TimerHandle:
        handle = self.loop.call_at(at, work)
        self.armed.append(handle)
        return handle

    @property
    def timers(self) -> list[float]:
        """Those that are set now."""
        return [handle.when() for handle in self.armed if not handle.cancelled() and handle.when() > self.loop.time()]

    async def connect(self, transport: Transport, *, address: Address = SERVER) -> tuple[MemoryCarrier, Flow, Flow]:
        """Listen, connect the peer; return its carrier, its flow and ours."""
        self.stack.add(self.network.carrier(transport, address, self.stack))
        carrier = self.network.carrier(transport, PEER, self.peer)
        flow = await carrier.connect(address)
        return carrier, flow, flow._replace(local=flow.remote, remote=flow.local)

    def requests(self) -> list[RequestArrived]:
        return [event for event in self.edge.events if isinstance(event, RequestArrived)]


def virtually(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    run_virtual(main())


OPTIONS = request("OPTIONS").encode()


def test_a_request_goes_up_and_its_answer_back_down_the_same_flow() -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, ours = await bench.connect(Transport.TCP)
        carrier.send(flow, OPTIONS)
        await pause(0.1)
        (arrived,) = bench.requests()
        assert (arrived.flow, arrived.request.method) == (ours, "OPTIONS")
        assert bench.stack.respond(arrived.transaction, reply(arrived.request, 200, to_tag="t"), bench.loop.time())
        bench.stack.pump(bench.loop.time())
        await pause(0.1)
        assert received_response(bench.peer.messages[0]).status == 200
        assert bench.edge.flows == [("opened", ours)]

    virtually(test)


class Watched:
    """Implements `Wire`."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Flow, bytes]] = []

    def received(self, flow: Flow, octets: bytes) -> None:
        self.seen.append(("received", flow, octets))

    def sent(self, flow: Flow, octets: bytes) -> None:
        self.seen.append(("sent", flow, octets))


def test_who_watches_the_wire_is_shown_each_message_both_ways() -> None:
    async def test() -> None:
        bench, wire = Bench(), Watched()
        bench.stack = Stack(clock=bench.loop.time, call_at=bench._call_at, fault=lambda *_: None, wire=wire)
        bench.stack.attach(bench.edge)
        carrier, flow, ours = await bench.connect(Transport.TCP)
        carrier.send(flow, OPTIONS)
        await pause(0.1)
        (arrived,) = bench.requests()
        bench.stack.respond(arrived.transaction, reply(arrived.request, 200, to_tag="t"), bench.loop.time())
        bench.stack.pump(bench.loop.time())
        await pause(0.1)
        assert wire.seen == [("received", ours, OPTIONS), ("sent", ours, bench.peer.messages[0])]

    virtually(test)


def test_what_comes_before_there_is_a_user_is_told_as_soon_as_there_is_one() -> None:
    """A server listens a little before it has taken up what its earlier life left open."""

    async def test() -> None:
        bench = Bench()
        bench.stack = Stack(clock=bench.loop.time, call_at=bench._call_at, fault=lambda *_: None)
        carrier, flow, ours = await bench.connect(Transport.TCP)
        carrier.send(flow, OPTIONS)
        carrier.send(flow, OPTIONS)
        await pause(0.1)
        bench.stack.attach(bench.edge)
        invite = bench.stack.adopt(request("INVITE", branch="z9hG4bK-2"), ours)
        assert bench.edge.events == [], "first what was there before them"
        bench.stack.pump(bench.loop.time())
        (arrived,) = bench.requests()
        assert (arrived.flow, arrived.request.method) == (ours, "OPTIONS")
        carrier.send(flow, request("INVITE", branch="z9hG4bK-2").encode())
        await pause(0.1)
        assert (len(bench.requests()), invite.is_answered) == (1, False)
        assert bench.faults == []

    virtually(test)


def test_no_more_than_so_many_messages_wait_for_a_user() -> None:
    async def test() -> None:
        bench = Bench()
        bench.stack = Stack(clock=bench.loop.time, call_at=bench._call_at, fault=lambda *_: None)
        flow = Flow(Transport.UDP, SERVER, PEER)
        octets = request("OPTIONS", branch="z9hG4bK-number").encode()
        for number in range(MAX_EARLY + 5):
            bench.stack.receive([(flow, octets.replace(b"number", b"%d" % number))])
        bench.stack.attach(bench.edge)
        bench.stack.pump(bench.loop.time())
        assert len(bench.requests()) == MAX_EARLY

    virtually(test)


def test_one_timer_serves_all_transactions_and_the_user() -> None:
    async def test() -> None:
        bench = Bench()
        _, _, ours = await bench.connect(Transport.UDP)
        start = bench.loop.time()
        for number in range(50):
            bench.stack.send(request("OPTIONS", branch=f"z9hG4bK-{number}"), ours, start)
        bench.edge.timer = start + 0.2
        bench.stack.pump(start)
        assert bench.timers == [start + 0.2]
        await pause(0.3)
        assert bench.edge.fired == [pytest.approx(start + 0.2)]
        assert bench.timers == [pytest.approx(start + T1)]
        await pause(TIMEOUT + 1)
        failures = [event for event in bench.edge.events if isinstance(event, RequestFailed)]
        assert [event.failure for event in failures] == [Failure.TIMEOUT] * 50
        assert bench.timers == []
        assert bench.stack.is_open(ours)

    virtually(test)


def test_a_timer_that_stands_is_not_set_again() -> None:
    async def test() -> None:
        bench = Bench()
        _, _, ours = await bench.connect(Transport.UDP)
        bench.stack.send(request("OPTIONS"), ours, bench.loop.time())
        for _ in range(10):
            bench.stack.pump(bench.loop.time())
        assert len(bench.armed) == 1

    virtually(test)


def test_a_fault_at_one_message_leaves_the_others_alone() -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, _ = await bench.connect(Transport.TCP)
        bench.edge.fails = True
        carrier.send(flow, OPTIONS)
        await pause(0.1)
        bench.edge.fails = False
        carrier.send(flow, request("OPTIONS", branch="z9hG4bK-2").encode())
        await pause(0.1)
        assert [where for where, _ in bench.faults] == ["RequestArrived"]
        assert isinstance(bench.faults[0][1], ZeroDivisionError)
        assert len(bench.requests()) == 2

    virtually(test)


def test_a_fault_at_a_flow_or_a_timer_is_contained_and_reported() -> None:
    async def test() -> None:
        bench = Bench()
        bench.edge.fails = True
        carrier, flow, ours = await bench.connect(Transport.TCP)
        bench.stack.send(request("OPTIONS"), ours, bench.loop.time())
        bench.edge.timer = bench.loop.time() + 1
        bench.stack.pump(bench.loop.time())
        await pause(2)
        carrier.close_flow(flow)
        await pause(0.1)
        bench.stack.unreadable("not SIP")
        assert [where for where, _ in bench.faults] == ["opened", "timer", "closed", "RequestFailed", "Dropped"]
        assert bench.edge.events[0] == RequestFailed("z9hG4bK-1", "OPTIONS", Failure.TRANSPORT)

    virtually(test)


def test_a_fault_inside_the_transaction_layer_costs_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, _ = await bench.connect(Transport.TCP)

        def broken(*_: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(bench.stack._layer, "receive", broken)
            carrier.send(flow, OPTIONS)
            await pause(0.1)
        carrier.send(flow, OPTIONS)
        await pause(0.1)
        assert [where for where, _ in bench.faults] == ["receive"]
        assert len(bench.requests()) == 1

    virtually(test)


def test_a_flow_that_closes_ends_what_waits_for_an_answer_down_it() -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, ours = await bench.connect(Transport.TLS)
        other = await carrier.connect(SERVER)
        theirs = other._replace(local=other.remote, remote=other.local)
        for number, to in enumerate((ours, ours, theirs)):
            bench.stack.send(request("MESSAGE", branch=f"z9hG4bK-{number}"), to, bench.loop.time())
        bench.stack.pump(bench.loop.time())
        carrier.close_flow(flow)
        await pause(0.1)
        assert bench.edge.flows[-1] == ("closed", ours)
        assert bench.edge.events == [
            RequestFailed(f"z9hG4bK-{number}", "MESSAGE", Failure.TRANSPORT) for number in (0, 1)
        ]
        assert not bench.stack.is_open(ours)
        assert bench.stack.is_open(theirs)

    virtually(test)


def test_sending_down_a_flow_that_is_gone_fails_at_once() -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, ours = await bench.connect(Transport.TCP)
        carrier.close_flow(flow)
        await pause(0.1)
        for gone in (ours, ours._replace(serial=99), ours._replace(transport=Transport.WSS)):
            bench.edge.events.clear()
            bench.stack.send(request("MESSAGE"), gone, bench.loop.time())
            bench.stack.pump(bench.loop.time())
            assert bench.edge.events == [RequestFailed("z9hG4bK-1", "MESSAGE", Failure.TRANSPORT)]
            bench.stack.close_flow(gone)

    virtually(test)


def test_an_answer_to_a_connection_that_is_gone_harms_nobody() -> None:
    """GHSA-g8q2-p36q-94f6: close between the request and our late 200."""

    async def test() -> None:
        bench = Bench()
        carrier, flow, _ = await bench.connect(Transport.TCP)
        carrier.send(flow, request("INVITE").encode())
        await pause(0.1)
        (arrived,) = bench.requests()
        carrier.close_flow(flow)
        await pause(0.1)
        bench.stack.respond(arrived.transaction, reply(arrived.request, 200, to_tag="t"), bench.loop.time())
        bench.stack.pump(bench.loop.time())
        await pause(40)
        assert bench.faults == []
        assert bench.peer.messages == []

    virtually(test)


def test_each_transport_answers_what_came_by_it() -> None:
    async def test() -> None:
        bench = Bench()
        flows = []
        for transport in (Transport.UDP, Transport.TCP, Transport.WS):
            carrier, flow, ours = await bench.connect(transport)
            carrier.send(flow, request("OPTIONS", branch=f"z9hG4bK-{transport}").encode())
            flows.append(ours)
        await pause(0.1)
        assert [arrived.flow for arrived in bench.requests()] == flows
        for arrived in bench.requests():
            bench.stack.respond(arrived.transaction, reply(arrived.request, 200, to_tag="t"), bench.loop.time())
        bench.stack.pump(bench.loop.time())
        await pause(0.1)
        answered = {
            flow.transport: received_response(message)
            for flow, message in zip(bench.peer.flows, bench.peer.messages, strict=True)
        }
        assert {kind: response.via.branch for kind, response in answered.items()} == {
            kind: f"z9hG4bK-{kind}" for kind in (Transport.UDP, Transport.TCP, Transport.WS)
        }

    virtually(test)


def test_two_listeners_of_one_transport_keep_their_flows_apart() -> None:
    async def test() -> None:
        bench = Bench()
        second = Address("10.0.0.9", 5060)
        _, _, first_flow = await bench.connect(Transport.UDP)
        _, _, second_flow = await bench.connect(Transport.UDP, address=second)
        for number, flow in enumerate((first_flow, second_flow)):
            bench.stack.relay(request("ACK", branch=f"z9hG4bK-{number}"), flow)
        bench.stack.pump(bench.loop.time())
        await pause(0.1)
        assert [flow.remote for flow in bench.peer.flows] == [SERVER, second]

    virtually(test)


def test_a_flow_is_found_by_its_connection_when_its_address_is_no_listeners() -> None:
    """A listener on all addresses, and a phone that dials: the flow's local address is another than the listener's."""

    async def test() -> None:
        bench = Bench()
        carrier = bench.network.carrier(Transport.TCP, Address("10.0.0.3", 40_000), bench.stack)
        bench.network.carrier(Transport.TCP, PEER, bench.peer)
        bench.stack.add(carrier, Address("0.0.0.0", 5060))
        flow = await carrier.connect(PEER)
        assert bench.stack.is_open(flow)
        bench.stack.relay(request("ACK"), flow)
        bench.stack.pump(bench.loop.time())
        await pause(0.1)
        assert len(bench.peer.messages) == 1
        bench.stack.relay(request("ACK"), flow)
        bench.stack.pump(bench.loop.time())
        bench.stack.reset_flow(flow)
        bench.stack.reset_flow(flow._replace(transport=Transport.TLS))  # of no transport that is there
        await pause(0.1)
        assert len(bench.peer.messages) == 1
        assert bench.peer.gone == bench.peer.open
        assert not bench.stack.is_open(flow)

    virtually(test)


def test_octets_that_are_no_message_are_dropped_and_told() -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, _ = await bench.connect(Transport.UDP)
        for junk in (b"hello", b"SIP/2.0 42 Odd\r\n\r\n", b"\xff" * 100, octets("SIP/2.0 200 OK", *request_fields())):
            carrier.send(flow, junk)
        await pause(0.1)
        assert len(bench.edge.events) == 4
        assert all(isinstance(event, Dropped) for event in bench.edge.events)
        assert bench.peer.messages == []

    virtually(test)


def test_a_websocket_message_with_a_short_body_is_400() -> None:
    """RFC 3261 section 18.3: what is cut from a stream is exact, a frame may lie as a datagram may."""

    async def test() -> None:
        for transport in (Transport.WS, Transport.UDP):
            bench = Bench()
            carrier, flow, _ = await bench.connect(transport)
            short = octets("OPTIONS sip:b@example.com SIP/2.0", *request_fields(), "Content-Length: 100", body=b"short")
            carrier.send(flow, short)
            await pause(0.1)
            (arrived,) = bench.requests()
            assert arrived.request.defect is not None
            assert arrived.request.defect.status == 400

    virtually(test)


def test_more_transactions_than_may_be_held_are_503() -> None:
    async def test() -> None:
        bench = Bench(max_transactions=3)
        carrier, flow, _ = await bench.connect(Transport.UDP)
        for number in range(5):
            carrier.send(flow, request("OPTIONS", branch=f"z9hG4bK-{number}").encode())
        await pause(0.1)
        assert len(bench.requests()) == 3
        assert [received_response(message).status for message in bench.peer.messages] == [503, 503]

    virtually(test)


def test_what_an_event_brings_about_leaves_in_the_same_turn() -> None:
    """The user answers from inside `receive`, and asks to pump: that must not begin another round inside."""

    async def test() -> None:
        bench = Bench()
        carrier, flow, _ = await bench.connect(Transport.TCP)

        def on_event(event: Event, now: float) -> None:
            if isinstance(event, RequestArrived):
                bench.stack.respond(event.transaction, reply(event.request, 200, to_tag="t"), now)
                bench.stack.pump(now)

        bench.edge.on_event = on_event
        for number in range(3):
            carrier.send(flow, request("OPTIONS", branch=f"z9hG4bK-{number}").encode())
        await pause(0.01)
        assert [received_response(message).status for message in bench.peer.messages] == [200] * 3

    virtually(test)


def test_the_verbs_reach_the_transaction_layer() -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, ours = await bench.connect(Transport.TCP)
        now = bench.loop.time()
        invite = request("INVITE")
        bench.stack.send(invite, ours, now)
        with pytest.raises(LocalProtocolError):
            bench.stack.send(invite, ours, now)
        bench.stack.pump(now)
        carrier.send(flow, answer(invite, 180).encode())
        await pause(0.1)
        assert bench.stack.cancel("z9hG4bK-1", "SIP;cause=200", bench.loop.time())
        bench.stack.pump(bench.loop.time())
        await pause(0.1)
        assert [message.split(b" ", 1)[0] for message in bench.peer.messages] == [b"INVITE", b"CANCEL"]
        assert b"Reason: SIP;cause=200\r\n" in bench.peer.messages[1]
        bench.stack.abandon("z9hG4bK-1", "INVITE")
        assert not bench.stack.cancel("z9hG4bK-1", "", bench.loop.time())
        carrier.send(flow, answer(invite, 200).encode())
        await pause(0.1)
        assert isinstance(bench.edge.events[0], ResponseArrived)
        assert bench.edge.events[1:] == [Dropped("a response matches no request of ours")]

    virtually(test)


def test_a_request_that_is_quieted_is_sent_no_more() -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, ours = await bench.connect(Transport.UDP)
        invite = request("INVITE")
        bench.stack.send(invite, ours, bench.loop.time())
        bench.stack.pump(bench.loop.time())
        await pause(1)
        bench.stack.quiet("z9hG4bK-1", bench.loop.time())
        bench.stack.pump(bench.loop.time())
        await pause(20)
        assert len(bench.peer.messages) == 2
        carrier.send(flow, answer(invite, 180).encode())
        await pause(1)
        assert isinstance(bench.edge.events[0], ResponseArrived)

    virtually(test)


def test_an_invite_of_an_earlier_life_is_answered_and_acknowledged() -> None:
    async def test() -> None:
        bench = Bench()
        carrier, flow, ours = await bench.connect(Transport.TCP)
        invite = request("INVITE")
        transaction = bench.stack.adopt(invite, ours)
        assert bench.stack.respond(transaction, reply(invite, 480, to_tag="t"), bench.loop.time())
        bench.stack.pump(bench.loop.time())
        carrier.send(flow, request("INVITE").encode())
        await pause(0.1)
        assert [received_response(message).status for message in bench.peer.messages] == [480, 480]
        assert bench.requests() == [], "the retransmission is absorbed"
        carrier.send(flow, request("ACK", to_tag="t").encode())
        await pause(0.1)
        assert not any(isinstance(event, AckArrived) for event in bench.edge.events)

    virtually(test)


def test_without_a_user_nothing_is_told_and_nothing_breaks() -> None:
    async def test() -> None:
        bench = Bench()
        bench.stack._user = None
        carrier, flow, _ = await bench.connect(Transport.TCP)
        carrier.send(flow, OPTIONS)
        carrier.close_flow(flow)
        await pause(60)
        bench.stack.unreadable("x")
        assert bench.faults == []

    virtually(test)


def test_after_close_nothing_is_told_and_no_timer_fires() -> None:
    """Reliability F9: what was under way must not fail because we leave; the next life takes it up."""

    async def test() -> None:
        bench = Bench()
        carrier, flow, ours = await bench.connect(Transport.TCP)
        bench.stack.send(request("OPTIONS"), ours, bench.loop.time())
        bench.edge.timer = bench.loop.time() + 1
        bench.stack.pump(bench.loop.time())
        assert bench.timers != []
        carrier.send(flow, OPTIONS)
        await bench.stack.close()
        await pause(1.0)
        bench.stack.receive([(ours, OPTIONS)])
        bench.stack.opened(ours)
        bench.stack.unreadable("junk")
        bench.edge.timer = bench.loop.time() + 1
        bench.stack.pump(bench.loop.time())
        await pause(60)
        assert bench.edge.flows == [("opened", ours)]
        assert bench.edge.events == []
        assert bench.timers == []
        assert bench.edge.fired == []
        assert not bench.stack.is_open(ours)

    virtually(test)


def test_a_stack_without_timers_can_be_closed() -> None:
    async def test() -> None:
        bench = Bench()
        await bench.stack.close()
        assert bench.armed == []

    virtually(test)


def test_over_udp_an_answer_goes_to_where_the_request_came_from() -> None:
    """RFC 3581: Via names another host and port, as behind a NAT."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        edge, peer = Edge(), Recorder()
        stack = Stack(clock=loop.time, call_at=loop.call_at, fault=lambda *_: None)
        stack.attach(edge)

        def on_event(event: Event, now: float) -> None:
            if isinstance(event, RequestArrived):
                stack.respond(event.transaction, reply(event.request, 200, to_tag="t"), now)

        edge.on_event = on_event
        one = Udp.bind(Address("127.0.0.1", 0), stack, loop)
        other = Udp.bind(Address("127.0.0.1", 0), stack, loop)
        stack.add(one)
        stack.add(other)
        phone = Udp.bind(Address("127.0.0.1", 0), peer, loop)
        (here,) = phone.addresses()
        for count, carrier in enumerate((one, other), 1):
            (server,) = carrier.addresses()
            assert phone.send(Flow(Transport.UDP, here, server), request("OPTIONS", branch=f"z9hG4bK{count}").encode())
            await peer.until_received(count)
            assert peer.flows[-1].remote == server, "from the port that it came in on"
            via = received_response(peer.messages[-1]).via
            assert (via.params.get("received"), via.params.get("rport")) == (here.host, str(here.port))
        await phone.close()
        await stack.close()

    run_real(main())
