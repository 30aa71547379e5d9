"""Claims about what is swept now and then: what has expired, and the logins of accounts whose phones are silent."""

from __future__ import annotations

from tests.store.samples import account, contact, login, register
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import in_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.edge.upkeep import SECONDS, Forgetting, Upkeep
from ringwake.model.account import Account, Aor
from ringwake.model.account_ops import ForgetLogins, ListAccounts, PutAccount
from ringwake.model.effects import NOTHING, Effects
from ringwake.model.events import Event, Happened
from ringwake.model.store_ops import ListBindings

DORA = Aor(f"dora@{DOMAIN}")


class Keeper:
    """Runs an upkeep of its own in a world, each time it is due, and remembers whom it was told of."""

    def __init__(self, world: World, after: float | None) -> None:
        self.world = world
        self.told: list[Account] = []
        forgetting = None if after is None else Forgetting(after={DOMAIN: after, "other.test": 1.0}, tell=self._tell)
        self.upkeep = Upkeep(world.core, world.loop.time(), forgetting)

    async def work(self, seconds: float) -> None:
        until = self.world.loop.time() + seconds
        while (at := self.upkeep.get_timer()) is not None and at <= until:
            await pause(at - self.world.loop.time())
            self.world.performer.run(self.upkeep.handle_timer(at), at)
        await pause(until - self.world.loop.time())

    def _tell(self, known: Account, now: float) -> Effects:
        assert now == self.world.loop.time()
        self.told.append(known)
        return NOTHING


def forgotten(world: World) -> list[Event]:
    return [event for event in world.events if event.what is Happened.PBX_LOGIN_FORGOTTEN]


async def logins(world: World) -> dict[Aor, bool]:
    return {known.aor: known.pbx is not None for known in await world.store.do(ListAccounts())}


def test_what_has_expired_is_swept_each_half_minute() -> None:
    async def test(world: World) -> None:
        keeper = Keeper(world, None)
        wall = world.wall(world.loop.time())
        await world.store.do(register(contact(expires=10), aor=DORA, wall=wall))
        await keeper.work(SECONDS)
        assert await world.store.do(ListBindings(aor=DORA, wall=wall)) == ()
        assert not keeper.upkeep.is_settled

    in_world(test)


def test_the_login_of_an_account_whose_phones_are_silent_is_forgotten_and_told() -> None:
    async def test(world: World) -> None:
        keeper = Keeper(world, 3600.0)
        await world.store.do(PutAccount(account=account(DORA, pbx=login("canary-word"))))
        await keeper.work(1800.0)
        wall = world.wall(world.loop.time())
        await world.store.do(register(contact(expires=600), aor=DORA, wall=wall))
        await keeper.work(3570.0)
        assert (await logins(world), keeper.told) == ({DORA: True}, [])
        await keeper.work(90.0)
        assert await logins(world) == {DORA: False}
        (event,) = forgotten(world)
        assert event.fields == {"tenant": DOMAIN, "aor": DORA}
        (known,) = keeper.told
        assert known.pbx is not None, "whoever leaves the PBX needs it once more"
        assert "canary-word" not in repr(world.events)

    in_world(test)


def test_without_a_tenant_that_keeps_logins_none_is_looked_for() -> None:
    async def test(world: World) -> None:
        keeper = Keeper(world, None)
        await world.store.do(PutAccount(account=account(DORA, pbx=login(heard_at=1.0))))
        await keeper.work(SECONDS)
        assert (await logins(world), forgotten(world)) == ({DORA: True}, [])

    in_world(test)


def test_what_is_not_forgotten_on_disk_is_not_told_and_tried_again() -> None:
    async def test(world: World) -> None:
        store = world.store
        assert isinstance(store, FaultyStore)
        keeper = Keeper(world, 60.0)
        await store.do(PutAccount(account=account(DORA, pbx=login(heard_at=1.0))))
        store.broken = (ForgetLogins,)
        await keeper.work(SECONDS)
        assert (keeper.told, forgotten(world)) == ([], [])
        store.broken = ()
        await keeper.work(SECONDS)
        assert [known.aor for known in keeper.told] == [DORA]

    in_world(test, store=FaultyStore)
