"""Random stories through a whole server, in virtual time: `make test` tells a handful, `make torture` hundreds.

A seed tells the same story again:

    .venv/bin/python -m pytest -m "" "tests/simulation/test_long.py::test_hundreds_of_stories_end_well[137]"

RINGWAKE_SEED=1000 in the environment of `make torture` tells those from 1000 on.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from tests.simulation.claims import CLAIMS
from tests.simulation.story import Story
from tests.support.virtual_loop import run_virtual

from ringwake.sip.flow import Transport

ROOT = Path(__file__).parents[2]
A_HANDFUL = (*range(8), 38, 63)
FIRST = int(os.environ.get("RINGWAKE_SEED", "0"))


def told(seed: int) -> Story:
    """Tell a story to its end."""

    async def main() -> Story:
        story = Story(seed)
        await story.tell()
        await story.end()
        return story

    return run_virtual(main())


told_before = cache(told)


def check(story: Story) -> None:
    """Fail with the story if one of the claims does not hold."""
    broken = [f"{claim.__name__}: {fault}" for claim in CLAIMS for fault in claim(story)]
    if broken:
        pytest.fail("\n".join([f"seed {story.seed}", *story.lines, *broken]), pytrace=False)


@pytest.mark.parametrize("seed", A_HANDFUL)
def test_a_handful_of_stories_ends_well(seed: int) -> None:
    check(told_before(seed))


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(FIRST, FIRST + 500))
def test_hundreds_of_stories_end_well(seed: int) -> None:
    check(told(seed))


def test_stories_are_of_all_kinds() -> None:
    """What hardly happens is hardly tested."""
    stories = [told_before(seed) for seed in A_HANDFUL]
    heard = Counter(attempt.call.status for story in stories for attempt in story.attempts)
    assert {200, 480, 486, 487, 603} <= {status for status, count in heard.items() if count >= 5}
    assert {transport for story in stories for transport in (phone.transport for phone in story.handsets)} == {
        Transport.UDP,
        Transport.TCP,
        Transport.TLS,
    }
    assert sum(len(story.deaths) for story in stories) >= 3
    assert sum(story.climate.disk_fails for story in stories) >= 2
    assert sum(story.climate.weather.loss > 0 for story in stories) >= 3
    assert sum(len(story.kept) for story in stories) >= 50
    assert sum(len(phone.pushes) for story in stories for phone in story.handsets) >= 50


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    code = "import sys; from tests.simulation.test_long import digest, told; print(digest(told(int(sys.argv[1]))))"
    again = subprocess.run(
        [sys.executable, "-c", code, "3"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.strip() == digest(told_before(3))


def digest(story: Story) -> str:
    """Return a hash of all that was told and of every octet that was sent."""
    sent = "".join(f"{at} {flow} {octets!r}\n" for at, flow, octets in story.world.network.sent)
    return hashlib.sha256("\n".join([*story.lines, sent]).encode()).hexdigest()
