"""Options that many commands have."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_state(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the state folder."""
    parser.add_argument("--state", type=Path, metavar="DIR", help="state folder (default: $RINGWAKE_STATE, else XDG's)")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option for machine-readable output."""
    parser.add_argument("--json", action="store_true", help="print JSON")
