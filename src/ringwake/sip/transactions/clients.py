"""Client transactions: requests of ours, until they have their final response."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.sip.errors import LocalProtocolError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, CANCEL, INVITE
from ringwake.sip.timers import Deadlines
from ringwake.sip.transactions import invite_client, non_invite_client
from ringwake.sip.transactions.derived import ack_to_failure, cancel
from ringwake.sip.transactions.events import Event, Failure, RequestFailed, ResponseArrived
from ringwake.sip.transactions.key import ClientKey
from ringwake.sip.transactions.machine import Do, Machine, State, Trigger, trigger_of


@dataclass(slots=True, eq=False)
class ClientTransaction:
    """A request of ours."""

    key: ClientKey
    machine: Machine
    flow: Flow
    request: Request
    octets: bytes
    cancel_reason: str | None = None
    """Wanted as soon as a provisional response allows it (RFC 3261 section 9.1)."""


class Clients:
    """All client transactions of one stack."""

    __slots__ = ("_by_flow", "_deadlines", "_known", "events", "outputs")

    def __init__(self) -> None:
        self._known: dict[ClientKey, ClientTransaction] = {}
        self._by_flow: dict[Flow, dict[ClientKey, ClientTransaction]] = {}
        self._deadlines: Deadlines[ClientTransaction] = Deadlines()
        self.events: list[Event] = []
        self.outputs: list[tuple[Flow, bytes]] = []

    def __len__(self) -> int:
        return len(self._known)

    def send(self, request: Request, flow: Flow, now: float) -> None:
        """Send a request; the branch of its top Via names the transaction.

        Raises:
            LocalProtocolError: the branch is in use, or the method is ACK.
        """
        key = (request.via.branch, request.method)
        if request.method == ACK or key in self._known:
            raise LocalProtocolError("a client transaction needs a branch of its own")
        is_invite = request.method == INVITE
        table, state = (invite_client.TABLE, State.CALLING) if is_invite else (non_invite_client.TABLE, State.TRYING)
        machine = Machine(table, state, reliable=flow.transport.is_reliable)
        transaction = ClientTransaction(key, machine, flow, request, request.encode())
        self._known[key] = transaction
        self._by_flow.setdefault(flow, {})[key] = transaction
        self._fire(transaction, Trigger.START, None, now)

    def receive(self, key: ClientKey, response: Response, now: float) -> bool:
        """Take a response; False when it matches no transaction."""
        transaction = self._known.get(key)
        if transaction is None:
            return False
        is_first = transaction.machine.state is State.CALLING
        self._fire(transaction, trigger_of(response.status), response, now)
        if is_first and transaction.cancel_reason is not None:
            # Once: a later 1xx neither brings a second CANCEL nor puts off the end (section 9.1).
            self._fire(transaction, Trigger.CANCEL, None, now)
        return True

    def cancel(self, branch: str, reason: str, now: float) -> bool:
        """CANCEL an INVITE, now or as soon as it has a provisional response; False when it has a final one."""
        transaction = self._known.get((branch, INVITE))
        if transaction is None or transaction.machine.state not in (State.CALLING, State.PROCEEDING):
            return False
        if transaction.cancel_reason is None:
            transaction.cancel_reason = reason
            self._fire(transaction, Trigger.CANCEL, None, now)
        return True

    def quiet(self, branch: str, now: float) -> None:
        """Send an INVITE no more, but take what still comes."""
        transaction = self._known.get((branch, INVITE))
        if transaction is not None:
            self._fire(transaction, Trigger.QUIET, None, now)

    def abandon(self, branch: str, method: str) -> None:
        """Forget a request without a word."""
        transaction = self._known.get((branch, method))
        if transaction is not None:
            self._forget(transaction)

    def flow_broken(self, flow: Flow, now: float) -> None:
        """End what waits for an answer down this flow (section 17.1.4)."""
        for transaction in tuple(self._by_flow.get(flow, {}).values()):
            self._fire(transaction, Trigger.BROKEN, None, now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._deadlines.first()

    def handle_timer(self, now: float) -> None:
        """Fire all timers that are due."""
        while (transaction := self._deadlines.pop_due(now)) is not None:
            self._settle(transaction, transaction.machine.handle_timer(now), None, now)

    def _fire(self, transaction: ClientTransaction, trigger: Trigger, response: Response | None, now: float) -> None:
        self._settle(transaction, transaction.machine.fire(trigger, now), response, now)

    def _settle(
        self, transaction: ClientTransaction, did: tuple[Do, ...], response: Response | None, now: float
    ) -> None:
        for action in did:
            self._do(transaction, action, response, now)
        at = transaction.machine.get_timer()
        if transaction.machine.state is State.TERMINATED:
            self._forget(transaction)
        elif at is None:
            self._deadlines.drop(transaction)
        else:
            self._deadlines.set(transaction, at)

    def _do(self, transaction: ClientTransaction, action: Do, response: Response | None, now: float) -> None:
        branch, method = transaction.key
        match action:
            case Do.SEND | Do.RESEND:
                self.outputs.append((transaction.flow, transaction.octets))
            case Do.PASS if response is not None:
                self.events.append(ResponseArrived(branch, method, response))
            case Do.ACK if response is not None:
                self.outputs.append((transaction.flow, ack_to_failure(transaction.request, response).encode()))
            case Do.CANCEL if (branch, CANCEL) not in self._known:
                self.send(cancel(transaction.request, transaction.cancel_reason or ""), transaction.flow, now)
            case Do.REPORT_TIMEOUT:
                self.events.append(RequestFailed(branch, method, Failure.TIMEOUT))
            case Do.REPORT_BROKEN:
                self.events.append(RequestFailed(branch, method, Failure.TRANSPORT))
            case _:
                pass

    def _forget(self, transaction: ClientTransaction) -> None:
        self._known.pop(transaction.key, None)
        self._deadlines.drop(transaction)
        same_flow = self._by_flow.get(transaction.flow, {})
        same_flow.pop(transaction.key, None)
        if not same_flow:
            self._by_flow.pop(transaction.flow, None)
