"""Two layers on a wire that loses one message after the other: every exchange comes to the same end.

A message is lost by not being delivered, and time passes by jumping to the next timer: no sleeps, no clock.
"""

from collections import deque

import pytest
from tests.support.sip_messages import LOCAL, PEER, request

from ringwake.sip.flow import Flow, Transport
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import AckArrived, RequestArrived, RequestFailed, ResponseArrived
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.transactions.servers import ServerTransaction

DELAY = 0.01
CALLER = Flow(Transport.UDP, PEER, LOCAL)
CALLEE = Flow(Transport.UDP, LOCAL, PEER)


class Call:
    """A caller and a callee, each a layer and what its user does."""

    def __init__(self, script: list[int], lost: int, *, hangs_up: bool = False) -> None:
        self.script = script
        self.lost = lost
        self.hangs_up = hangs_up
        self.layers = {CALLER: TransactionLayer(), CALLEE: TransactionLayer()}
        self.wire: deque[tuple[float, Flow, bytes]] = deque()
        self.count = 0
        self.now = 0.0
        self.heard: list[int] = []
        self.asked: list[str] = []
        self.failed: list[RequestFailed] = []
        self.acks = 0
        self.answered: ServerTransaction | None = None
        self.repeat_at: float | None = None
        """When the callee sends its 200 again: over UDP that is its user's duty (RFC 3261 section 13.3.1.4)."""

    def run(self, method: str) -> None:
        """Send a request and let all come to its end."""
        self.method = method
        self.layers[CALLER].send(request(method), CALLER, 0.0)
        self._drain()
        while (at := self._next()) is not None:
            self.now = at
            if self.wire and self.wire[0][0] <= at:
                _, flow, octets = self.wire.popleft()
                self.layers[flow].receive(parse(octets), flow, at)
            elif self.repeat_at == at:
                self._repeat()
            for layer in self.layers.values():
                layer.handle_timer(at)
            self._drain()

    def _next(self) -> float | None:
        times = [layer.get_timer() for layer in self.layers.values()]
        times += [self.repeat_at, self.wire[0][0] if self.wire else None]
        return min((at for at in times if at is not None), default=None)

    def _drain(self) -> None:
        for side, other in ((CALLER, CALLEE), (CALLEE, CALLER)):
            for event in self.layers[side].events():
                self._user(event)
            for flow, octets in self.layers[side].outputs():
                assert flow == side, "both sides use their one port only"
                self.count += 1
                if self.count != self.lost:
                    self.wire.append((self.now + DELAY, other, octets))

    def _user(self, event: object) -> None:
        match event:
            case RequestArrived(request=asked):
                self.asked.append(asked.method)
                self._serve(event)
            case AckArrived():
                self.acks += 1
                self.repeat_at = None
            case ResponseArrived(method="CANCEL"):
                pass
            case ResponseArrived(response=response):
                self._listen(response.status)
            case RequestFailed():
                self.failed.append(event)

    def _serve(self, arrived: RequestArrived) -> None:
        callee = self.layers[CALLEE]
        if arrived.request.method == "CANCEL":
            callee.respond(arrived.transaction, reply(arrived.request, 200, to_tag="b1"), self.now)
            if arrived.target is not None:
                callee.respond(arrived.target, reply(request("INVITE"), 487, to_tag="b1"), self.now)
            return
        for status in self.script:
            response = reply(arrived.request, status, to_tag="" if status == 100 else "b1")
            assert callee.respond(arrived.transaction, response, self.now)
            if self.method == "INVITE" and 200 <= status < 300:
                self.answered = arrived.transaction
                self.repeat_at = self.now + 0.5

    def _repeat(self) -> None:
        assert self.answered is not None
        self.layers[CALLEE].respond(self.answered, reply(request("INVITE"), 200, to_tag="b1"), self.now)
        self.repeat_at = self.now + 0.5

    def _listen(self, status: int) -> None:
        self.heard.append(status)
        if self.hangs_up and status < 200:
            assert self.layers[CALLER].cancel("z9hG4bK-1", "", self.now)
        if self.method == "INVITE" and 200 <= status < 300:
            self.layers[CALLER].relay(request("ACK", branch="z9hG4bK-ack", to_tag="b1"), CALLER)


EXCHANGES = {
    "REGISTER answered at once": ("REGISTER", [200], False, 2),
    "REGISTER refused": ("REGISTER", [403], False, 2),
    "MESSAGE after a 100": ("MESSAGE", [100, 202], False, 3),
    "INVITE answered": ("INVITE", [100, 180, 200], False, 5),
    "INVITE answered without ringing": ("INVITE", [200], False, 3),
    "INVITE declined": ("INVITE", [100, 180, 603], False, 5),
    "INVITE declined without ringing": ("INVITE", [486], False, 3),
    "INVITE cancelled": ("INVITE", [100, 180], True, 7),
    "INVITE cancelled before it rings": ("INVITE", [100], True, 6),
}
WALKS = [
    pytest.param(method, script, hangs_up, lost, id=f"{name}, {f'number {lost} lost' if lost else 'nothing lost'}")
    for name, (method, script, hangs_up, messages) in EXCHANGES.items()
    for lost in range(messages + 1)
]


@pytest.mark.parametrize(("method", "script", "hangs_up", "lost"), WALKS)
def test_one_lost_message_changes_nothing_in_the_end(method: str, script: list[int], hangs_up: bool, lost: int) -> None:
    call = Call(script, lost, hangs_up=hangs_up)
    call.run(method)
    assert call.failed == []
    assert call.asked == ([method, "CANCEL"] if hangs_up else [method]), "the callee's user hears each request once"
    final = 487 if hangs_up else script[-1]
    finals = [status for status in call.heard if status >= 200]
    assert set(finals) == {final}
    assert len(finals) == 1 or (method == "INVITE" and final == 200), "only a 2xx to INVITE comes up again"
    assert (call.acks > 0) == (method == "INVITE" and final == 200)
    assert all(len(layer) == 0 for layer in call.layers.values()), "no transaction outlives the exchange"


@pytest.mark.parametrize(("method", "script", "hangs_up", "messages"), EXCHANGES.values(), ids=EXCHANGES)
def test_without_loss_nothing_is_sent_twice(method: str, script: list[int], hangs_up: bool, messages: int) -> None:
    call = Call(script, 0, hangs_up=hangs_up)
    call.run(method)
    assert call.count == messages


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
def test_when_all_is_lost_the_caller_gives_up_after_32_seconds(method: str) -> None:
    call = Call([200], 0)
    call.layers[CALLEE] = DeafLayer()
    call.run(method)
    assert [failure.method for failure in call.failed] == [method]
    assert call.now == 32.0
    assert len(call.layers[CALLER]) == 0


class DeafLayer(TransactionLayer):
    """Hears nothing."""

    def receive(self, *_: object) -> None:
        """Lose it."""
