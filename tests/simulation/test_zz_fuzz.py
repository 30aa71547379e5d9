from __future__ import annotations
import os
from collections import Counter
from random import Random
from dataclasses import replace
import pytest
from tests.simulation.wanderer import Wanderer, USER
from tests.simulation.test_orders import COMINGS
from tests.support.stranger import Stranger
from tests.support.tenant_world import TenantWorld, in_tenant_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World, PROJECT
from tests.support.in_world import asleep, awake, answer, refuse
from ringwake.edge.act import on_call
from ringwake.model.account import Aor
from ringwake.model.call_settings import Forwards, CallSettings
from ringwake.model.push import Accepted, Unreachable
from ringwake.model.settings import Settings
from ringwake.sip.flow import Transport
from ringwake.wake.actions import Act, Action
from ringwake.wake.parked_call import ParkedCall

ALICE = f"sip:alice@{DOMAIN}"
BOB = f"sip:bob@{DOMAIN}"
VM = "sip:500@pbx.example"


class Q(Wanderer):
    def _register(self, wire):
        where = f"sip:{USER}@{wire.address};pn-provider=fcm;pn-param={PROJECT};pn-prid={self.token}"
        q = (1.0, 0.5, 0.5)[self.number]
        return wire.register(USER, contact=f'<{where}>;q={q};+sip.instance="<urn:uuid:{self.number}>"')


