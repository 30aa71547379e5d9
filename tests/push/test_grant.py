"""What is no bearer token, or no length of time, is no grant."""

from __future__ import annotations

import msgspec
import pytest

from ringwake.push.grant import AccessText, Lifetime


@pytest.mark.parametrize("text", ["ya29.a0Af~+/==", "CF3-_", "x" * 4096])
def test_a_bearer_token_is_taken(text: str) -> None:
    assert msgspec.convert(text, AccessText) == text


@pytest.mark.parametrize("text", ["", "a b", "a\r\nx: y", "a\n", "é", "=", "x" * 4097, "a\0", "\u2028", 5, None, ["a"]])
def test_what_no_header_could_carry_is_not(text: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, AccessText)


@pytest.mark.parametrize("seconds", [0.5, 3599, 31_536_000])
def test_a_length_of_time_is_taken(seconds: float) -> None:
    assert msgspec.convert(seconds, Lifetime) == seconds


@pytest.mark.parametrize("seconds", [0, -1, 1e308, float("inf"), float("nan"), 31_536_001, "3599", None, []])
def test_what_is_none_is_not(seconds: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(seconds, Lifetime)
