"""Metrics: names and labels that a dashboard can rely on, closed sets, base units, bounded memory."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.observe.happenings import event
from tests.wake.phones import android, push_to

from ringwake.model.events import Happened
from ringwake.observe.metrics import CONTENT_TYPE, Metrics

COUNTERS = {
    Happened.INVITE_RECEIVED: ("ringwake_invites_total", {}),
    Happened.CALL_ENDED: ("ringwake_calls_total", {"end": "answered"}),
    Happened.CALL_RECOVERED: ("ringwake_calls_recovered_total", {}),
    Happened.PUSH_SENT: ("ringwake_pushes_sent_total", {"kind": "call"}),
    Happened.PUSH_ACCEPTED: ("ringwake_pushes_accepted_total", {}),
    Happened.PUSH_FAILED: ("ringwake_pushes_failed_total", {"outcome": "throttled"}),
    Happened.PUSH_SUPPRESSED: ("ringwake_pushes_suppressed_total", {"reason": "single_flight"}),
    Happened.CIRCUIT_OPENED: ("ringwake_provider_circuit_opens_total", {"provider": "fcm"}),
    Happened.TOKEN_FORGOTTEN: ("ringwake_tokens_forgotten_total", {}),
    Happened.TOKEN_SUSPECT: ("ringwake_tokens_suspect_total", {}),
    Happened.TOKEN_GUARD_TRIPPED: ("ringwake_token_guard_trips_total", {"provider": "fcm"}),
    Happened.TOKEN_CHALLENGED: ("ringwake_tokens_challenged_total", {}),
    Happened.TOKEN_SHARED: ("ringwake_tokens_shared_total", {}),
    Happened.WAKE_COUNTED: ("ringwake_wakes_total", {"reason": "call"}),
    Happened.REGISTERED: ("ringwake_registrations_total", {"push": "fcm"}),
    Happened.MESSAGE_KEPT: ("ringwake_messages_kept_total", {}),
    Happened.MESSAGE_DELIVERED: ("ringwake_messages_delivered_total", {"status": "200"}),
    Happened.MESSAGE_REFUSED: ("ringwake_messages_refused_total", {"status": "200"}),
    Happened.MESSAGE_DEFERRED: ("ringwake_messages_deferred_total", {}),
    Happened.MESSAGE_SENT: ("ringwake_messages_sent_total", {}),
    Happened.REQUEST_REFUSED: ("ringwake_sip_refusals_total", {"method": "INVITE", "status": "403"}),
    Happened.REQUEST_DROPPED: ("ringwake_sip_drops_total", {}),
    Happened.STORE_FAILED: ("ringwake_store_errors_total", {"op": "park"}),
    Happened.FAULT: ("ringwake_faults_total", {}),
    Happened.GHOST_SENT: ("ringwake_ghost_calls_total", {}),
    Happened.CALL_FORWARDED: ("ringwake_calls_forwarded_total", {"by": "pbx"}),
    Happened.PBX_LOST: ("ringwake_pbx_lost_total", {"tenant": "example.com"}),
    Happened.PBX_REFUSED: ("ringwake_pbx_refusals_total", {"status": "403"}),
}


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return samples(metrics).get((name, tuple(sorted(labels.items()))), 0.0)


@pytest.mark.parametrize("what", COUNTERS)
def test_an_event_is_counted_under_its_name_and_labels(what: Happened) -> None:
    metrics = Metrics()
    name, labels = COUNTERS[what]
    for _ in range(2):
        metrics.note(event(what, aor="alice@example.com", device="d1", **labels))
    assert value(metrics, name, **labels) == 2


@pytest.mark.parametrize("what", sorted(set(Happened) - COUNTERS.keys()))
def test_other_events_are_counted_nowhere(what: Happened) -> None:
    metrics = Metrics()
    before = samples(metrics)
    metrics.note(event(what, device="d1"))
    assert samples(metrics) == before


@pytest.mark.parametrize("what", [what for what, (_, labels) in COUNTERS.items() if labels])
def test_a_label_that_the_event_does_not_know_is_none(what: Happened) -> None:
    metrics = Metrics()
    name, labels = COUNTERS[what]
    metrics.note(event(what))
    assert value(metrics, name, **dict.fromkeys(labels, "none")) == 1


def test_names_have_our_prefix_and_one_unit() -> None:
    """Prometheus' own advice on naming."""
    metrics = Metrics()
    metrics.gauge("parked_calls", "calls under way", lambda: 0.0)
    for family in text_string_to_metric_families(metrics.text().decode()):
        assert re.fullmatch(r"ringwake_[a-z_]+", family.name)
        assert family.documentation
        if family.type == "histogram":
            assert family.name.endswith("_seconds")


