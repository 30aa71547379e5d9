"""Who has which token: all devices and registrations, and the tokens that are dead."""

import secrets
from dataclasses import dataclass

from ringwake.emulators.clock import Clock
from ringwake.emulators.device import MOST_REGISTRATIONS, PRODUCTION, Device, Registration
from ringwake.emulators.subscription import Subscription

MOST_DEVICES = 1000
_MOST_DEAD = 10_000
_APNS_OCTETS = 32
_SUBSCRIBED = {"webpush": "wpush", "unifiedpush": "up"}


class DirectoryError(Exception):
    """A phone's request cannot be fulfilled; `code` is the inbox' word."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A token that was somebody's."""

    at: float
    """Wall clock."""
    reason: str
    """In APNs' words."""
    environment: str = PRODUCTION


class Directory:
    """All devices of a lab."""

    def __init__(self, clock: Clock, *, team: str) -> None:
        self._clock = clock
        self._team = team
        self._devices: dict[str, Device] = {}
        self._live: dict[tuple[str, str], Registration] = {}
        self._dead: dict[tuple[str, str], Dead] = {}
        self.webpush_origin = ""
        """Where endpoints begin, once that listener has its port."""

    def device(self, name: str, secret: str) -> tuple[Device, bool]:
        """Return the device of this name and whether it is new; raises DirectoryError."""
        known = self._devices.get(name)
        if known is not None:
            if not known.knows(secret):
                raise DirectoryError("wrong_secret", "the device has another secret")
            return known, False
        if len(self._devices) >= MOST_DEVICES:
            raise DirectoryError("too_many", f"over {MOST_DEVICES} devices")
        made = self._devices[name] = Device(name, secret)
        return made, True

    def register(self, device: Device, provider: str, app: str, *, environment: str = PRODUCTION) -> Registration:
        """Return the registration of an app on a device, made now if there is none; raises DirectoryError."""
        known = device.registrations.get((provider, app))
        if known is not None and known.environment != environment:
            raise DirectoryError("other_environment", "the app is registered in the other environment: unregister it")
        if known is not None:
            return known
        if len(device.registrations) >= MOST_REGISTRATIONS:
            raise DirectoryError("too_many", f"over {MOST_REGISTRATIONS} registrations")
        return self._enter(device, provider, app, environment)

    def unregister(self, device: Device, provider: str, app: str) -> Registration:
        """Remove an app from a device; its tokens are dead. Raises DirectoryError."""
        return self._strike(device, provider, app, "Unregistered")

    def rotate(self, device: Device, provider: str, app: str) -> tuple[Registration, Registration]:
        """Give an app new tokens; the old ones are dead. Returns old and new; raises DirectoryError."""
        old = self._strike(device, provider, app, "ExpiredToken")
        return old, self._enter(device, provider, app, old.environment)

    def find(self, provider: str, token: str) -> Registration | Dead | None:
        """Return what a token stands for; None: nobody ever had it, or that is long forgotten."""
        key = provider, token
        return self._live.get(key) or self._dead.get(key)

    def _enter(self, device: Device, provider: str, app: str, environment: str) -> Registration:
        subscription = self._subscribe(provider, app) if provider in _SUBSCRIBED else None
        entry = Registration(
            device=device,
            provider=provider,
            app=app,
            team=self._team if provider == "apns" else "",
            environment=environment,
            tokens={"": subscription.endpoint} if subscription else _mint(provider),
            subscription=subscription,
        )
        device.registrations[provider, app] = entry
        self._live |= {(provider, token): entry for token in entry.tokens.values()}
        return entry

    def _subscribe(self, provider: str, application_server_key: str) -> Subscription:
        endpoint = f"{self.webpush_origin}/{_SUBSCRIBED[provider]}/{secrets.token_urlsafe(32)}"
        return Subscription(endpoint=endpoint, application_server_key=application_server_key)

    def _strike(self, device: Device, provider: str, app: str, reason: str) -> Registration:
        entry = device.registrations.pop((provider, app), None)
        if entry is None:
            raise DirectoryError("not_registered", "there is no such registration")
        for token in entry.tokens.values():
            del self._live[provider, token]
            self._dead[provider, token] = Dead(at=self._clock.wall(), reason=reason, environment=entry.environment)
        while len(self._dead) > _MOST_DEAD:
            self._dead.pop(next(iter(self._dead)))
        return entry


def _mint(provider: str) -> dict[str, str]:
    if provider == "apns":
        return {service: secrets.token_hex(_APNS_OCTETS) for service in ("voip", "remote")}
    if provider == "hms":
        return {"": f"IQAAAACy{secrets.token_urlsafe(90)}"}
    if provider == "http":  # whatever a push server calls its phones: all that a header or path would trip over
        return {"": f'phone/{secrets.token_urlsafe(24)};a="1%2f<&>"'}
    return {"": f"{secrets.token_urlsafe(16)}:APA91b{secrets.token_urlsafe(99)}"}
