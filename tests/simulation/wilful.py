"""A world in which some accounts have their phones ring in turns, drawn apart, so that a story stays what it was."""

from __future__ import annotations

from random import Random

from tests.support.world import World

from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings
from ringwake.model.ports import Store
from ringwake.model.settings import DeviceSettings, Settings
from ringwake.store.directory import MemoryDirectory

_TURNS = (0.0, 0.0, 4.0, 12.0)


class WilfulWorld(World):
    """Such a world."""

    def __init__(self, *, seed: int, store: Store) -> None:
        self.chosen: dict[Aor, Settings] = {}
        super().__init__(seed=seed, store=store)

    def choose(self, wishes: Random) -> None:
        """Let the owner of each phone choose, for half of the accounts."""
        for aor in {phone.aor.partition(":")[2]: None for phone in self.phones}:
            if wishes.random() < 0.5:
                devices = tuple(
                    DeviceSettings(device=f"<{phone.instance}>", ring_after=wishes.choice(_TURNS))
                    for phone in self.phones
                    if phone.aor.endswith(aor)
                )
                calls = CallSettings(no_answer=wishes.choice((None, 15.0)))
                self.chosen[Aor(aor)] = Settings(calls=calls, devices=devices)
        self._join(self.directory)

    def _directory(self) -> MemoryDirectory:
        return self._join(super()._directory())

    def _join(self, directory: MemoryDirectory) -> MemoryDirectory:
        for aor, settings in self.chosen.items():
            directory.put_settings(aor, settings)
        return directory
