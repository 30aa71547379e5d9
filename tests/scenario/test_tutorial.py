"""The tutorial's commands, as they stand on its page."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.processes import Program, ringwake, run_ringwake

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorial/first-ring.md"
TERMINALS = ("emulate", "serve", "phone")


def commands() -> list[str]:
    """Return the lines of all code blocks, in order."""
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is missing: apt-get install sip-tester")
@pytest.mark.timeout(180)
def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    phones: list[Program] = []
    sip = ""
    with ExitStack() as terminals:
        for line in commands():
            words = shlex.split(line)
            if words[0] in ("make", "."):
                continue  # this very set-up
            if words[0] == "sipp":
                more = ["-timeout", "25", "-trace_msg", "-message_file", str(tmp_path / "caller.messages")]
                call = subprocess.Popen([*words[:-1], *more, sip], cwd=ROOT, stdout=subprocess.DEVNULL)
                phones[0].until(lambda text: "press a to accept" in text)
                phones[0].press("a")
                assert call.wait(timeout=30) == 0
                phones[0].until(lambda text: "The call is over" in text)
            elif words[1] in TERMINALS:
                program = terminals.enter_context(ringwake(*words[1:], state=tmp_path))
                if words[1] == "phone":
                    program.until(lambda text: "Only a push can wake it" in text)
                    phones.append(program)
                elif words[1] == "serve":
                    sip = next(one["address"] for one in program.event("ready")["listen"] if one["transport"] == "udp")
                else:
                    program.until(lambda text: text.startswith("Next,"))
            else:
                done = run_ringwake(words[1:], state=tmp_path)
                assert done.returncode == 0, done.stderr
                assert done.stdout.strip()
    assert len(phones) == 3
