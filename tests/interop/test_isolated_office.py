"""The whole system with real isolation: the PBX and its connector in a network namespace that has no way in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.connector.isolated_edge import EDGE
from tests.connector.test_isolation import ROOT, hindrance
from tests.interop.pbx import needs_kamailio
from tests.support.rtpengine import PROGRAM

pytestmark = [
    needs_kamailio,
    pytest.mark.skipif(
        PROGRAM is None, reason="rtpengine is missing: apt-get install --no-install-recommends rtpengine-daemon"
    ),
]


def test_a_call_gets_in_and_out_where_nothing_can_reach_the_pbx(tmp_path: Path) -> None:
    if why := hindrance():
        pytest.skip(why)
    done = subprocess.run(
        ["unshare", "--net", sys.executable, str(Path(__file__).with_name("isolated_office.py")), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["in"][-2:] == [180, 200]
    assert told["out"][-2:] == [180, 200]
    assert told["relay"] == [EDGE], "the PBX sends its media out to the relay"
    assert told["way_in"] == []
