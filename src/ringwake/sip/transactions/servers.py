"""Server transactions: requests of others, until their answer has safely arrived."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.sip.flow import Flow, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import INVITE
from ringwake.sip.replies import reply
from ringwake.sip.timers import Deadlines
from ringwake.sip.transactions import invite_server, non_invite_server
from ringwake.sip.transactions.key import ServerKey
from ringwake.sip.transactions.machine import Do, Machine, State, Trigger, trigger_of
from ringwake.sip.via import Via


@dataclass(slots=True, eq=False)
class ServerTransaction:
    """A request to be answered."""

    key: ServerKey
    machine: Machine
    flow: Flow
    """Where answers go."""
    request: Request | None
    """Until it is answered, to say 100 to; an INVITE's 100 is the user's."""
    octets: bytes = b""
    """The last response: with the key all that is left of an answered non-INVITE."""
    is_answered: bool = False
    """Whether a final response was given."""


class Servers:
    """All server transactions of one stack."""

    __slots__ = ("_deadlines", "_known", "outputs")

    def __init__(self) -> None:
        self._known: dict[ServerKey, ServerTransaction] = {}
        self._deadlines: Deadlines[ServerTransaction] = Deadlines()
        self.outputs: list[tuple[Flow, bytes]] = []

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: ServerKey) -> ServerTransaction | None:
        """Return a transaction by its key."""
        return self._known.get(key)

    def open(self, key: ServerKey, request: Request, flow: Flow) -> ServerTransaction:
        """Begin a transaction; `flow` is where its answers go. It runs from the trigger START on."""
        table, state = (
            (invite_server.TABLE, State.PROCEEDING)
            if request.method == INVITE
            else (non_invite_server.TABLE, State.TRYING)
        )
        machine = Machine(table, state, reliable=flow.transport.is_reliable)
        waiting = None if request.method == INVITE else request
        transaction = self._known[key] = ServerTransaction(key, machine, flow, waiting)
        return transaction

    def receive(self, transaction: ServerTransaction, trigger: Trigger, now: float) -> bool:
        """Take a retransmission or an ACK; True when it is to be passed up."""
        did = transaction.machine.fire(trigger, now)
        self._settle(transaction, did)
        return Do.PASS in did

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> bool:
        """Answer; False when the machine absorbs it, as it does a second final response (but for another 2xx)."""
        trigger = trigger_of(response.status)
        did = transaction.machine.fire(trigger, now)
        if Do.SEND not in did:
            return False
        transaction.octets, transaction.request = response.encode(), None
        transaction.is_answered = transaction.is_answered or trigger is not Trigger.PROVISIONAL
        self.outputs.append((transaction.flow, transaction.octets))
        self._settle(transaction, did)
        return True

    def dismiss(self, transaction: ServerTransaction, response: Response) -> None:
        """Answer, and keep nothing: what comes again begins anew (RFC 3261 section 8.2.7)."""
        self.outputs.append((transaction.flow, response.encode()))
        transaction.machine.state, transaction.is_answered = State.TERMINATED, True
        transaction.request = None  # its deadline may stay in the heap for a while, and it with it
        self._known.pop(transaction.key, None)
        self._deadlines.drop(transaction)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._deadlines.first()

    def handle_timer(self, now: float) -> None:
        """Fire all timers that are due."""
        while (transaction := self._deadlines.pop_due(now)) is not None:
            self._settle(transaction, transaction.machine.handle_timer(now))

    def _settle(self, transaction: ServerTransaction, did: tuple[Do, ...]) -> None:
        if Do.TRYING in did and transaction.request is not None:
            transaction.octets, transaction.request = reply(transaction.request, 100).encode(), None
            self.outputs.append((transaction.flow, transaction.octets))
        if Do.RESEND in did and transaction.octets:
            self.outputs.append((transaction.flow, transaction.octets))
        at = transaction.machine.get_timer()
        if transaction.machine.state is State.TERMINATED:
            self._known.pop(transaction.key, None)
            self._deadlines.drop(transaction)
        elif at is None:
            self._deadlines.drop(transaction)
        else:
            self._deadlines.set(transaction, at)


def answer_flow(flow: Flow, via: Via) -> Flow:
    """Return the flow of the answers: over UDP to where Via says, from the port it came in on (RFC 3581 section 4).

    Raises:
        ParseError: the Via's rport is no port.
    """
    if flow.transport is not Transport.UDP:
        return flow
    return flow._replace(remote=via.answer_to(flow.transport.default_port))
