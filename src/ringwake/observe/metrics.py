"""Prometheus metrics (reliability 3.2): base units, closed label sets, nothing that names a person or a token."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ringwake.model.events import Event, Happened
from ringwake.observe.push_metrics import PushMetrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60)
_MOST_CALLS = 10_000


class Metrics:
    """Counts events; measures what lies between two of them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters = {
            what: Counter(f"ringwake_{name}", text, labels, registry=self._registry)
            for what, (name, text, labels) in _COUNTERS.items()
        }
        self._ring_delay = self._histogram("ring_delay_seconds", "INVITE received to the first 18x of a phone")
        self._wake = self._histogram("wake_duration_seconds", "push accepted by the provider to REGISTER on disk")
        self._invites: dict[str, float] = {}
        self._accepted: dict[tuple[str, str], float] = {}
        self.pushes = PushMetrics(self._registry)
        """Counts each attempt."""
        self.gauges("provider_inflight", "pushes under way", ("provider",), self.pushes.in_flight)

    def gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a gauge that is read when it is asked for."""
        Gauge(f"ringwake_{name}", text, registry=self._registry).set_function(value)

    def gauges(
        self, name: str, text: str, labels: tuple[str, ...], values: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> None:
        """Add gauges that are read when they are asked for: their values by their labels."""
        self._registry.register(_Read(f"ringwake_{name}", text, labels, values))

    def note(self, event: Event) -> None:
        """Count one event."""
        counter = self._counters.get(event.what)
        if counter is not None:
            labels = {label: str(event.fields.get(label) or "none") for label in _COUNTERS[event.what][2]}
            (counter.labels(**labels) if labels else counter).inc()
        self._measure(event)

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(f"ringwake_{name}", text, buckets=_SECONDS, registry=self._registry)

    def _measure(self, event: Event) -> None:
        device = str(event.fields.get("device") or "")
        if event.what is Happened.INVITE_RECEIVED:
            self._invites[event.trace] = event.at
        elif event.what is Happened.RINGING and event.trace in self._invites:
            self._ring_delay.observe(event.at - self._invites.pop(event.trace))
        elif event.what is Happened.PUSH_ACCEPTED and event.trace:
            self._accepted[event.trace, device] = event.at
        elif event.what is Happened.DEVICE_WOKEN and (event.trace, device) in self._accepted:
            self._wake.observe(event.at - self._accepted.pop((event.trace, device)))
        for began in (self._invites, self._accepted):
            if len(began) > _MOST_CALLS:
                began.pop(next(iter(began)))  # type: ignore[call-overload]  # both are keyed by what they iterate


class _Read(Collector):
    """Gauges whose values somebody else keeps."""

    def __init__(
        self, name: str, text: str, labels: tuple[str, ...], values: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> None:
        self._name = name
        self._text = text
        self._labels = labels
        self._values = values

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name them, without asking for the values."""
        return [GaugeMetricFamily(self._name, self._text, labels=self._labels)]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Ask for the values."""
        family = GaugeMetricFamily(self._name, self._text, labels=self._labels)
        for labels, value in self._values().items():
            family.add_metric(labels, value)
        return [family]


_COUNTERS: dict[Happened, tuple[str, str, tuple[str, ...]]] = {
    Happened.INVITE_RECEIVED: ("invites_total", "INVITEs to accounts", ()),
    Happened.CALL_ENDED: ("calls_total", "calls by how they ended", ("end",)),
    Happened.CALL_RECOVERED: ("calls_recovered_total", "calls taken up after a restart", ()),
    Happened.GHOST_SENT: ("ghost_calls_total", "calls that were over and were shown to iPhones that came too late", ()),
    Happened.CALL_FORWARDED: ("calls_forwarded_total", "calls that went on to somebody else", ("by",)),
    Happened.PBX_LOST: ("pbx_lost_total", "times that a PBX was lost", ("tenant",)),
    Happened.PBX_REFUSED: ("pbx_refusals_total", "registrations that a PBX did not take", ("status",)),
    Happened.PUSH_SENT: ("pushes_sent_total", "pushes handed to a provider", ("kind",)),
    Happened.PUSH_ACCEPTED: ("pushes_accepted_total", "pushes that the provider took", ()),
    Happened.PUSH_FAILED: ("pushes_failed_total", "pushes that the provider did not take", ("outcome",)),
    Happened.PUSH_SUPPRESSED: ("pushes_suppressed_total", "pushes not sent", ("reason",)),
    Happened.CIRCUIT_OPENED: (
        "provider_circuit_opens_total",
        "times that a provider had failed too often",
        ("provider",),
    ),
    Happened.TOKEN_FORGOTTEN: (
        "tokens_forgotten_total",
        "push tokens forgotten, since a provider called them dead",
        (),
    ),
    Happened.TOKEN_SUSPECT: ("tokens_suspect_total", "push tokens called dead and kept, since there were many", ()),
    Happened.TOKEN_GUARD_TRIPPED: (
        "token_guard_trips_total",
        "times that too many push tokens of an application were called dead",
        ("provider",),
    ),
    Happened.TOKEN_CHALLENGED: ("tokens_challenged_total", "phones that were asked to prove a push token", ()),
    Happened.TOKEN_SHARED: ("tokens_shared_total", "push tokens that a second phone claimed", ()),
    Happened.WAKE_COUNTED: ("wakes_total", "pushes that a phone has answered with a REGISTER", ("reason",)),
    Happened.REGISTERED: ("registrations_total", "REGISTERs taken", ("push",)),
    Happened.MESSAGE_KEPT: ("messages_kept_total", "MESSAGEs on disk", ()),
    Happened.MESSAGE_DELIVERED: ("messages_delivered_total", "MESSAGEs that a phone has taken", ("status",)),
    Happened.MESSAGE_REFUSED: ("messages_refused_total", "MESSAGEs that somebody will not take", ("status",)),
    Happened.MESSAGE_DEFERRED: ("messages_deferred_total", "MESSAGEs that a phone did not take at once", ()),
    Happened.MESSAGE_SENT: ("messages_sent_total", "MESSAGEs of the API that a PBX has taken", ()),
    Happened.REQUEST_REFUSED: ("sip_refusals_total", "requests answered with a failure", ("method", "status")),
    Happened.REQUEST_DROPPED: ("sip_drops_total", "messages dropped", ()),
    Happened.STORE_FAILED: ("store_errors_total", "operations that could not be made durable", ("op",)),
    Happened.FAULT: ("faults_total", "errors that nobody expected", ()),
}
