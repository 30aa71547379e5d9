"""Each attempt is counted once, under labels from closed sets (reliability 3.2, S29)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from tests.wake.phones import ANDROID_APP, android, iphone, push_to, target

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Throttled, Unreachable, Unregistered
from ringwake.observe.push_metrics import APPS, PushMetrics
from ringwake.wake.unsent import LINE_FULL, in_line

PUSH = push_to(android())
DOWN = Unreachable("connection refused")


class Counted:
    """Metrics with a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = PushMetrics(self.registry)

    def push(self, outcome: Outcome | None, push: Push = PUSH, seconds: float = 0.1) -> None:
        self.metrics.began(push)
        self.metrics.ended(push, outcome, seconds)

    def value(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"ringwake_{name}", labels) or 0.0

    def texts(self) -> set[str]:
        """Return all label values."""
        return {
            text for family in self.registry.collect() for sample in family.samples for text in sample.labels.values()
        }


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Accepted("1"), "accepted"),
        (Unregistered("UNREGISTERED"), "unregistered"),
        (Throttled("QUOTA_EXCEEDED", 3.0), "throttled"),
        (Refused("x", 403), "refused"),
        (DOWN, "unreachable"),
    ],
)
def test_an_attempt_is_counted_by_what_came_of_it(outcome: Outcome, result: str) -> None:
    counted = Counted()
    for _ in range(2):
        counted.push(outcome)
    assert counted.value("pushes_total", provider="fcm", app="demo", kind="call", result=result) == 2
    assert counted.value("push_request_duration_seconds_count", provider="fcm") == 2
    assert counted.value("push_request_duration_seconds_sum", provider="fcm") == pytest.approx(0.2)


def test_kinds_and_applications_are_told_apart() -> None:
    counted = Counted()
    counted.push(Accepted(), push_to(android(), Kind.REFRESH))
    counted.push(Accepted(), push_to(iphone()))
    assert counted.value("pushes_total", provider="fcm", app="demo", kind="refresh", result="accepted") == 1
    assert counted.value("pushes_total", provider="apns", app="TEAM.com.example", kind="call", result="accepted") == 1


def test_how_many_are_under_way_is_known() -> None:
    counted = Counted()
    counted.metrics.began(PUSH)
    counted.metrics.began(PUSH)
    counted.metrics.ended(PUSH, None, 1.0)
    assert counted.metrics.in_flight() == {("fcm",): 1}
    assert counted.value("push_request_duration_seconds_count", provider="fcm") == 0


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(DOWN, "unreachable"), (Throttled(""), "throttled"), (Refused("", 403), "refused"), (in_line(LINE_FULL), "line")],
)
def test_the_next_attempt_of_the_same_push_is_a_retry(failure: Outcome, reason: str) -> None:
    counted = Counted()
    for outcome in (failure, failure, Accepted()):
        counted.push(outcome)
    counted.push(Accepted())
    another = replace(PUSH, notice=replace(PUSH.notice, id="another"))
    counted.push(failure)
    counted.push(failure, another)
    assert counted.value("push_retries_total", provider="fcm", reason=reason) == 2


@pytest.mark.parametrize("final", [Unregistered(""), Refused("", 400), Refused("", 413)])
def test_what_will_not_be_tried_again_makes_no_retry(final: Outcome) -> None:
    counted = Counted()
    counted.push(final)
    assert not counted.metrics._failed


def test_what_waited_in_vain_says_nothing_of_how_quick_a_provider_is() -> None:
    counted = Counted()
    counted.push(in_line(LINE_FULL), seconds=9.0)
    assert counted.value("push_request_duration_seconds_count", provider="fcm") == 0


@pytest.mark.parametrize(("said", "reason"), [("UNREGISTERED", "UNREGISTERED"), ("canary", "other"), ("", "other")])
def test_a_dead_token_is_counted_by_a_known_reason(said: str, reason: str) -> None:
    counted = Counted()
    counted.push(Unregistered(said))
    assert counted.value("tokens_invalidated_total", provider="fcm", reason=reason) == 1
    assert "canary" not in counted.texts()


def test_no_word_of_a_provider_becomes_a_label() -> None:
    counted = Counted()
    for outcome in (Unregistered("canary"), Throttled("canary"), Refused("canary", 403), Unreachable("canary")):
        counted.push(outcome)
        counted.push(Accepted("canary"))
    assert "canary" not in counted.texts()


def test_only_so_many_applications_have_a_label_of_their_own() -> None:
    counted = Counted()
    for number in range(APPS + 5):
        app = AppKey(Provider.FCM, f"project{number}")
        for _ in range(2):
            counted.push(Accepted(), push_to(target(app, only="token")))
    assert counted.value("pushes_total", provider="fcm", app="other", kind="call", result="accepted") == 10
    assert len([text for text in counted.texts() if text.startswith("project")]) == APPS
    assert counted.metrics.app(ANDROID_APP) == "other"


def test_pushes_that_are_never_tried_again_take_no_more_than_their_room() -> None:
    counted = Counted()
    for number in range(10_050):
        counted.metrics.began(PUSH)
        counted.metrics.ended(replace(PUSH, notice=replace(PUSH.notice, id=str(number))), DOWN, 0.1)
    assert len(counted.metrics._failed) == 10_000
