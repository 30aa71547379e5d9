"""The same with real isolation: two network namespaces, and no way into the PBX's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def hindrance() -> str:
    """Return why this machine cannot make network namespaces, or nothing."""
    missing = [name for name in ("unshare", "nsenter", "ip") if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    tried = ["unshare", "--net", "ip", "link", "add", "near", "type", "veth", "peer", "name", "far"]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no network namespaces here: {done.stderr.strip()}"


def test_a_pbx_that_nothing_can_reach_is_called_through_its_connector_and_a_restart_loses_nothing(
    tmp_path: Path,
) -> None:
    why = hindrance()
    if why:
        pytest.skip(why)
    done = subprocess.run(
        ["unshare", "--net", sys.executable, str(Path(__file__).with_name("isolated_edge.py")), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["ready"]["local"] == "10.99.0.9:5070"
    assert result["way_in"] == []
    assert result["heard_all"]
    assert result["flows"] == 1, "the flow of the first connector is that of the second"
    assert result["code"] == 0
