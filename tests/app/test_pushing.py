"""What the configuration says about how often phones are woken is what happens."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from tests.wake.phones import ANDROID_APP, IPHONE_APP, android, app, push_to

from ringwake.app.pushing import add_circuits, means_of
from ringwake.config.schema import Config, LimitsSection
from ringwake.model.push import Accepted, Kind, Unreachable
from ringwake.observe.metrics import Metrics
from ringwake.wake.breaker import FAILURES, Circuits
from ringwake.wake.budget import APP, PHONE, TENANT
from ringwake.wake.callers import ALL_ACCOUNTS, CALLER
from ringwake.wake.means import Means


def means(**limits: int) -> Means:
    return means_of(Config(limits=LimitsSection(**limits)), lambda now: now)


def reason(made: Means, phone: str, domain: str = "example.com") -> str | None:
    """Wake a phone for a call; return why that is not done."""
    held = made.budget.take(push_to(android(phone)), phone, 0.0, domain=domain)
    made.budget.woke(android(phone))
    return None if held is None else held.reason


def test_the_limits_are_those_of_the_file() -> None:
    assert [reason(means(wakes_per_minute=1), "a") for _ in range(2)] == [None, None]
    tight = means(wakes_per_minute=1)
    assert [reason(tight, "a") for _ in range(2)] == [None, PHONE]
    tight = means(wakes_per_app=2)
    assert [reason(tight, phone) for phone in "abc"] == [None, None, APP]
    tight = means(wakes_per_tenant=2)
    assert [reason(tight, phone) for phone in "abc"] == [None, None, TENANT]
    assert reason(tight, "d", "example.org") is None


def test_no_call_is_taken_for_a_tenant_that_has_used_up_its_wakes() -> None:
    tight = means(wakes_per_tenant=1)
    assert tight.callers.refusal("boss", "alice@example.com", 0.0) is None
    reason(tight, "a")
    refused = tight.callers.refusal("boss", "alice@example.com", 0.0)
    assert refused is not None
    assert refused.reason == TENANT


def test_a_caller_has_so_many_calls_to_one_account_and_to_all() -> None:
    for limits, accounts, wanted in (
        ({"calls_per_minute": 2}, ["alice", "alice", "alice"], CALLER),
        ({"calls_per_caller": 2}, ["alice", "bob", "carol"], ALL_ACCOUNTS),
    ):
        tight = means(**limits)
        refusals = []
        for user in accounts:
            refusals.append(tight.callers.refusal("boss", f"{user}@example.com", 0.0))
            tight.callers.asked("boss", f"{user}@example.com", 0.0)
        assert [each and each.reason for each in refusals] == [None, None, wanted]


def test_the_circuit_of_each_application_is_shown() -> None:
    metrics, circuits, now = Metrics(), Circuits(), 0.0
    add_circuits(metrics, circuits, [app(ANDROID_APP), app(IPHONE_APP)], lambda: now)

    def shown() -> dict[str, float]:
        families = text_string_to_metric_families(metrics.text().decode())
        (family,) = [each for each in families if each.name == "ringwake_provider_circuit_state"]
        return {sample.labels["app"]: sample.value for sample in family.samples}

    assert shown() == {"demo": 0.0, "TEAM.com.example": 0.0}
    for _ in range(FAILURES):
        circuits.heard(push_to(android()), Unreachable("down"), now)
    assert shown() == {"demo": 2.0, "TEAM.com.example": 0.0}
    now = 1.0
    assert shown()["demo"] == 1.0
    circuits.heard(push_to(android(), Kind.REFRESH), Accepted(), now)
    assert shown()["demo"] == 0.0
