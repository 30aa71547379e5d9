"""Install the Debian packages that the interop tests drive, listed in `tests/interop/debian.txt`.

Root gets them installed without a question and without a daemon being started. Anyone else gets the line to run, and
the tests that need them skip; in CI a skip is a failure, so it is one here too.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quiet_run import ROOT, SetupError, explain, run, say, step

LIST = ROOT / "tests/interop/debian.txt"
POLICY = Path("/usr/sbin/policy-rc.d")
# 101: "action forbidden by policy", the answer that keeps a package's scripts from starting its daemon.
DENY_ALL = "#!/bin/sh\n# Put here by ringwake's set-up for the time of an installation.\nexit 101\n"


def main() -> int:
    """Install what is missing, if we may; return the exit code."""
    wanted = read_list(LIST.read_text())
    in_ci = os.environ.get("CI") == "true"
    if not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        say(f"Not a Debian: tests that need {', '.join(wanted)} skip where these are not installed.")
        return 0
    missing = find_missing(wanted)
    if not missing:
        return 0
    if os.geteuid():
        say("Some tests will skip. To run them too: " + install_line(missing))
        return int(in_ci)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the policy file goes also then
    try:
        _install(missing)
    except SetupError as error:
        explain(error)
        say("Tests that need these packages will skip.")
        return int(in_ci)
    return 0


def read_list(text: str) -> list[str]:
    """Return the packages of a list; `#` begins a comment."""
    return [line for raw in text.splitlines() if (line := raw.partition("#")[0].strip())]


def find_missing(packages: list[str]) -> list[str]:
    """Return those packages that are not installed."""
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages]
    # It fails when it does not know one of them, and still answers for the others.
    answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    return [package for package in packages if f"{package} installed" not in answer.splitlines()]


def install_line(packages: list[str]) -> str:
    """Return the command a person would type."""
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def _install(packages: list[str]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    patient = "-oDPkg::Lock::Timeout=300"
    with step(f"installing the Debian packages {', '.join(packages)}"), no_daemons(POLICY):
        run(["apt-get", patient, "update"], env)
        run(["apt-get", patient, "install", "--yes", "--no-install-recommends", *packages], env)


@contextmanager
def no_daemons(policy: Path) -> Iterator[None]:
    """Forbid that daemons start while the block runs; then put back what was there, also after a killed run."""
    aside = policy.with_name(f"{policy.name}.before-ringwake")
    _restore(policy, aside)
    if policy.exists():
        policy.rename(aside)
    try:
        policy.write_text(DENY_ALL)
        policy.chmod(0o755)
        yield
    finally:
        _restore(policy, aside)


def _restore(policy: Path, aside: Path) -> None:
    if policy.exists() and policy.read_text(errors="replace") == DENY_ALL:
        policy.unlink()
    if aside.exists():
        aside.rename(policy)


if __name__ == "__main__":
    sys.exit(main())
