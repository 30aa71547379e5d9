"""A transaction layer that is fed by hand, for the tests of the layer."""

from tests.support.sip_messages import UDP, request

from ringwake.sip.flow import Flow
from ringwake.sip.message import Message, Request
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import Event, RequestArrived
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.transactions.servers import ServerTransaction


class Server:
    """A layer, and what came of it."""

    def __init__(self, *, most: int = 100) -> None:
        self.layer = TransactionLayer(max_transactions=most)

    def take(self, message: Message, flow: Flow = UDP, now: float = 0.0) -> list[Event]:
        """Receive a message; return what it became."""
        self.layer.receive(message, flow, now)
        return self.layer.events()

    def arrive(self, message: Request, flow: Flow = UDP, now: float = 0.0) -> RequestArrived:
        """Receive what must become one new request."""
        (event,) = self.take(message, flow, now)
        assert isinstance(event, RequestArrived)
        return event

    def respond(self, transaction: ServerTransaction, status: int, now: float = 0.0, method: str = "INVITE") -> None:
        assert self.layer.respond(transaction, reply(request(method), status, to_tag="b1"), now)

    def answers(self) -> list[tuple[Flow, int]]:
        """What was sent since the last call: where, and the status."""
        return [(flow, int(sent[8:11])) for flow, sent in self.layer.outputs()]

    def run(self, until: float) -> None:
        while (at := self.layer.get_timer()) is not None and at <= until:
            self.layer.handle_timer(at)
