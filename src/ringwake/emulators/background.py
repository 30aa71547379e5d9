"""What iOS does with background pushes: two or three an hour wake the app, the others are lost (push-services 1.5)."""

from ringwake.emulators.allowance import Window
from ringwake.emulators.clock import Clock
from ringwake.emulators.device import Device

AN_HOUR = 3
_HOUR_SECONDS = 3600.0


class BackgroundBudget:
    """Counts for each device. Apple takes the push all the same; it is the phone that lets it wait for ever."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._devices: dict[str, Window] = {}

    def take(self, device: Device, share: float) -> bool:
        """Tell whether one more may wake the app, and count it; a share of 0: any number may."""
        window = self._devices.setdefault(device.name, Window(_HOUR_SECONDS))
        now = self._clock.monotonic()
        if share and window.wait(max(1, int(AN_HOUR * share)), now):
            return False
        window.take(now)
        return True
