"""docs/reference/metrics.md names each metric, its labels and the closed sets of their values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ringwake.model.app import Provider
from ringwake.model.push import Kind
from ringwake.observe.metrics import _COUNTERS, Metrics
from ringwake.observe.push_metrics import _DEAD
from ringwake.wake.budget import APP, BACKGROUND, CIRCUIT, PHONE, SINGLE_FLIGHT, TENANT
from ringwake.wake.callers import ACCOUNT, ALL_ACCOUNTS, CALLER

PAGE = (Path(__file__).parents[2] / "docs/reference/metrics.md").read_text()
_ROW = re.compile(r"^\| `(\w+)` \| ([^|]*)\|", re.MULTILINE)
ROWS = {name: re.findall(r"`(\w+)`", labels) for name, labels in _ROW.findall(PAGE)}
OF_THE_SERVER = {
    "ringwake_parked_calls",
    "ringwake_store_up",
    "ringwake_provider_circuit_state",
    "ringwake_credentials_broken",
    "ringwake_cert_not_after_timestamp_seconds",
}
"""Added by `app`."""
SETS = {
    *(provider.value for provider in Provider),
    *(kind.value for kind in Kind),
    *(PHONE, SINGLE_FLIGHT, BACKGROUND, APP, TENANT, CIRCUIT, CALLER, ACCOUNT, ALL_ACCOUNTS),
    *_DEAD,
}


def names() -> set[str]:
    """Return what a server shows, but for the gauges that `app` adds."""
    families = text_string_to_metric_families(Metrics().text().decode())
    return {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in families
        if not family.name.endswith("_created")
    }


def test_the_page_names_each_metric_and_no_other() -> None:
    listed = {name for name in ROWS if name.startswith("ringwake_")}
    assert listed == names() | OF_THE_SERVER


@pytest.mark.parametrize(("name", "labels"), [(name, labels) for name, _, labels in _COUNTERS.values()])
def test_the_page_names_its_labels(name: str, labels: tuple[str, ...]) -> None:
    assert tuple(ROWS[f"ringwake_{name}"]) == labels


@pytest.mark.parametrize("value", sorted(SETS))
def test_the_page_names_each_value(value: str) -> None:
    assert f"`{value}`" in PAGE
