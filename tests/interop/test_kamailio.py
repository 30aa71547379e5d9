"""The same probes to ringwake and to Kamailio 5.6: every difference is known, and has its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interop.call_probes import CALL_PROBES
from tests.interop.differences import DIFFERENCES, as_table, between
from tests.interop.exchange import DOMAIN, Exchange
from tests.interop.message_probes import MESSAGE_PROBES
from tests.interop.probes import Probe
from tests.interop.proxy_probes import PROXY_PROBES
from tests.interop.register_probes import REGISTER_PROBES
from tests.interop.station import station
from tests.support.kamailio import PROGRAM, kamailio

PROBES = (*REGISTER_PROBES, *PROXY_PROBES, *CALL_PROBES, *MESSAGE_PROBES)
CONFIG = Path(__file__).parent / "kamailio.cfg"
PAGE = Path(__file__).parents[2] / "docs/explain/kamailio-differences.md"
needs_kamailio = pytest.mark.skipif(PROGRAM is None, reason="kamailio is missing: apt-get install kamailio")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with kamailio(CONFIG, tmp_path_factory.mktemp("kamailio"), domain=DOMAIN) as server:
        yield server


@needs_kamailio
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_kamailio_does_the_same_or_the_difference_is_listed(ours: Exchange, theirs: str, probe: Probe) -> None:
    account = ours.account()
    with station(ours.address, DOMAIN, account) as here, station(theirs, DOMAIN, account) as there:
        found = between(probe.script(here), probe.script(there))
    assert found == next(((one.ours, one.theirs) for one in DIFFERENCES if one.probe == probe.name), ({}, {}))


def test_each_difference_is_about_a_probe() -> None:
    names = [probe.name for probe in PROBES]
    listed = [one.probe for one in DIFFERENCES]
    assert len(set(names)) == len(names)
    assert len(set(listed)) == len(listed)
    assert set(listed) <= set(names)


def test_the_page_tells_the_differences() -> None:
    assert as_table(DIFFERENCES) in PAGE.read_text()
