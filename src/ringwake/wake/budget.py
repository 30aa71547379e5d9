"""How often a phone is woken: one outstanding wake at a time, shared by all that waits for it, and few a minute.

A push wakes the whole phone, which then refreshes all its bindings (RFC 8599 section 4.1.3): a second one would only
cost battery, and a thousand callers would turn a phone into a heater (section 13, docs/adr/0017-budgets.md).
"""

from __future__ import annotations

from typing import NamedTuple

from ringwake.model.push import Kind, Push, PushTarget
from ringwake.wake.allowance import Allowance, Suppressed
from ringwake.wake.breaker import Circuits
from ringwake.wake.rate import Rate

MINUTE, HOUR = 60.0, 3600.0
WAKES_A_MINUTE = 4
BACKGROUND_AN_HOUR = 2
"""Background pushes that iOS is sure to deliver; it drops others, and holds them against the app."""
WAKES_OF_APP = 120_000
"""Pushes of one application in a minute, whatever they are for; FCM takes 600,000 of a project (push-services 2.6)."""
SINGLE_FLIGHT, PHONE, BACKGROUND = "single_flight", "phone_limit", "background_limit"
APP, TENANT, CIRCUIT = "app_limit", "tenant_limit", "circuit_open"
"""Reasons, which are labels of a counter: a closed set, with those of `callers`."""
_SHARE_OF_OTHERS = 0.5
# A call must ring, so only another call's push will do; a message is to be shown; anything else is content with a wake.
_COVERED_BY = {
    Kind.CALL: frozenset({Kind.CALL}),
    Kind.MESSAGE: frozenset({Kind.CALL, Kind.MESSAGE}),
    Kind.VOICEMAIL: frozenset({Kind.VOICEMAIL}),
    Kind.WAKE: frozenset({Kind.CALL, Kind.MESSAGE, Kind.VOICEMAIL, Kind.WAKE}),
    Kind.REFRESH: frozenset({Kind.CALL, Kind.MESSAGE, Kind.VOICEMAIL, Kind.WAKE, Kind.REFRESH}),
}


class _Lease(NamedTuple):
    until: float
    owner: str
    at: float
    """When it was last pushed for."""
    token: str
    """Digest of the token that had a background push by that, or empty."""
    domain: str


