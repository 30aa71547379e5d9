"""One relayed call: which description is an offer, which one an answer, and who reads it how.

Offers and answers by RFC 3264, RFC 3261 section 13.2.1, RFC 3262 section 5 and RFC 3311: an INVITE without an offer is
offered to by its response and answered by its ACK or PRACK.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from ringwake.edge.media.turns import Turns
from ringwake.model.media import Described, Dialog, Manner, Outcome, Role
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import address
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.methods import ACK, INVITE, PRACK, UPDATE
from ringwake.sip.session_body import find_sdp, replace_sdp
from ringwake.sip.transactions.servers import ServerTransaction

M = TypeVar("M", Request, Response)
_NEGOTIATES = frozenset({INVITE, PRACK, UPDATE})


@dataclass(slots=True, eq=False)
class Leg:
    """A request of ours whose responses may carry a description."""

    request: Request
    has_offer: bool
    is_initial: bool
    """Whether it is an INVITE that begins a dialog: a branch of the call."""
    is_held: bool = True
    """Whether it waits for the relay and was not sent yet."""
    is_cancelled: bool = False
    """Whether it is not to be sent any more, and answered with 487."""
    is_abandoned: bool = False
    """Whether it is not to be sent any more, without a word."""
    is_quiet: bool = False
    """Whether it is to be sent once at most."""
    is_over: bool = False
    """Whether it has a final response."""
    rewritten: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    """By To-tag: the newest description as it came and as it went on, for responses that come again."""

    @property
    def branch(self) -> str:
        """The branch of its Via."""
        return self.request.via.branch


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is to be asked of the relay."""

    role: Role
    dialog: Dialog
    sdp: bytes
    place: slice
    """Where in the body it stands."""
    to: Manner

    @property
    def writer(self) -> str:
        """Tag of who wrote the description."""
        return self.dialog.offerer if self.role is Role.OFFER else self.dialog.answerer


