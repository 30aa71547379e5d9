"""Calls that go on to another account or to the PBX, while everything else happens when it likes."""

from __future__ import annotations

from random import Random

import pytest
from tests.support.in_world import answer, asleep, refuse
from tests.support.stranger import Stranger
from tests.support.tenant_world import PBX, VOICEMAIL, TenantWorld, in_tenant_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone

from ringwake.model.store_ops import Recover, Recovered
from ringwake.model.tenant import WhileWaking
from ringwake.sip.flow import Transport
from ringwake.sip.message import Request
from ringwake.sip.methods import CANCEL, INVITE

ALICE, BOB = (f"sip:{user}@{DOMAIN}" for user in ("alice", "bob"))
SECONDS = 45.0
"""How long things happen."""


class Plan:
    """What happens, by chance."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.steps: list[tuple[float, str]] = []
        for what, chance in (("restart", 0.7), ("restart", 0.3), ("alice", 0.4), ("bob", 0.5), ("cancel", 0.4)):
            if self.random.random() < chance:
                # Around the moments when something else happens, too.
                near = self.random.choice((0.0, 19.9, 20.0, 20.1, 24.9, 40.0))
                self.steps.append((min(SECONDS, near + self.random.random() * self.random.choice((0.02, 5))), what))
        self.steps.sort()
        self.manner = self.random.choice((answer, refuse(486), refuse(603), lambda *_: None))
        self.pbx = self.random.choice((200, 404, 486, 407, 0))


async def play(world: TenantWorld, plan: Plan) -> None:
    phones = {user: await asleep(world, user) for user in ("alice", "bob")}
    for phone in phones.values():
        phone.wakes, phone.on_call = False, plan.manner
    pbx = await world.pbx()
    boss = await Stranger(world, transport=Transport.UDP).open()
    invite = await boss.signed("boss", boss.request(INVITE, ALICE, f"Contact: <sip:boss@{boss.address}>"))
    boss.send(invite)
    began, served = world.loop.time(), set[str]()
    for at, what in [*plan.steps, (SECONDS, "over")]:
        while world.loop.time() < began + at:
            await pause(min(0.25, began + at - world.loop.time()))
            _serve(pbx, plan.pbx, served)
        await _step(world, what, phones, (boss, invite))
    await pause(260)
    _check(world, boss, invite, phones)
    invites = [request for request in pbx.requests if request.method == INVITE]
    assert len({request.via.branch for request in invites}) <= 1, "what comes again is a retransmission"


async def _step(world: TenantWorld, what: str, phones: dict[str, Phone], call: tuple[Stranger, Request]) -> None:
    if what == "restart":
        await world.restart()
    elif what == "cancel":
        boss, invite = call
        boss.send(boss.request(CANCEL, ALICE, branch=invite.via.branch, call_id=invite.call_id))
    elif what in phones:
        await phones[what].wake()


def _serve(pbx: Stranger, status: int, served: set[str]) -> None:
    """Answer what the PBX was sent, each request once."""
    for request in pbx.requests:
        name = f"{request.via.branch} {request.method}"
        if name in served or request.method not in (INVITE, CANCEL) or not status:
            continue
        served.add(name)
        routes = [("record-route", text) for text in request.headers.texts("record-route")]
        word = status if request.method == INVITE else 200
        pbx.answer(request, word, *routes, ("contact", f"<sip:500@{PBX}>"))


def _check(world: TenantWorld, boss: Stranger, invite: Request, phones: dict[str, Phone]) -> None:
    finals = {(r.status, r.headers.get("to")) for r in boss.responses_to(invite) if r.status >= 200}
    assert len(finals) == 1, finals
    for phone in phones.values():
        assert len(phone.calls) <= 1, phone.user
    found: list[Recovered] = []
    world.store.submit(Recover(wall=world.wall(world.loop.time())), found.append)
    assert found[0].calls == ()
    assert len(world.core.calls) == 2, "refresher and upkeep: nothing is kept"


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("to", [BOB, VOICEMAIL])
def test_whatever_happens_a_call_gets_one_final_response(to: str, seed: int) -> None:
    wish = Random(seed).choice(list(WhileWaking))
    in_tenant_world(lambda world: play(world, Plan(seed)), no_wake=to, while_waking=wish)
