"""A phone that can refresh by itself (`+sip.pnsreg`) is pushed to only when it did not (RFC 8599 section 5.5)."""

from __future__ import annotations

from dataclasses import replace

from tests.support.in_world import in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import PROJECT, World

from ringwake.registrar.push_offer import PNSREG
from ringwake.sip.flow import Address

GRANT = 3600


async def register(world: World) -> None:
    """Let the phone register, and its app be terminated."""
    phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
    contact = f"<sip:al@h;pn-provider=fcm;pn-param={PROJECT};pn-prid=token-of-it>;+sip.pnsreg"
    ok = await phone.ask_as("alice", phone.register("alice", contact=contact))
    (line,) = ok.headers.values("feature-caps")
    assert f'+sip.pnsreg="{PNSREG}"' in line
    assert ok.headers.values("contact") == [f"{contact};expires={GRANT}"]
    await phone.close()


def lets_phones_refresh(world: World) -> None:
    policy = replace(world.core.registrar.policy, own_refresh=True, grant=GRANT)
    world.core.registrar = replace(world.core.registrar, policy=policy)


def test_a_phone_that_does_not_come_is_pushed_to_once_and_in_time() -> None:
    async def test(world: World) -> None:
        lets_phones_refresh(world)
        await register(world)
        begin = world.loop.time()
        await pause(GRANT - PNSREG)
        assert world.provider.pushes == []
        await pause(2 * GRANT)
        ((at, push),) = world.provider.pushes
        assert 110 <= begin + GRANT - at <= PNSREG
        assert push.notice.kind.value == "refresh"

    in_world(test, limit=4 * GRANT)


def test_a_phone_that_comes_in_time_is_never_pushed_to() -> None:
    async def test(world: World) -> None:
        lets_phones_refresh(world)
        for _ in range(3):
            await register(world)
            await pause(GRANT - PNSREG)
        assert world.provider.pushes == []

    in_world(test, limit=4 * GRANT)
