"""Every push that wakes is written down on its way to the provider."""

from __future__ import annotations

from tests.store.samples import run
from tests.wake.test_ledger import PHONE, push

from ringwake.edge.counted_pusher import CountedPusher
from ringwake.model.push import Accepted, Kind, Outcome, Push, Unreachable
from ringwake.model.wakes import Wake
from ringwake.wake.ledger import Ledger


class Provider:
    """Notes what the ledger says while a push is under way."""

    def __init__(self, ledger: Ledger, outcome: Outcome) -> None:
        self.ledger = ledger
        self.outcome = outcome
        self.seen: list[tuple[Wake, ...]] = []
        self.is_closed = False

    async def send(self, push: Push) -> Outcome:
        self.seen.append(self.ledger.of(push.target))
        return self.outcome

    async def close(self) -> None:
        self.is_closed = True


def test_a_wake_stands_in_the_ledger_before_the_provider_answers() -> None:
    async def test() -> None:
        for outcome, left in ((Accepted("1"), (Wake(7.0, Kind.CALL),)), (Unreachable("-"), ())):
            ledger = Ledger()
            provider = Provider(ledger, outcome)
            counted = CountedPusher(provider, ledger, lambda: 7.0)
            assert await counted.send(push()) is outcome
            assert provider.seen == [(Wake(7.0, Kind.CALL),)]
            assert ledger.of(PHONE) == left

    run(test())


def test_closing_closes_the_way_to_the_provider() -> None:
    async def test() -> None:
        provider = Provider(Ledger(), Accepted())
        await CountedPusher(provider, provider.ledger, lambda: 7.0).close()
        assert provider.is_closed

    run(test())
