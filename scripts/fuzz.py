"""`fuzz.py [--seconds N] [TARGET ...]`: fuzz the parsers one after another; what breaks an invariant is kept.

The seeds in `fuzz/corpus/` are read, never written: what the fuzzer finds stands in `.cache/fuzz/` and helps the next
run. An input that breaks an invariant is written to `.cache/fuzz/broken-...`, and becomes a test.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from quiet_run import ROOT

FUZZ = ROOT / "fuzz"
FOUND = ROOT / ".cache/fuzz"
LONGEST_INPUT = 4096
GRACE_SECONDS = 60


def main() -> int:
    """Fuzz what the command line names; return how many targets broke."""
    parser = argparse.ArgumentParser(description="Fuzz the parsers.")
    parser.add_argument("--seconds", type=int, default=300, help="for each target (default: %(default)s)")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: {', '.join(names())}")
    options = parser.parse_args()
    broken = [name for name in options.targets or names() if fuzz(name, options.seconds).returncode]
    print(f"{len(broken)} targets broke{': ' if broken else '.'}{', '.join(broken)}")
    return len(broken)


def names() -> list[str]:
    """Return the targets: those that have seeds."""
    return sorted(folder.name for folder in (FUZZ / "corpus").iterdir())


def fuzz(name: str, seconds: int, *, found: Path = FOUND) -> subprocess.CompletedProcess[str]:
    """Fuzz one target."""
    folder = found / name
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        "-timeout=10",
        f"-artifact_prefix={found}/broken-{name}-",
        "-print_final_stats=1",
    ]
    command = [sys.executable, str(FUZZ / "one_target.py"), name, *options, str(folder), str(FUZZ / "corpus" / name)]
    done = subprocess.run(
        command, cwd=FUZZ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        check=False, timeout=seconds + GRACE_SECONDS,
    )  # fmt: skip
    runs = next((line for line in done.stdout.splitlines() if "number_of_executed_units" in line), "").split(" ")[-1]
    print(f"{name:<18}{runs or '?':>10} inputs  {'broken' if done.returncode else 'ok'}", flush=True)
    if done.returncode:
        print(done.stdout[-3000:])
    return done


if __name__ == "__main__":
    sys.exit(main())