def test_no_label_names_a_person_a_call_or_a_token() -> None:
    """Reliability S29: labels come from closed sets."""
    metrics = Metrics()
    fields = {"aor": "canary", "device": "canary", "call_id": "canary", "token": "canary", "rule": "canary"}
    for what, (_, labels) in COUNTERS.items():
        metrics.note(event(what, trace="canary", **{**fields, **labels}))
    metrics.note(event(Happened.RINGING, 1.0, trace="canary", **fields))
    assert b"canary" not in metrics.text()


def test_ring_delay_is_from_the_invite_to_the_first_18x() -> None:
    metrics = Metrics()
    metrics.note(event(Happened.INVITE_RECEIVED, 10.0))
    metrics.note(event(Happened.RINGING, 12.5))
    metrics.note(event(Happened.RINGING, 20.0))
    assert value(metrics, "ringwake_ring_delay_seconds_count") == 1
    assert value(metrics, "ringwake_ring_delay_seconds_sum") == 2.5
    assert value(metrics, "ringwake_ring_delay_seconds_bucket", le="3.0") == 1
    assert value(metrics, "ringwake_ring_delay_seconds_bucket", le="2.0") == 0


def test_a_call_that_does_not_ring_has_no_ring_delay() -> None:
    metrics = Metrics()
    metrics.note(event(Happened.INVITE_RECEIVED, 10.0))
    metrics.note(event(Happened.RINGING, 11.0, trace="another"))
    metrics.note(event(Happened.CALL_ENDED, 12.0, end="no_wake"))
    assert value(metrics, "ringwake_ring_delay_seconds_count") == 0


def test_a_wake_lasts_from_the_accepted_push_to_the_registration_of_that_phone() -> None:
    metrics = Metrics()
    metrics.note(event(Happened.PUSH_ACCEPTED, 1.0, device="d1"))
    metrics.note(event(Happened.PUSH_ACCEPTED, 2.0, device="d2"))
    metrics.note(event(Happened.DEVICE_WOKEN, 3.0, device="d1"))
    metrics.note(event(Happened.DEVICE_WOKEN, 9.0, device="d1"))
    metrics.note(event(Happened.DEVICE_WOKEN, 9.0, device="awake already"))
    assert value(metrics, "ringwake_wake_duration_seconds_count") == 1
    assert value(metrics, "ringwake_wake_duration_seconds_sum") == 2.0


def test_calls_that_never_ring_take_no_more_than_their_room() -> None:
    metrics = Metrics()
    for number in range(10_050):
        trace = f"{number:x}"
        metrics.note(event(Happened.INVITE_RECEIVED, float(number), trace=trace))
        metrics.note(event(Happened.PUSH_ACCEPTED, float(number), trace=trace, device="d1"))
    assert len(metrics._invites) == len(metrics._accepted) == 10_000
    metrics.note(event(Happened.RINGING, 20_000.0, trace="0"))
    assert value(metrics, "ringwake_ring_delay_seconds_count") == 0, "the oldest is forgotten"
    metrics.note(event(Happened.RINGING, 20_000.0, trace=f"{10_049:x}"))
    assert value(metrics, "ringwake_ring_delay_seconds_count") == 1


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    metrics, calls = Metrics(), [1.0]
    metrics.gauge("parked_calls", "calls under way", lambda: calls[0])
    assert value(metrics, "ringwake_parked_calls") == 1
    calls[0] = 7.0
    assert value(metrics, "ringwake_parked_calls") == 7


def test_gauges_with_labels_are_read_when_they_are_asked_for() -> None:
    metrics = Metrics()
    states: dict[tuple[str, ...], float] = {("fcm", "demo"): 2.0}
    metrics.gauges("provider_circuit_state", "how a provider is asked", ("provider", "app"), lambda: states)
    assert value(metrics, "ringwake_provider_circuit_state", provider="fcm", app="demo") == 2
    states["fcm", "demo"] = 0.0
    assert value(metrics, "ringwake_provider_circuit_state", provider="fcm", app="demo") == 0
    metrics.pushes.began(push_to(android()))
    assert value(metrics, "ringwake_provider_inflight", provider="fcm") == 1


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.note(event(Happened.FAULT))
    assert value(other, "ringwake_faults_total") == 0


def test_the_format_is_the_one_that_the_content_type_names() -> None:
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")
    assert Metrics().text().startswith(b"# HELP ringwake_")
