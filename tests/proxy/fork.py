"""A forked request whose phones are played by the test: real messages, a real server transaction."""

from __future__ import annotations

from tests.support.sip_messages import LOCAL, UDP, received_response, request

from ringwake.model.effects import AbandonBranch, CancelBranch, Effects, Forward, Respond
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.routing import Hop, forward
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply
from ringwake.sip.transactions.key import server_key
from ringwake.sip.transactions.servers import Servers


def flow(number: int = 1) -> Flow:
    """A phone's connection: each number is another one."""
    return Flow(Transport.TLS, LOCAL, Address("203.0.113.7", 40_000 + number), serial=number, node="n1")


class Fork:
    """A response context, and what its phones were sent."""

    def __init__(self, method: str = "INVITE", *, lapse: int = 480, fields: tuple[str, ...] = ()) -> None:
        self.request = request(method, "Contact: <sip:boss@198.51.100.7>", "Subject: x", *fields)
        key = server_key(self.request, self.request.via, method)
        transaction = Servers().open(key, self.request, UDP)
        self.context = ResponseContext(transaction, self.request, to_tag="us", lapse=lapse)
        self.sent: dict[str, Request] = {}
        """What each phone was sent last."""

    def begin(self, device: str, to: Flow | None = None) -> Effects:
        """Send the request to a phone."""
        to = to or flow()
        composed = forward(self.request, Hop(flow=to, branch=branch(device), uri=f"sip:{device}@203.0.113.7"))
        effects = self.context.begin(device, composed, to)
        for effect in effects:
            if isinstance(effect, Forward):
                self.sent[device] = effect.request
        return effects

    def answer(self, device: str, status: int, *fields: tuple[str, str], tag: str = "") -> Effects:
        """Let a phone answer."""
        answered = reply(self.sent[device], status, to_tag=tag or device, headers=fields)
        return self.context.response(branch(device), received_response(answered.encode()))

    def all_begin(self, *devices: str) -> None:
        """Send the request to some phones."""
        for number, device in enumerate(devices):
            self.begin(device, flow(number))


def branch(device: str) -> str:
    """Return the Via branch of what a phone is sent."""
    return f"z9hG4bK-to-{device}"


def said(effects: Effects) -> list[int]:
    """Return the statuses that go to the caller."""
    return [effect.response.status for effect in effects if isinstance(effect, Respond)]


def response(effects: Effects) -> Response:
    """Return the one response that goes to the caller."""
    (found,) = (effect.response for effect in effects if isinstance(effect, Respond))
    return found


def cancelled(effects: Effects) -> list[tuple[str, str]]:
    """Return the cancelled branches, each with the Reason."""
    return [(effect.branch, effect.reason) for effect in effects if isinstance(effect, CancelBranch)]


def abandoned(effects: Effects) -> list[str]:
    """Return the branches that end without a word."""
    return [effect.branch for effect in effects if isinstance(effect, AbandonBranch)]


def forwarded(effects: Effects) -> list[Flow]:
    """Return the flows down which the request goes."""
    return [effect.flow for effect in effects if isinstance(effect, Forward)]