class RelayedCall:
    """The state of one Call-ID."""

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self.turns = Turns()
        self.legs: dict[str, Leg] = {}
        """By branch."""
        self.waiting: set[ServerTransaction] = set()
        """Its INVITEs that have no final response yet: phones may still be waking."""
        self.has_leftover = False
        """Whether the relay may still have a leg that was forgotten without a word."""
        self._caller = ""
        self._dialogs: set[frozenset[str]] = set()
        self._manners: dict[str, Manner] = {}
        self._owed: set[tuple[str, str]] = set()
        """Offerer and answerer of offers that responses made, and that nobody has answered yet."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing more is to come: no INVITE waits, no branch is under way, and no dialog is open."""
        is_quiet = all(leg.is_over for leg in self.legs.values() if leg.is_initial)
        return is_quiet and not self.waiting and not self._dialogs

    def came(self, request: Request, guess: Manner | None) -> None:
        """Take note of the caller of a new INVITE, and how its flow lets us guess that it wants its media."""
        caller, _ = tags(request)
        if guess is not None:
            self._manners.setdefault(caller, guess)

    def sent(self, request: Request, guess: Manner | None) -> tuple[Leg | None, Exchange | None]:
        """Take a request that is to be sent.

        Args:
            request: with the branch in its top Via.
            guess: how media is wanted where its flow leads, or None.

        Returns:
            The leg, if responses may carry descriptions, and what is to be asked before it goes.
        """
        sender, reader = tags(request)
        place = find_sdp(request)
        is_answer = request.method == ACK or (request.method == PRACK and (reader, sender) in self._owed)
        leg = None
        if request.method in _NEGOTIATES:
            has_offer = place is not None and not is_answer
            leg = Leg(request, has_offer, is_initial=request.method == INVITE and not reader)
            self._add(leg)
            if leg.is_initial:
                self._caller = sender
        if place is None or not (leg or is_answer):
            return leg, None
        sdp = request.body[place]
        if is_answer:
            self._owed.discard((reader, sender))
            dialog = Dialog(call_id=self.call_id, offerer=reader, answerer=sender)
            return leg, self._exchange(Role.ANSWER, dialog, sdp, place, guess=guess)
        branch = "" if reader else request.via.branch
        dialog = Dialog(call_id=self.call_id, offerer=sender, answerer=reader, branch=branch)
        return leg, self._exchange(Role.OFFER, dialog, sdp, place, guess=guess)

    def heard(self, leg: Leg, response: Response) -> tuple[Response, Exchange | None]:
        """Take a response.

        Returns:
            The response, rewritten already if it is one that has come before, and what is to be asked before it goes.
        """
        requester, responder = tags(response)
        if response.status >= 200:
            leg.is_over = True
            if leg.request.method == INVITE and response.status < 300:
                self._dialogs.add(frozenset((requester, responder)))
        place = find_sdp(response)
        if place is None or response.status >= 300 or not (leg.has_offer or leg.request.method == INVITE):
            return response, None
        sdp = response.body[place]
        before, after = leg.rewritten.get(responder, (b"", b""))
        if sdp == before:
            again = response.copy()
            replace_sdp(again, place, after)
            return again, None
        if leg.has_offer:
            branch = leg.branch if leg.is_initial else ""
            dialog = Dialog(call_id=self.call_id, offerer=requester, answerer=responder, branch=branch)
            return response, self._exchange(Role.ANSWER, dialog, sdp, place)
        self._owed.add((responder, requester))
        dialog = Dialog(call_id=self.call_id, offerer=responder, answerer=requester)
        return response, self._exchange(Role.OFFER, dialog, sdp, place)

    def hung_up(self, message: Message) -> Dialog:
        """Take the BYE of a dialog, or its 2xx; returns the dialog as its caller began it."""
        sender, reader = tags(message)
        self._dialogs.discard(frozenset((sender, reader)))
        if reader == self._caller:
            sender, reader = reader, sender
        return Dialog(call_id=self.call_id, offerer=sender, answerer=reader)

    def _add(self, leg: Leg) -> None:
        self.legs.pop(leg.branch, None)  # one that is sent again is the newest
        self.legs[leg.branch] = leg

    def _exchange(
        self, role: Role, dialog: Dialog, sdp: bytes, place: slice, *, guess: Manner | None = None
    ) -> Exchange:
        writer, reader = dialog.offerer, dialog.answerer
        if role is Role.ANSWER:
            writer, reader = reader, writer
        manner = manner_of(sdp)
        self._manners[writer] = manner
        to = self._manners.get(reader) or guess or Manner(is_ice=manner.is_ice)
        return Exchange(role, dialog, sdp, place, to if manner.profile else Manner())


def rewritten(message: M, exchange: Exchange | None, outcome: Outcome | None) -> M:
    """Return a message with the relay's description in the place of its own, or as it is."""
    if exchange is None or not isinstance(outcome, Described):
        return message
    copy = message.copy()
    replace_sdp(copy, exchange.place, outcome.sdp)
    return copy


def manner_of(sdp: bytes) -> Manner:
    """Return how the writer of a description wants its media; no profile when it has no RTP stream (a fax, T.38)."""
    profile, is_ice = "", False
    for line in sdp.split(b"\n"):
        words = line.split()
        if line.startswith(b"m=") and len(words) > 2 and b"RTP/" in words[2] and not profile:
            profile = words[2].decode("ascii", "replace")
        is_ice = is_ice or line.startswith(b"a=ice-ufrag:")
    return Manner(profile, is_ice)


def tags(message: Message) -> tuple[str, str]:
    """Return the tags of From and To; empty where there is none, or none that can be read."""
    return _tag(message, "from"), _tag(message, "to")


def _tag(message: Message, key: str) -> str:
    try:
        return address(message.headers, key).tag or ""
    except ParseError:
        return ""
