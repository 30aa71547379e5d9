"""docs/reference/http-push.md: what it shows is what is sent, and its example in Python tells a push of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.push.samples import HTTP_TOKEN, NOW, http_push

from ringwake.push.hook.payload import payload
from ringwake.push.hook.signature import read_key, signed
from ringwake.secret import Secret

PAGE = (Path(__file__).parents[3] / "docs/reference/http-push.md").read_text()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "0a" * 16
BODY = payload(http_push(), HTTP_TOKEN, id=ID)
HEADERS = signed(BODY, id=ID, at=int(NOW), key=read_key(Secret(SECRET.encode())))


def is_ours(now: float = NOW) -> Callable[[dict[str, str], bytes, str], bool]:
    """Return the example of the page, at a time."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    names["time"] = SimpleNamespace(time=lambda: now)
    example: Callable[[dict[str, str], bytes, str], bool] = names["is_ours"]
    return example


def test_the_pages_example_knows_a_push_of_ours() -> None:
    assert is_ours()(HEADERS, BODY, SECRET)
    assert is_ours(NOW + 299)(HEADERS, BODY, SECRET)
    both = {**HEADERS, "webhook-signature": f"v1,AAAA {HEADERS['webhook-signature']}"}
    assert is_ours()(both, BODY, SECRET)


@pytest.mark.parametrize(
    ("changes", "body", "now"),
    [
        ({}, BODY + b" ", NOW),
        ({}, BODY, NOW + 302),
        ({}, BODY, NOW - 302),
        ({"webhook-id": "0b" * 16}, BODY, NOW),
        ({"webhook-timestamp": str(int(NOW) + 1)}, BODY, NOW),
        ({"webhook-timestamp": "soon"}, BODY, NOW),
        ({"webhook-signature": "v1,AAAA"}, BODY, NOW),
    ],
)
def test_the_pages_example_knows_what_is_not(changes: dict[str, str], body: bytes, now: float) -> None:
    assert not is_ours(now)({**HEADERS, **changes}, body, SECRET)


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_the_pages_example_wants_all_three_fields(name: str) -> None:
    assert not is_ours()({key: value for key, value in HEADERS.items() if key != name}, BODY, SECRET)
    assert f"{name}: " in PAGE


def test_another_key_is_another_sender() -> None:
    assert not is_ours()(HEADERS, BODY, "whsec_" + "A" * 32)
