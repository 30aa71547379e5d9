"""How pushing goes for each application; and the metrics hear of it as before."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from tests.wake.phones import ANDROID_APP, WALL, android, push_to

from ringwake.model.push import Accepted, Outcome, Unreachable, Unregistered
from ringwake.observe.push_metrics import PushMetrics
from ringwake.observe.push_news import PushNews, Tally
from ringwake.wake.unsent import LINE_FULL, in_line

PUSH = push_to(android())


class News:
    """News before real metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.news = PushNews(PushMetrics(self.registry), lambda: WALL)

    def push(self, outcome: Outcome | None) -> None:
        self.news.began(PUSH)
        self.news.ended(PUSH, outcome, 0.1)


def test_pushes_are_counted_by_what_came_of_them() -> None:
    news = News()
    for outcome in (Accepted(), Accepted(), Unreachable("unknown host")):
        news.push(outcome)
    tally = Tally(sent=3, accepted=2, failed=1, last_error="unknown host", last_error_at=WALL)
    assert news.news.all == {ANDROID_APP: tally}


def test_a_success_does_not_wipe_the_last_error_away() -> None:
    news = News()
    news.push(Unregistered())
    news.push(Accepted())
    assert news.news.all[ANDROID_APP].last_error == "unregistered"


@pytest.mark.parametrize("outcome", [None, in_line(LINE_FULL)])
def test_what_never_reached_the_provider_is_none_of_its_pushes(outcome: Outcome | None) -> None:
    news = News()
    news.push(outcome)
    assert news.news.all == {}


def test_the_metrics_hear_of_each() -> None:
    news = News()
    news.push(Accepted())
    labels = {"provider": "fcm", "app": "demo", "kind": "call", "result": "accepted"}
    assert news.registry.get_sample_value("ringwake_pushes_total", labels) == 1
