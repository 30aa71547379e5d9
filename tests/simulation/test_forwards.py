"""Calls whose owners send them on and let phones ring in turns, while everything else happens when it likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from tests.support.in_world import answer, asleep, awake, refuse
from tests.support.stranger import Stranger
from tests.support.tenant_world import PBX, VOICEMAIL, TenantWorld, in_tenant_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone

from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings, Forwards
from ringwake.model.history import Entry
from ringwake.model.history_ops import ListHistory
from ringwake.model.settings import DeviceSettings, Settings
from ringwake.model.store_ops import Recover, Recovered
from ringwake.model.tenant import WhileWaking
from ringwake.sip.flow import Transport
from ringwake.sip.message import Request
from ringwake.sip.methods import CANCEL, INVITE

ALICE, BOB = (f"sip:{user}@{DOMAIN}" for user in ("alice", "bob"))
SECONDS = 90.0
"""How long things happen."""
MOMENTS = (0.0, 5.0, 10.0, 19.9, 20.0, 20.1, 30.0, 40.0, 60.0)
"""When something else happens, too."""


@dataclass
class Plan:
    """What the owners have chosen and what happens, by chance."""

    seed: int
    random: Random = field(init=False)
    steps: list[tuple[float, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(f"forwards {self.seed}")
        happens = (("restart", 0.6), ("restart", 0.3), ("desk", 0.4), ("mobile", 0.5), ("bob", 0.5), ("cancel", 0.3))
        drawn = [what for what, chance in happens if self.random.random() < chance]
        self.steps = sorted((self._moment(), what) for what in drawn)

    def settings(self, phones: dict[str, Phone]) -> Settings:
        """Draw the choice of one account, which may send calls back to where they came from."""
        draw = self.random
        where = [draw.choice(("", "", ALICE, BOB, VOICEMAIL)) for _ in range(3)]
        always = draw.choice((*[""] * 7, BOB))
        delays = [
            DeviceSettings(device=f"<{phone.instance}>", ring_after=draw.choice((0.0, 5.0, 10.0, 30.0)))
            for phone in phones.values()
        ]
        calls = CallSettings(
            do_not_disturb=draw.random() < 0.1,
            in_order=draw.random() < 0.3,
            no_answer=draw.choice((None, 10.0, 20.0)),
            forward=Forwards(always=always, busy=where[0], no_answer=where[1], unreachable=where[2]),
        )
        return Settings(calls=calls, devices=tuple(delays))

    def _moment(self) -> float:
        return min(SECONDS, self.random.choice(MOMENTS) + self.random.random() * self.random.choice((0.02, 5)))


async def play(world: TenantWorld, plan: Plan) -> None:
    phones = await _phones(world, plan)
    for user in ("alice", "bob"):
        world.settings[Aor(f"{user}@{DOMAIN}")] = chosen = plan.settings(phones)
        world.directory.put_settings(Aor(f"{user}@{DOMAIN}"), chosen)
    pbx, says = await world.pbx(), plan.random.choice((200, 404, 486, 407, 0))
    boss = await Stranger(world, transport=Transport.UDP).open()
    invite = await boss.signed("boss", boss.request(INVITE, ALICE, f"Contact: <sip:boss@{boss.address}>"))
    boss.send(invite)
    began, served = world.loop.time(), set[str]()
    for at, what in [*plan.steps, (SECONDS, "over")]:
        while world.loop.time() < began + at:
            await pause(min(0.25, began + at - world.loop.time()))
            _serve(pbx, says, served)
        if what == "restart":
            await world.restart()
        elif what == "cancel":
            boss.send(boss.request(CANCEL, ALICE, branch=invite.via.branch, call_id=invite.call_id))
        elif what in phones:
            await phones[what].wake()
    for _ in range(1200):
        await pause(0.25)
        _serve(pbx, says, served)
    _check(world, boss, invite, phones)
    invites = [request for request in pbx.requests if request.method == INVITE]
    assert len({request.via.branch for request in invites}) <= 1, "what comes again is a retransmission"


async def _phones(world: TenantWorld, plan: Plan) -> dict[str, Phone]:
    phones = {}
    for name, user in (("desk", "alice"), ("mobile", "alice"), ("bob", "bob")):
        phones[name] = await (asleep(world, user) if plan.random.random() < 0.6 else awake(world, user, push=True))
    for phone in phones.values():
        phone.wakes = plan.random.random() < 0.5
        phone.on_call = plan.random.choice((answer, refuse(486), refuse(480), refuse(603), lambda *_: None))
    return phones


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
    assert len(finals) == 1 or all(status == 200 for status, _ in finals), finals
    assert finals, "the caller hears how it ended"
    for name, phone in phones.items():
        branches = {call.invite.via.branch for call in phone.calls}
        assert len(branches) <= 1, f"{name} gets it again only when it has started anew"
    found: list[Recovered] = []
    world.store.submit(Recover(wall=world.wall(world.loop.time())), found.append)
    assert found[0].calls == ()
    listed: list[tuple[Entry, ...]] = []
    world.store.submit(ListHistory(), listed.append)
    accounts = [entry.aor for entry in listed[0]]
    assert len(accounts) == len(set(accounts)), "a call is listed once for an account"
    assert f"alice@{DOMAIN}" in accounts, "whatever became of it"
    assert len(world.core.calls) == 2, "refresher and upkeep: nothing is kept"


@pytest.mark.parametrize("seed", range(80))
def test_whatever_owners_choose_a_call_gets_one_final_response(seed: int) -> None:
    wish = Random(seed).choice(list(WhileWaking))
    to = Random(seed).choice(("", BOB, VOICEMAIL))
    in_tenant_world(lambda world: play(world, Plan(seed)), no_wake=to, while_waking=wish)
