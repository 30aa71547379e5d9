"""The parsers keep their invariants on our own seeds, and on what a coverage-guided fuzzer makes of them."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from pathlib import Path

import pytest

import fuzz
from ringwake.sip.errors import SipError
from targets import TARGETS

CORPUS = fuzz.FUZZ / "corpus"
needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this platform"
)


def test_every_target_has_seeds_and_every_seed_a_target() -> None:
    assert fuzz.names() == sorted(TARGETS)
    assert all(any((CORPUS / name).iterdir()) for name in TARGETS)


@pytest.mark.parametrize("seed", sorted(CORPUS.rglob("*/*")), ids=lambda seed: f"{seed.parent.name}-{seed.name}")
def test_the_seeds_keep_the_invariants(seed: Path) -> None:
    with suppress(SipError):
        TARGETS[seed.parent.name](seed.read_bytes())


@needs_atheris
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_short_fuzz_finds_nothing(name: str, tmp_path: Path) -> None:
    done = fuzz.fuzz(name, 2, found=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
