"""A connector's token: read from a file that is ours alone; what is wrong is said, and never the token."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.refusal import CANARY, sound

from ringwake.config.error import ConfigError
from ringwake.config.token_file import read_token
from ringwake.secret import Secret

PLACE = "tenant[0].connector_token_file"


def written(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_token(path, PLACE)
    return sound(str(caught.value))


@pytest.mark.parametrize("text", ["0123456789abcdef0123456789abcdef", " abcDEF0123456789-._~+/== \n", "a" * 512])
@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640])
def test_a_token_is_read(text: str, mode: int, tmp_path: Path) -> None:
    assert read_token(written(tmp_path / "token", text, mode), PLACE) == Secret(text.strip())


@pytest.mark.parametrize("text", ["", "\n", CANARY, "a" * 513, "a b" * 20, b"\xff" * 40, "ä" * 40])
def test_what_is_no_token_is_refused(text: str | bytes, tmp_path: Path) -> None:
    path = written(tmp_path / "token", text)
    words = f"{PLACE}: {path} holds no token of 22 or more letters and digits: openssl rand -hex 32 makes one"
    assert refusal(path) == words


def test_a_file_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "token", "a" * 40, 0o604)
    assert "everybody may read" in refusal(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "token").endswith("token: No such file or directory: check its name and who may read it")
