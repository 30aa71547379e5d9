"""From acceptance to the phone: deliver now, keep while the device is away, or lose on purpose."""

from collections.abc import Callable

from ringwake.emulators.clock import Alarm, Clock
from ringwake.emulators.device import Device, Link
from ringwake.emulators.fcm_shelf import make_room
from ringwake.emulators.journal import Journal, hash8
from ringwake.emulators.push import Push
from ringwake.emulators.switches import Switchboard

MOST_WAITING = 256
"""Pushes that we hold for a device; the services refuse more."""
# UnifiedPush is Web Push, and its listener the same.
_SWITCHED_WITH = {"unifiedpush": "webpush"}


class Mailroom:
    """Carries accepted pushes to devices."""

    def __init__(self, *, clock: Clock, journal: Journal, switches: Switchboard) -> None:
        self._clock = clock
        self._journal = journal
        self._switches = switches
        self._alarms: set[Alarm] = set()

    def has_room(self, device: Device) -> bool:
        """Tell whether a device may be sent another push."""
        self._expire(device)
        return device.load < MOST_WAITING

    def post(self, device: Device, push: Push) -> None:
        """Carry a push that a service has accepted, as the service's switches are."""
        switches = self._switches[_SWITCHED_WITH.get(push.provider, push.provider)]
        if switches.drop:
            self._note(push, "dropped", "switch")
            return
        for _ in range(2 if switches.duplicate else 1):
            if switches.delay:
                self._hold_back(device, push, switches.delay)
            else:
                self._arrive(device, push)

    def waiting(self, device: Device) -> int:
        """Count what an attach would bring."""
        self._expire(device)
        return device.unacknowledged + len(device.stored)

    def attach(self, device: Device, link: Link) -> None:
        """Take note that a device is there, and send it what waits."""
        self._expire(device)
        device.attach(link)
        for app in sorted(device.overflowed):
            link.send({"op": "deleted", "provider": "fcm", "app": app})
        device.overflowed.clear()
        for push in device.stored.take():
            self._deliver(device, push)

    def forget(self, device: Device, tokens: set[str]) -> None:
        """Discard what waits for tokens that are dead."""
        for push in device.forget(tokens):
            self._note(push, "dropped", "the token is dead")

    def withdraw(self, device: Device, id: str) -> bool:  # noqa: A002  # it is called that everywhere
        """Take back a stored push; False if there is none."""
        push = device.stored.withdraw(id)
        if push is not None:
            self._note(push, "dropped", "withdrawn")
        return push is not None

    def close(self) -> None:
        """Hold nothing back any more: what has not arrived is lost."""
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Call `act` after so many seconds, unless we have closed by then."""
        alarms: list[Alarm] = []

        def ring() -> None:
            self._alarms.discard(alarms[0])
            act()

        alarms.append(self._clock.later(seconds, ring))
        self._alarms.add(alarms[0])

    def _hold_back(self, device: Device, push: Push, seconds: float) -> None:
        device.on_its_way += 1

        def arrive() -> None:
            device.on_its_way -= 1
            self._arrive(device, push)

        self.later(seconds, arrive)

    def _arrive(self, device: Device, push: Push) -> None:
        if not device.has(push.token):
            self._note(push, "dropped", "the token is dead")
        elif device.is_attached:
            self._deliver(device, push)
        elif push.expires_at <= self._clock.wall():
            self._note(push, "expired", "device away")
        else:
            self._store(device, push)

    def _deliver(self, device: Device, push: Push) -> None:
        device.deliver(push)
        self._note(push, "delivered")

    def _store(self, device: Device, push: Push) -> None:
        if push.provider == "fcm" and not self._find_room(device, push):
            return
        replaced = device.stored.put(push)
        if replaced is not None:
            self._note(replaced, "replaced", "by a later one")
        self._note(push, "stored", "device away")

    def _find_room(self, device: Device, push: Push) -> bool:
        """Apply FCM's limits; False if the push is not kept itself."""
        dropped, reason = make_room(device, push, self._switches["fcm"].quota)
        for each in dropped:
            self._note(each, "dropped", reason)
        return not any(each is push for each in dropped)

    def _expire(self, device: Device) -> None:
        for push in device.stored.expire(self._clock.wall()):
            self._note(push, "expired", "device away")

    def _note(self, push: Push, event: str, reason: str = "") -> None:
        about = {"reason": reason, "token": hash8(push.token), "id": push.id, "kind": push.kind}
        self._journal.note(push.provider, event, **about)
