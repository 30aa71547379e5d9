"""The settings that the pages on push services show are settings that the server takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ringwake.config.load import parse

REFERENCE = Path(__file__).parents[2] / "docs/reference"
SHOWN = [
    (page, text)
    for page in ("providers.md", "http-push.md")
    for text in re.findall(r"```toml\n(.*?)```", (REFERENCE / page).read_text(), re.DOTALL)
]


def test_each_page_shows_some() -> None:
    assert [page for page, _ in SHOWN] == ["providers.md", "providers.md", "http-push.md"]


@pytest.mark.parametrize(("page", "text"), SHOWN)
def test_what_is_shown_is_taken(page: str, text: str) -> None:
    config = parse(f'[[tenant]]\ndomain = "example.com"\n{text}')
    assert len(config.app) == 1, page
