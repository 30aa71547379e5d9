"""`one_target.py TARGET [libFuzzer options] FOLDER...`: fuzz one target until its time is over or it breaks."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["ringwake", "targets"]):
    from ringwake.sip.errors import SipError
    from targets import TARGETS


def main() -> None:
    """Fuzz; libFuzzer ends the process, and its exit code says how it went."""
    target = TARGETS[sys.argv[1]]

    def test_one_input(octets: bytes) -> None:
        try:
            target(octets)
        except SipError:
            return

    atheris.Setup([sys.argv[0], *sys.argv[2:]], test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