class Budget:
    """Outstanding wakes, and the last ones, by phone, application and tenant; and the services that fail just now."""

    def __init__(
        self, *, window: float, wakes: int = WAKES_A_MINUTE, apps: Rate | None = None, tenants: Rate | None = None
    ) -> None:
        """Begin.

        Args:
            window: seconds after which a wake that nobody ended is no longer waited for.
            wakes: pushes that wake one phone in any minute. Calls may have all of them, messages and other requests
                half, so that nobody can keep a phone from ringing by writing to it.
            apps: pushes of one application, shared out in the same way; a refresh counts with the others.
            tenants: pushes that wake phones of one tenant, by its domain; likewise. None: no bound.
        """
        self.circuits = Circuits()
        """Hears of every outcome, from whoever sends."""
        self._window = window
        self._leases: dict[tuple[str, Kind], _Lease] = {}
        self._wakes = Allowance(most=wakes, seconds=MINUTE)
        self._background = Allowance(most=BACKGROUND_AN_HOUR, seconds=HOUR)
        self._apps = Rate(most=WAKES_OF_APP) if apps is None else apps
        self._tenants = tenants
        self._asked: dict[str, float] = {}

    def take(self, push: Push, owner: str, now: float, *, domain: str = "") -> Suppressed | None:
        """Ask for the wake of a phone; None when the push is to be sent.

        Args:
            push: of a kind that wakes: CALL, MESSAGE, VOICEMAIL, WAKE, REFRESH.
            owner: who may ask again.
            now: monotonic seconds.
            domain: the tenant's.
        """
        phone, kind = push.target.lease, push.notice.kind
        leases = [self._leases[phone, other] for other in _COVERED_BY[kind] if (phone, other) in self._leases]
        until = max((lease.until for lease in leases if lease.owner != owner), default=now)
        if until > now:
            return Suppressed(SINGLE_FLIGHT, until)
        suppressed = self._too_many(push, domain, now) or self.tell(push, now)
        if suppressed is None:
            token = push.token.digest if push.is_background else ""
            self._leases[phone, kind] = _Lease(now + self._window, owner, now, token, domain)
            self._apps.use(push.target.app, now)
            if kind is not Kind.REFRESH:
                self._wakes.use(phone, now)
                if self._tenants is not None:
                    self._tenants.use(domain, now)
        return suppressed

    def tell(self, push: Push, now: float) -> Suppressed | None:
        """Ask for a push that is no wake of its own; None when it is to be sent."""
        digest = push.token.digest
        if push.is_background and (free_at := self._background.free_at(digest, now)) > now:
            return Suppressed(BACKGROUND, free_at)
        if (free_at := self.circuits.free_at(push, now)) > now:
            return Suppressed(CIRCUIT, free_at)
        self.circuits.sent(push, now)
        if push.is_background:
            self._background.use(digest, now)
        return None

    def untold(self, push: Push, at: float) -> None:
        """Take note that a push that was told at that time did not get through."""
        if push.is_background:
            self._background.give_back(push.token.digest, at)

    def again(self, push: Push, now: float) -> Suppressed | None:
        """Ask to repeat a push that was taken, for a phone that has not come: it is the same wake, and no further one.

        None when it is to be sent.
        """
        if (free_at := self._apps.free_at(push.target.app, now)) > now:
            return Suppressed(APP, free_at)
        suppressed = self.tell(push, now)
        if suppressed is None:
            self._apps.use(push.target.app, now)
        return suppressed

    def woke(self, target: PushTarget) -> None:
        """Take note that the phone has registered: the next push is a new wake. It counts all the same."""
        self._asked.pop(target.lease, None)
        for kind in _COVERED_BY:
            self._leases.pop((target.lease, kind), None)

    def give_back(self, target: PushTarget, kind: Kind, owner: str) -> None:
        """Take note that the owner's push did not get through: whoever shared it may push now."""
        lease = self._leases.get((target.lease, kind))
        if lease is not None and lease.owner == owner:
            del self._leases[target.lease, kind]
            self._wakes.give_back(target.lease, lease.at)
            self._background.give_back(lease.token, lease.at)
            self._apps.give_back(target.app, lease.at)
            if self._tenants is not None and kind is not Kind.REFRESH:
                self._tenants.give_back(lease.domain, lease.at)

    def forgive(self, target: PushTarget, at: float) -> None:
        """Take note that the call which was pushed for at that time was answered: nobody minds it."""
        self._wakes.give_back(target.lease, at)

    def ask(self, target: PushTarget, owner: str, until: float) -> None:
        """Take note that the owner's silent push was taken: until then the phone is asked no more, for any account.

        Unless it was so quick that it has come already.
        """
        lease = self._leases.get((target.lease, Kind.REFRESH))
        if lease is not None and lease.owner == owner:
            self._asked[target.lease] = until

    def asked_until(self, target: PushTarget) -> float:
        """Return until when a silent push to the phone is waited for; 0 when it has come since, or there was none."""
        return self._asked.get(target.lease, 0.0)

    def sweep(self, now: float) -> None:
        """Forget what no longer counts."""
        self._leases = {key: lease for key, lease in self._leases.items() if lease.until > now}
        self._asked = {phone: until for phone, until in self._asked.items() if until > now}
        self._wakes.sweep(now)
        self._background.sweep(now)
        self._apps.sweep(now)
        if self._tenants is not None:
            self._tenants.sweep(now)
        self.circuits.sweep(now)

    def __len__(self) -> int:
        parts = (self._leases, self._asked, self._wakes, self._background, self._apps, self._tenants, self.circuits)
        return sum(len(part) for part in parts if part is not None)

    def _too_many(self, push: Push, domain: str, now: float) -> Suppressed | None:
        """Tell whether so many pushes were sent that this one is one too many."""
        kind, phone, app = push.notice.kind, push.target.lease, push.target.app
        share = 1.0 if kind is Kind.CALL else _SHARE_OF_OTHERS
        if kind is not Kind.REFRESH:
            if (free_at := self._wakes.free_at(phone, now, share=share)) > now:
                return Suppressed(PHONE, free_at)
            if self._tenants is not None and (free_at := self._tenants.free_at(domain, now, share=share)) > now:
                return Suppressed(TENANT, free_at)
        free_at = self._apps.free_at(app, now, share=share)
        return Suppressed(APP, free_at) if free_at > now else None
