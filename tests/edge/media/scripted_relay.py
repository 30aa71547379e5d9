"""A media relay that keeps a book of calls, answers after a while, and fails when the test says so.

And a world whose server stands behind the gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause, run_virtual
from tests.support.world import DOMAIN, World

from ringwake.edge.media.gate import MediaGate
from ringwake.edge.media.rules import MediaRules
from ringwake.model.media import Described, Dialog, Manner, MediaRelay, NotRelayed, Outcome, Role
from ringwake.sip.flow import Address
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.replies import reply

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
SDP_TYPE = ("content-type", "application/sdp")
ALICE = f"sip:alice@{DOMAIN}"


@dataclass(frozen=True)
class Asked:
    """One description that the relay was given."""

    role: Role
    dialog: Dialog
    sdp: bytes
    to: Manner


class ScriptedRelay:
    """Implements `MediaRelay`: marks each description with its number."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.open: dict[str, set[str]] = {}
        """Branches by Call-ID; the empty one stands for what has none."""
        self.released: list[Dialog | str] = []
        """Legs, and Call-IDs of whole calls."""
        self.delay = 0.01
        self.refusal = ""

    def describe(self, role: Role, dialog: Dialog, sdp: bytes, *, to: Manner, done: Callable[[Outcome], None]) -> None:
        self.asked.append(Asked(role, dialog, sdp, to))
        outcome: Outcome = Described(sdp + b"a=relayed:%d\r\n" % len(self.asked))
        if self.refusal:
            outcome = NotRelayed(self.refusal)
        else:
            self.open.setdefault(dialog.call_id, set()).add(dialog.branch)
        asyncio.get_running_loop().call_later(self.delay, done, outcome)

    def release(self, call_id: str, leg: Dialog | None = None) -> None:
        self.released.append(leg or call_id)
        if leg is not None and leg.branch:
            self.open.get(call_id, set()).discard(leg.branch)
        if leg is None or not self.open.get(call_id):
            self.open.pop(call_id, None)

    @property
    def roles(self) -> list[str]:
        return [asked.role.value for asked in self.asked]


class MediaWorld(World):
    """A world with the gate in it."""

    def start(self) -> None:
        super().start()
        self.relayed = True
        self.pbxs: set[Address] = set()
        self.media = ScriptedRelay()
        self.put(self.media)

    def put(self, relay: MediaRelay) -> None:
        """Put the gate between stack and server."""
        rules = MediaRules(
            relays=lambda *_: self.relayed, is_pbx=lambda flow: flow.remote in self.pbxs, trace=self.core.trace
        )
        self.gate = MediaGate(sip=self.stack, relay=relay, rules=rules, note=self.events.append, clock=self.loop.time)
        self.performer._sip = self.gate
        self.gate.attach(self.server)
        self.stack.attach(self.gate)

    def rules(self) -> list[str]:
        """Return the sentences in the timeline."""
        return [str(event.fields["rule"]) for event in self.events if "rule" in event.fields]


def in_media_world(test: Callable[[MediaWorld], Awaitable[None]]) -> None:
    """Run a test in virtual time; no error may have been swallowed."""

    async def main() -> None:
        world = MediaWorld()
        await test(world)
        await world.close()

    run_virtual(main())


async def phones(world: MediaWorld, count: int = 1) -> list[Stranger]:
    """Return phones of alice that are awake."""
    found = []
    for number in range(count):
        phone = await Stranger(world, address=Address(f"10.0.0.{50 + number}", 4000)).open()
        contact = f'<sip:alice@{phone.address}>;+sip.instance="<urn:uuid:{number}>"'
        assert (await phone.ask_as("alice", phone.register("alice", contact=contact))).status == 200
        found.append(phone)
    return found


async def calling(world: MediaWorld, body: bytes = SDP, *more: str) -> tuple[Stranger, Request]:
    """Let the boss send an INVITE with credentials."""
    boss = await Stranger(world).open()
    fields = more or (("Content-Type: application/sdp",) if body else ())
    asked = boss.request("INVITE", ALICE, f"Contact: <sip:boss@{boss.address}>", *fields, body=body)
    invite = await boss.signed("boss", asked)
    boss.send(invite)
    await pause(0.1)
    return boss, invite


def respond(phone: Stranger, request: Request, status: int, body: bytes = b"", *, tag: str = "a1") -> None:
    """Let a phone answer, with a description if there is a body."""
    routes = [("record-route", text) for text in request.headers.texts("record-route")]
    fields = [*routes, ("contact", f"<sip:alice@{phone.address}>"), *([SDP_TYPE] if body else [])]
    answer = reply(request, status, to_tag=tag, headers=fields)
    answer.body = body
    phone.send(answer)


def marks(message: Message) -> bytes:
    """Return what the relay has marked a description with."""
    return b"".join(line for line in message.body.splitlines() if line.startswith(b"a=relayed:"))


def inside(flow_of: Stranger, other: Message, method: str, *, seq: int, is_caller: bool, body: bytes = b"") -> Request:
    """Write a request inside the dialog that a 2xx has made (RFC 3261 section 12.2.1.1)."""
    headers = other.headers
    ours, theirs = headers.get("from") or "", headers.get("to") or ""
    routes = headers.values("record-route")
    if not is_caller:
        ours, theirs = theirs, ours
    contact = f"<sip:side@{flow_of.address}>"
    fields = [f"Route: {route}" for route in (routes[::-1] if is_caller else routes)]
    made = flow_of.request(
        method, f"{ALICE};x=1", f"Contact: {contact}", *fields, to=theirs, call_id=other.call_id, seq=seq, body=body
    )
    made.headers.set("from", ours)
    if body:
        made.headers.append(*SDP_TYPE)
    return made


async def established(world: MediaWorld) -> tuple[Stranger, Stranger, Response]:
    """Let the boss call alice's one phone, which answers; returns the 2xx as the boss has it."""
    (phone,) = await phones(world)
    boss, invite = await calling(world)
    respond(phone, phone.requests[-1], 200, SDP)
    await pause(0.1)
    ok = boss.responses_to(invite)[-1]
    boss.send(inside(boss, ok, "ACK", seq=invite.cseq.number, is_caller=True))
    await pause(0.1)
    return boss, phone, ok
