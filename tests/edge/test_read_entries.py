"""Claims about reading: what was read on one device lowers the badge of the others, and wakes nobody for it."""

from __future__ import annotations

from tests.support.in_world import asleep, awake, call, cancel, in_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone, World

from ringwake.edge.read_entries import read_entries
from ringwake.model.account import Aor
from ringwake.model.events import Happened

ALICE = Aor(f"alice@{DOMAIN}")


async def missed(world: World, phone: Phone) -> None:
    """Let the boss call in vain."""
    phone.wakes = False
    boss = await awake(world)
    made = call(boss, phone)
    await pause(1.0)
    cancel(boss, made)
    await pause(1.0)


def read(world: World, *, reader: str = "") -> None:
    account = world.core.account(ALICE)
    assert account is not None
    now = world.loop.time()
    world.performer.run_at_once(read_entries(world.core, account, (), reader=reader, now=now), now)


def badges(phone: Phone) -> list[tuple[str, int | None]]:
    return [(push.notice.kind, push.notice.alert.badge) for push in phone.pushes if push.notice.alert is not None]


def test_the_badge_falls_on_all_devices_when_a_missed_call_was_read() -> None:
    async def test(world: World) -> None:
        first, second = await asleep(world), await asleep(world)
        second.wakes = False
        await missed(world, first)
        seen = [badges(first), badges(second)]
        read(world)
        await pause(1.0)
        assert [badges(first)[len(seen[0]) :], badges(second)[len(seen[1]) :]] == [[("read", 0)], [("read", 0)]]
        read(world)
        await pause(1.0)
        assert len(world.pushed("read")) == 2, "there was nothing more to read"

    in_world(test)


def test_the_phone_that_has_read_is_not_told() -> None:
    async def test(world: World) -> None:
        first, second = await asleep(world), await asleep(world)
        second.wakes = False
        await missed(world, first)
        read(world, reader=f"<{first.instance}>")
        await pause(1.0)
        assert ("read", 0) not in badges(first)
        assert ("read", 0) in badges(second)
        assert any(e.what is Happened.PUSH_SENT and e.fields["kind"] == "read" for e in world.events)

    in_world(test)
