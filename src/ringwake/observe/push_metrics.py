"""Each attempt to push, counted: where to, what for, what came of it, how long it took (reliability 3.2)."""

from __future__ import annotations

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Histogram

from ringwake.model.app import AppKey
from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Unregistered
from ringwake.wake.unsent import is_ours

APPS = 100
"""Applications that have a label of their own; all others are `other`."""
OTHER = "other"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20)
_MOST_FAILED = 10_000
# What the services say of a token that is dead. A word that is none of these may be anything, also a token.
_DEAD = frozenset(
    {
        *("BadDeviceToken", "DeviceTokenNotForTopic", "ExpiredToken", "Unregistered"),  # APNs
        *("UNREGISTERED", "INVALID_ARGUMENT"),  # FCM
        *("HTTP 404", "HTTP 410"),  # Web Push
        *("80100000", "80300007"),  # HMS
    }
)


class PushMetrics:
    """Implements the edge's `Meter`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Add its metrics to a registry."""
        self._pushes = Counter(
            "ringwake_pushes_total",
            "attempts to push, by what came of them",
            ("provider", "app", "kind", "result"),
            registry=registry,
        )
        self._retries = Counter(
            "ringwake_push_retries_total",
            "attempts after one that failed, by how it had failed",
            ("provider", "reason"),
            registry=registry,
        )
        self._dead = Counter(
            "ringwake_tokens_invalidated_total",
            "times that a provider called a push token dead",
            ("provider", "reason"),
            registry=registry,
        )
        self._seconds = Histogram(
            "ringwake_push_request_duration_seconds",
            "push handed to the sender to the provider's answer",
            ("provider",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._in_flight: Tally[str] = Tally()
        self._apps: dict[AppKey, str] = {}
        self._parts: dict[tuple[AppKey, Kind, str], tuple[Counter, Histogram]] = {}
        self._failed: dict[tuple[str, str], str] = {}

    def began(self, push: Push) -> None:
        """Take note that a push goes."""
        provider = push.target.app.provider.value
        self._in_flight[provider] += 1
        if self._failed:
            reason = self._failed.pop((push.notice.id, push.token.digest), None)
            if reason is not None:
                self._retries.labels(provider, reason).inc()

    def ended(self, push: Push, outcome: Outcome | None, seconds: float) -> None:
        """Count a push; without an outcome it was given up, and only is no longer under way."""
        app, kind = push.target.app, push.notice.kind
        provider = app.provider.value
        self._in_flight[provider] -= 1
        if outcome is None:
            return
        result = type(outcome).__name__.lower()
        parts = self._parts.get((app, kind, result))
        if parts is None:  # to look them up by their labels costs more than to count
            counter = self._pushes.labels(provider, self.app(app), kind.value, result)
            parts = self._parts[app, kind, result] = (counter, self._seconds.labels(provider))
        parts[0].inc()
        is_accepted = isinstance(outcome, Accepted)
        if is_accepted or not is_ours(outcome):
            parts[1].observe(seconds)
        if not is_accepted:
            self._not_accepted(push, outcome, result)

    def app(self, app: AppKey) -> str:
        """Return an application's label."""
        label = self._apps.get(app)
        if label is None:
            if len(self._apps) >= APPS:
                return OTHER
            label = self._apps[app] = app.param
        return label

    def in_flight(self) -> dict[tuple[str, ...], float]:
        """Return how many pushes are under way, those in line included, by provider."""
        return {(provider,): count for provider, count in self._in_flight.items()}

    def _not_accepted(self, push: Push, outcome: Outcome, result: str) -> None:
        if isinstance(outcome, Unregistered):
            reason = outcome.reason if outcome.reason in _DEAD else OTHER
            self._dead.labels(push.target.app.provider.value, reason).inc()
        elif not (isinstance(outcome, Refused) and outcome.status in (400, 413)):
            self._failed[push.notice.id, push.token.digest] = "line" if is_ours(outcome) else result
            if len(self._failed) > _MOST_FAILED:
                del self._failed[next(iter(self._failed))]
