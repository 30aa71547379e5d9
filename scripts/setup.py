"""Set up `.venv`: `python3 scripts/setup.py run|test`.

Only the door. The version check stands before the other imports, in words every Python 3 can parse:
whoever starts us with an old one shall read a sentence, not a syntax error.
"""

import subprocess
import sys

OLDEST = (3, 11)


def works(python: str) -> bool:
    """Tell whether an interpreter is there; that its name is on PATH would not do (pyenv's shims)."""
    try:
        return subprocess.call([python, "-c", ""], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def too_old() -> str:
    """Return the sentence for a Python that is too old, naming a newer one if there is one."""
    newer = [name for name in ("python3.14", "python3.13", "python3.12", "python3.11") if works(name)]
    mend = "add `PYTHON=%s` to the make command" % newer[0] if newer else "install Python 3.11 or newer"  # noqa: UP031
    return "ringwake needs Python 3.11 or newer, and %s is %s: %s." % (sys.executable, sys.version.split()[0], mend)  # noqa: UP031


if sys.version_info[:2] < OLDEST:
    sys.exit(too_old())

import setup_venv  # noqa: E402  # only after the check, see above

if __name__ == "__main__":
    sys.exit(setup_venv.main(sys.argv[1:]))
