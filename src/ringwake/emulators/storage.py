"""What the services keep for one device while it is away."""

from itertools import count

from ringwake.emulators.push import Push


class Storage:
    """Stored pushes in order of arrival. Time is an argument."""

    def __init__(self) -> None:
        self._pushes: dict[str, Push] = {}
        self._serials = count(1)

    def __len__(self) -> int:
        return len(self._pushes)

    def put(self, push: Push) -> Push | None:
        """Keep a push; return the one that it replaces."""
        key = f"slot {push.provider} {push.app} {push.slot}" if push.slot else f"serial {next(self._serials)}"
        replaced = self._pushes.pop(key, None)
        self._pushes[key] = push
        return replaced

    def withdraw(self, id: str) -> Push | None:  # noqa: A002  # it is called that everywhere
        """Take out one push by its id."""
        for key, push in self._pushes.items():
            if push.id == id:
                return self._pushes.pop(key)
        return None

    def forget(self, tokens: set[str]) -> list[Push]:
        """Take out all for these tokens."""
        gone = {key: push for key, push in self._pushes.items() if push.token in tokens}
        for key in gone:
            del self._pushes[key]
        return list(gone.values())

    def of(self, provider: str, app: str) -> list[Push]:
        """Return what is kept for an app, oldest first."""
        return [push for push in self._pushes.values() if (push.provider, push.app) == (provider, app)]

    def discard(self, pushes: list[Push]) -> None:
        """Take out these."""
        self._pushes = {key: push for key, push in self._pushes.items() if not any(push is each for each in pushes)}

    def expire(self, wall: float) -> list[Push]:
        """Take out what has expired."""
        gone = {key: push for key, push in self._pushes.items() if push.expires_at <= wall}
        for key in gone:
            del self._pushes[key]
        return list(gone.values())

    def take(self) -> list[Push]:
        """Take out all that is left."""
        taken = list(self._pushes.values())
        self._pushes.clear()
        return taken