def one(seed):
    rnd = Random(seed)
    log = []

    async def test(world: TenantWorld) -> None:
        fw = Forwards(
            busy=rnd.choice(["", BOB, VM]), no_answer=rnd.choice(["", BOB, VM]), unreachable=rnd.choice(["", BOB, VM])
        )
        world.choose(
            "alice",
            in_order=rnd.random() < 0.5,
            next_after=rnd.choice([5.0, 15.0]),
            no_answer=rnd.choice([None, 10.0, 30.0]),
            forward=fw,
        )
        if rnd.random() < 0.3:
            world.choose(
                "bob",
                forward=Forwards(busy=rnd.choice([ALICE, VM, ""]), unreachable=rnd.choice([VM, ALICE, ""])),
                do_not_disturb=rnd.random() < 0.3,
            )
        log.append((world.settings))
        phones = [Q(world, n, rnd.choice([Transport.UDP, Transport.TCP])) for n in range(3)]
        bob = await rnd.choice([asleep, awake])(world, "bob")
        bob.wakes = rnd.random() < 0.6
        bob.on_call = rnd.choice([answer, refuse(486), refuse(603), lambda *_: None])
        pbx = await world.pbx()
        pbx_status = rnd.choice([200, 486, 180, 480, 0])
        for p in phones:
            await p.register()
            s = rnd.choice(["is awake", "sleeps", "loses its wire"])
            if s != "is awake":
                await COMINGS[s](p)
            log.append((p.number, p.transport, s))
        await pause(rnd.choice([1, 5, 40]))
        boss = await Stranger(world, transport=Transport.UDP).open()
        invite = await boss.signed("boss", boss.request("INVITE", ALICE, f"Contact: <sip:boss@{boss.address}>"))
        boss.send(invite)
        t0 = world.loop.time()
        await pause(0.01)
        cancelled = []
        seen = set()

        def calls():
            return [(i, o) for i, o in world.core.calls.calling(f"alice@{DOMAIN}") if isinstance(o, ParkedCall)]

        ids = [i for i, _ in calls()]
        acts = []
        restarts = 0
        for _ in range(rnd.randint(2, 14)):
            k = rnd.random()
            p = rnd.choice([phones[0], *phones])
            if k < 0.3:
                step = rnd.choice([*COMINGS, "registers", "moves", "moves and registers", "registers"])
                log.append((round(world.loop.time() - t0, 2), p.number, step))
                if step.startswith("moves"):
                    p.move()
                if step.endswith("registers") or step in COMINGS:
                    try:
                        await (p.register() if step.endswith("registers") else COMINGS[step](p))
                    except AssertionError:
                        p.is_out = True
                        await p.register()

            elif k < 0.5:
                st = rnd.choice([100, 180, 180, 183, 200, 486, 486, 600, 603, 480])
                log.append((round(world.loop.time() - t0, 2), p.number, st, p.has_spoken))
                try:
                    await p.answer(st)
                except AssertionError:
                    p.is_out = True
            elif k < 0.75:
                s = rnd.choice([0.05, 0.6, 1.1, 4.0, 11.0, 21.0])
                await pause(s)
            elif k < 0.80:
                log.append((round(world.loop.time() - t0, 2), "cancel"))
                boss.send(boss.request("CANCEL", ALICE, branch=invite.via.branch, call_id=invite.call_id))
                cancelled.append(world.loop.time() + 0.01)
            elif k < 0.85:
                works = rnd.random() < 0.6
                log.append((round(world.loop.time() - t0, 2), "provider", works))
                world.provider.answer = lambda _, works=works: Accepted("1") if works else Unreachable("down")
            elif k < 0.95 and ids:
                a = rnd.choice([Action.DECLINE, Action.DECLINE, Action.DECLINE_ALL, Action.IGNORE])
                # phone id from store
                from ringwake.model.store_ops import ListBindings

                found = []
                world.store.submit(
                    ListBindings(aor=Aor(f"alice@{DOMAIN}"), wall=world.wall(world.loop.time())), found.append
                )
                b = [b for b in found[0] if b.instance.endswith(str(p.number))]
                if b:
                    act = Act(
                        action=a,
                        subject=ids[0],
                        phone=b[0].phone,
                        aor=Aor(f"alice@{DOMAIN}"),
                        **{f: getattr(Act, f, "") for f in ()},
                        **EXTRA,
                    )
                    done, eff = on_call(world.core, act, world.loop.time())
                    log.append((round(world.loop.time() - t0, 2), p.number, a.value, done.value))
                    world.performer.run_at_once(eff, world.loop.time())
                    await pause(0.01)
                    if done.value == "done" and a is not Action.IGNORE:
                        acts.append((p, world.loop.time()))
            elif restarts < 1 and rnd.random() < 0.7:
                restarts += 1
                log.append((round(world.loop.time() - t0, 2), "restart"))
                await world.restart()
                await pause(0.01)
            # pbx answers
            for r in pbx.requests:
                if r.method == "INVITE" and r.via.branch not in seen and pbx_status:
                    seen.add(r.via.branch)
                    pbx.answer(r, pbx_status)
        for _ in range(40):
            await pause(10)
            for r in pbx.requests:
                if r.method == "INVITE" and r.via.branch not in seen and pbx_status:
                    seen.add(r.via.branch)
                    pbx.answer(r, pbx_status)
                if r.method == "CANCEL" and ("c", r.via.branch) not in seen:
                    seen.add(("c", r.via.branch))
                    pbx.answer(r, 200)
                    inv = [i for i in pbx.requests if i.method == "INVITE" and i.via.branch == r.via.branch]
                    if inv:
                        pbx.answer(inv[-1], 487)
        finals = {(r.headers.get("to"), r.status) for r in boss.responses_to(invite) if r.status >= 200}
        st = [s for _, s in finals]
        assert len(st) == 1 or (st and max(st) < 300), ("finals", st)
        ends = [
            at
            for at, flow, octets in world.network.sent
            if flow.remote == boss.address
            and octets.startswith(b"SIP/2.0 ")
            and octets[8:9] in b"23456"
            and invite.via.branch.encode() in octets
            and b" INVITE\r\n" in octets
        ]
        over = min([*ends, *cancelled])
        for p in phones:
            inv = p.invites()
            assert len({b for *_, b in inv}) <= 1, "branches"
            begun = {flow: at for at, flow, _ in reversed(inv)}
            late = [at - t0 for at in begun.values() if at > over]
            assert not late, ("INVITE after the end", p.number, late, over - t0)
            latep = [at - t0 for at in p.pushes() if at > over]
            assert not latep, ("push after end", p.number, latep, over - t0)
            for q, at in acts:
                if q is p:
                    af = [a - t0 for a in begun.values() if a > at]
                    assert not af, ("INVITE after decline", p.number, af, at - t0)
        for at, flow, octets in world.network.sent:
            if (
                octets.startswith(b"INVITE ")
                and (flow.remote == pbx.address or flow.remote.host == bob.address.host)
                and at > over
            ):
                first = not any(
                    o.startswith(b"INVITE ") and a < over and f.remote == flow.remote for a, f, o in world.network.sent
                )
                assert not first, ("late to bob/pbx", at - t0, over - t0)
        if len(world.core.calls) != 2:
            assert False, ("owners", [type(e.owner).__name__ for e in world.core.calls._by_id.values()])
        from tests.edge.boss_calls import open_calls

        assert open_calls(world) == 0, "open"

    try:
        in_tenant_world(test)
    except BaseException as e:
        for l in log:
            print(l)
        raise


import dataclasses

EXTRA = {
    f.name: {"until": 1e12, "expires_at": 1e12}.get(f.name, "")
    for f in dataclasses.fields(Act)
    if f.name not in ("action", "subject", "phone", "aor")
}

A, B = int(os.environ.get("FA", 0)), int(os.environ.get("FB", 40))


@pytest.mark.parametrize("seed", range(A, B))
def test_fuzz(seed):
    one(seed)
