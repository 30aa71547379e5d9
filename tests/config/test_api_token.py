"""The operator's token: made once, kept for us alone, and never taken from a file that others may read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.config.refusal import CANARY, sound

from ringwake.config.api_token import api_token, new_token
from ringwake.config.error import ConfigError


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        api_token(path)
    return sound(str(caught.value))


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def test_new_tokens_differ_and_are_long() -> None:
    one, other = new_token(), new_token()
    assert one != other
    assert len(one.reveal()) >= 40


def test_a_file_that_is_not_there_is_made_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "token"
    made = api_token(path)
    assert api_token(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == f"{made.reveal()}\n"


def test_the_umask_of_the_operator_opens_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        api_token(tmp_path / "token")
    finally:
        os.umask(before)
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["0123456789abcdef0123456789abcdef", " abcDEF0123456789-._~+/== \n", "a" * 512])
def test_the_operators_own_token_is_taken(tmp_path: Path, text: str) -> None:
    assert api_token(written(tmp_path / "token", text)).reveal() == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        CANARY,
        f"{CANARY} {CANARY} {CANARY}",
        f"{CANARY}{CANARY}\n{CANARY}",
        "a" * 513,
        "ä" * 30,
        b"\xff" * 30,
        "\0" * 30,
    ],
)
def test_what_no_header_can_carry_or_anybody_can_guess_is_no_token(tmp_path: Path, text: str | bytes) -> None:
    path = written(tmp_path / "token", text)
    assert refusal(path) == (
        f"api.token_file: {path} holds no token of 22 or more letters and digits: remove it, and the server makes one"
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_token_that_others_may_read_is_theirs_already(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "token", CANARY * 4)
    path.chmod(mode)
    error = refusal(path)
    assert error == f"api.token_file: others may read {path}: chmod 600 {path}, and write another token into it"


def test_a_file_that_cannot_be_made_or_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere/token"
    assert refusal(path).startswith(f"api.token_file: {path}: No such file or directory: check its name")
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    assert refusal(folder).startswith(f"api.token_file: {folder}: Is a directory")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert refusal(link).startswith(f"api.token_file: {link}: File exists")
    assert not (tmp_path / "elsewhere").exists(), "nothing is written through a link that others may have laid"
