"""FCM's quotas: by project and by device, and the throttle of collapsible messages (push-services part 1, 2).

What stands in Google's pages counts. `share`, the switch `quota`, lowers all of them alike; 0 lifts them.
"""

from ringwake.emulators.allowance import Bucket, Window
from ringwake.emulators.clock import Clock
from ringwake.emulators.device import Device
from ringwake.emulators.google_error import quota_error
from ringwake.emulators.journal import hash8
from ringwake.emulators.office import Office
from ringwake.emulators.push import Push

PROJECT_A_MINUTE = 600_000
DEVICE_A_MINUTE = 240
DEVICE_AN_HOUR = 5_000
COLLAPSIBLE_BURST = 20
COLLAPSIBLE_SECONDS = 180.0


class Quota:
    """Refuses requests and messages above the rates."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._project = Window(60)
        self._devices: dict[str, tuple[Window, Window]] = {}

    def check_project(self, share: float) -> None:
        """Count a request of the project; raises GoogleError. A refused one does not count, others do."""
        now = self._clock.monotonic()
        wait = self._project.wait(scaled(PROJECT_A_MINUTE, share), now) if share else 0.0
        if wait:
            raise quota_error("message rate of the project", wait)
        self._project.take(now)

    def check_device(self, device: Device, share: float) -> None:
        """Tell whether a device may be sent one more; raises GoogleError."""
        if not share:
            return
        now, (minute, hour) = self._clock.monotonic(), self._of(device)
        wait = max(
            minute.wait(scaled(DEVICE_A_MINUTE, share), now),
            hour.wait(scaled(DEVICE_AN_HOUR, share), now),
        )
        if wait:
            raise quota_error("message rate of the device", wait)

    def count(self, device: Device) -> None:
        """Take note of a message to a device."""
        now = self._clock.monotonic()
        for window in self._of(device):
            window.take(now)

    def _of(self, device: Device) -> tuple[Window, Window]:
        return self._devices.setdefault(device.name, (Window(60), Window(3600)))


class Throttle:
    """Holds back collapsible messages that an app on a device gets too many of; what is held, a later one replaces."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._held: dict[tuple[str, str, str], Push] = {}

    def post(self, device: Device, push: Push) -> None:
        """Carry a message that was accepted, now or when its turn comes."""
        place = (device.name, push.app, push.slot)
        if not push.slot:
            self._office.mailroom.post(device, push)
        elif (held := self._held.get(place)) is not None:
            self._note(held, "replaced", "by a later one")
            self._held[place] = push
        else:
            self._pass(device, push)

    def _pass(self, device: Device, push: Push) -> None:
        share = self._office.switches["fcm"].quota
        bucket = self._buckets.setdefault((device.name, push.app), Bucket(COLLAPSIBLE_SECONDS))
        wait = bucket.take(scaled(COLLAPSIBLE_BURST, share), self._office.clock.monotonic()) if share else 0.0
        if not wait:
            self._office.mailroom.post(device, push)
        elif push.expires_at <= self._office.clock.wall():
            self._note(push, "dropped", "throttled")
        else:
            self._note(push, "throttled", "collapsible")
            place = (device.name, push.app, push.slot)
            self._held[place] = push
            self._office.mailroom.later(wait, lambda: self._release(device, place))

    def _release(self, device: Device, place: tuple[str, str, str]) -> None:
        push = self._held.pop(place)
        if push.expires_at <= self._office.clock.wall():
            self._note(push, "expired", "throttled")
        else:
            self._pass(device, push)

    def _note(self, push: Push, event: str, reason: str) -> None:
        about = {"reason": reason, "token": hash8(push.token), "id": push.id, "kind": push.kind}
        self._office.journal.note("fcm", event, **about)


def scaled(limit: int, share: float) -> int:
    """Return the share of a limit, at least one."""
    return max(1, int(limit * share))
