"""What holds at the end of every story. Each claim yields a sentence for each time it does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.simulation.story import OVER, Story
from tests.support.world import SERVER

from ringwake.edge import refresh, upkeep
from ringwake.model.events import Happened
from ringwake.model.message_ops import MessageDone
from ringwake.model.store_ops import CancelCall, Decline, Finish, Park
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.parser import parse


def every_caller_hears_the_end_of_its_call(story: Story) -> Iterator[str]:
    """But for an end that was lost and whose sender died before it sent it again: of a 2xx a phone, else the server."""
    finals = _finals(story)
    for attempt in story.attempts:
        call = attempt.call
        said = finals.get((call.call_id, call.invite.via.branch), set())
        is_lost = any(status < 300 for status in said) or (said and attempt.was_under_way_at_any(story.deaths))
        if call.state not in OVER and not is_lost:
            yield f"{call.call_id}: its caller waits for ever ({call.state.value})"


def every_invite_gets_one_final_response(story: Story) -> Iterator[str]:
    """Several 2xx are the answers of several phones, and all are passed on (RFC 3261 section 16.7 step 5).

    A call whose end could not be written is answered again after the restart: its caller absorbs that (ADR 0004).
    """
    unwritten = {call.call_id for call in _unwritten(story)}
    for (call_id, _), statuses in _finals(story).items():
        if not statuses:
            yield f"{call_id}: it was never answered"
        if len(statuses) > 1 and max(statuses) >= 300 and call_id not in unwritten:
            yield f"{call_id}: it was answered {sorted(statuses)}"


def a_phone_shows_a_call_once(story: Story) -> Iterator[str]:
    for phone in story.handsets:
        for (life, call_id), count in Counter(phone.rang).items():
            if count > 1:
                yield f"{call_id}: {phone} rang {count} times in its life {life}"


def a_phone_gets_no_second_copy_of_a_call(story: Story) -> Iterator[str]:
    """What comes again is a retransmission; anything else a phone answers 482 (RFC 3261 section 8.2.2.2).

    But for a call under way when the server died: the store does not know which phones ring, nor of a late CANCEL.
    """
    revived = {a.call.call_id for a in story.attempts if a.was_under_way_at_any(story.deaths)}
    for response in _responses(story, by_server=False):
        if response.status == 482 and response.call_id not in revived:
            yield f"{response.call_id}: a phone was sent a second copy"


def a_call_whose_cancel_was_answered_rings_nobody_after_a_crash(story: Story) -> Iterator[str]:
    """The answer waits for the disk, unless that took nothing."""
    unwritten = {
        call.call_id for call in _parked_as(story, (op.call for op in story.store.undone if isinstance(op, CancelCall)))
    }
    answered: dict[str, float] = {}
    for at, flow, octets in story.world.network.sent:
        message = parse(octets) if flow.local == SERVER and octets.strip() else None
        if isinstance(message, Response) and message.cseq.method == "CANCEL" and message.status == 200:
            answered.setdefault(message.call_id, at)
        elif isinstance(message, Request) and message.method == "INVITE" and message.call_id not in unwritten:
            since = answered.get(message.call_id, at)
            if any(since < death <= at for death in story.deaths):
                yield f"{message.call_id}: it rings after a crash though its CANCEL was answered"


def a_connection_carries_a_request_once(story: Story) -> Iterator[str]:
    """Only datagrams need to be sent again (RFC 3261 section 17.1), and messages of which the disk forgot the end."""
    methods = {"INVITE"} if any(isinstance(op, MessageDone) for op in story.store.undone) else {"INVITE", "MESSAGE"}
    carried = Counter(
        (flow, message.method, message.via.branch, message.call_id)
        for flow, message in _sent(story, by_server=True)
        if isinstance(message, Request) and message.method in methods and flow.transport is not Transport.UDP
    )
    for (flow, method, _, call_id), count in carried.items():
        if count > 1:
            yield f"{call_id}: {flow.remote} was sent the {method} {count} times"


def nothing_begins_after_the_end(story: Story) -> Iterator[str]:
    """But for the end that was not on disk when the server died."""
    unwritten = {call.trace for call in _unwritten(story)}
    ended: set[str] = set()
    for event in story.world.events:
        is_call_push = event.what is Happened.PUSH_SENT and event.fields["kind"] == "call"
        if event.what is Happened.CALL_ENDED:
            ended.add(event.trace)
        elif event.what is Happened.CALL_RECOVERED and event.trace in unwritten:
            ended.discard(event.trace)
        elif event.trace in ended and (is_call_push or event.what is Happened.INVITE_SENT):
            yield f"{event.trace}: {event.what.value} after its end"


def a_phone_that_has_said_its_word_is_not_asked_again(story: Story) -> Iterator[str]:
    """Nor after a crash, but for the word that was not on disk."""
    undone = (op.call for op in story.store.undone if isinstance(op, Decline | Finish))
    unwritten = {call.trace for call in _parked_as(story, undone)}
    said: set[tuple[str, object]] = set()
    for event in story.world.events:
        place = event.trace, event.fields.get("device")
        if event.what in (Happened.BRANCH_ENDED, Happened.PHONE_ANSWERED):
            said.add(place)
        elif event.what is Happened.CALL_RECOVERED and event.trace in unwritten:
            said = {known for known in said if known[0] != event.trace}
        elif event.what is Happened.INVITE_SENT and place in said:
            yield f"{event.trace}: {place[1]} is sent the INVITE after its answer"


def nothing_is_left_over(story: Story) -> Iterator[str]:
    for owner_id in story.world.core.calls._by_id.keys() - {refresh.OWNER, upkeep.OWNER}:
        yield f"the server still has {owner_id}"
    for record, _ in story.recovered.calls:
        yield f"the store still has the call {record.trace}"
    for message, _ in story.recovered.messages:
        yield f"the store still has the message {message.trace}"
    if len(story.world.stack._layer):
        yield f"{len(story.world.stack._layer)} transactions are left"


def no_phone_rings_for_nobody(story: Story) -> Iterator[str]:
    """But for one that rang when the server died: nobody is left who could tell it.

    Nor can one be told over UDP of which no response ever came through: no CANCEL may be sent to it (RFC 3261 section
    9.1), and the push that says so can be lost as well.
    """
    revived = {a.call.call_id for a in story.attempts if a.was_under_way_at_any(story.deaths)}
    heard = _heard_ringing(story)
    for phone in story.handsets:
        for call in phone.ringing():
            is_unheard = phone.transport is Transport.UDP and call.call_id not in heard
            if call.call_id not in revived and not is_unheard:
                yield f"{call.call_id}: {phone} still rings"


def _heard_ringing(story: Story) -> set[str]:
    """Return the Call-IDs of calls that the server has heard some phone ring for."""
    traces = {event.trace for event in story.world.events if event.what is Happened.RINGING}
    invites = (event for event in story.world.events if event.what is Happened.INVITE_RECEIVED)
    return {str(event.fields["call_id"]) for event in invites if event.trace in traces}


def no_message_is_lost_once_it_was_accepted(story: Story) -> Iterator[str]:
    """All phones of these accounts were registered all the time, so each one is to have it, and to show it once."""
    for user, text in story.kept:
        for phone in story.handsets:
            count = list(phone.shown.values()).count(text)
            if phone.user == user and count != 1:
                yield f"{phone} shows {text!r} {count} times"


def nothing_went_wrong_inside(story: Story) -> Iterator[str]:
    yield from map(repr, story.world.faults)
    yield from story.errors
    yield from (f"{event}" for event in story.world.events if event.what is Happened.FAULT)


CLAIMS: tuple[Callable[[Story], Iterator[str]], ...] = (
    every_caller_hears_the_end_of_its_call,
    every_invite_gets_one_final_response,
    a_phone_shows_a_call_once,
    a_phone_gets_no_second_copy_of_a_call,
    a_call_whose_cancel_was_answered_rings_nobody_after_a_crash,
    a_connection_carries_a_request_once,
    nothing_begins_after_the_end,
    a_phone_that_has_said_its_word_is_not_asked_again,
    nothing_is_left_over,
    no_phone_rings_for_nobody,
    no_message_is_lost_once_it_was_accepted,
    nothing_went_wrong_inside,
)


def _finals(story: Story) -> dict[tuple[str, str], set[int]]:
    """Return the final statuses that the server has sent, by Call-ID and branch of each INVITE that it answered."""
    finals: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for response in _responses(story, by_server=True):
        if response.cseq.method == "INVITE":
            finals[response.call_id, response.via.branch].update([response.status] if response.status >= 200 else [])
    return finals


@dataclass(frozen=True, slots=True)
class _Call:
    trace: str
    call_id: str


def _unwritten(story: Story) -> Iterator[_Call]:
    """Yield the calls whose end the disk did not take."""
    return _parked_as(story, (op.call for op in story.store.undone if isinstance(op, Finish)))


def _parked_as(story: Story, ids: Iterable[str]) -> Iterator[_Call]:
    """Yield the calls that were parked under these ids."""
    wanted = set(ids)
    for op in story.store.submitted:
        if isinstance(op, Park) and op.call.id in wanted:
            yield _Call(op.call.trace, parse(op.call.invite).call_id)


def _responses(story: Story, *, by_server: bool) -> Iterator[Response]:
    return (message for _, message in _sent(story, by_server=by_server) if isinstance(message, Response))


def _sent(story: Story, *, by_server: bool) -> Iterator[tuple[Flow, Message]]:
    for _, flow, octets in story.world.network.sent:
        if (flow.local == SERVER) is by_server and octets.strip():  # a keep-alive is no message
            yield flow, parse(octets)
