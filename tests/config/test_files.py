"""Certificates and keys: there, readable, fitting, and not for everybody's eyes; said before anything listens."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from tests.config.refusal import CANARY, sound
from tests.support.authority import Authority, Pair

from ringwake.config.error import ConfigError
from ringwake.config.files import check_files
from ringwake.config.load import parse


@pytest.fixture(name="pair")
def pair_fixture(tmp_path: Path) -> Pair:
    return issue(Authority(tmp_path))


def issue(authority: Authority) -> Pair:
    pair = authority.issue("127.0.0.1")
    pair.key.chmod(0o600)
    return pair


def listener(certificate: Path | str, key: Path | str) -> str:
    return f'[[listen]]\ntransport = "tls"\naddress = "127.0.0.1:0"\ncertificate = "{certificate}"\nkey = "{key}"\n'


def public(certificate: Path | str, key: Path | str) -> str:
    return f'[public]\nlisten = "127.0.0.1:0"\ncertificate = "{certificate}"\nkey = "{key}"\n'


def refusal(text: str, base: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        check_files(parse(text), base)
    return sound(str(caught.value))


def test_good_files_are_taken_and_relative_paths_begin_at_the_base(pair: Pair) -> None:
    check_files(parse(listener(pair.certificate.name, pair.key.name) + public(*pair)), pair.key.parent)


def test_what_has_no_files_has_none_to_check(tmp_path: Path) -> None:
    text = '[server]\nlab = true\n[[listen]]\ntransport = "udp"\naddress = "127.0.0.1:0"\n'
    check_files(parse(text), tmp_path)
    check_files(parse(f'{text}[public]\nlisten = "127.0.0.1:0"'), tmp_path)


def test_a_missing_file_is_named(pair: Pair, tmp_path: Path) -> None:
    for make, place in ((listener, "listen[0]"), (public, "public")):
        error = refusal(make("server.pem", pair.key), tmp_path)
        assert error.startswith(f"{place}.certificate: {tmp_path / 'server.pem'}: No such file or directory: check its")
        error = refusal(make(pair.certificate, "server.key"), tmp_path)
        assert error.startswith(f"{place}.key: {tmp_path / 'server.key'}: No such file or directory: check its name")


def test_the_listener_with_the_wrong_file_is_the_one_that_is_named(pair: Pair, tmp_path: Path) -> None:
    plain = '[[listen]]\ntransport = "udp"\naddress = "127.0.0.1:0"\n'
    error = refusal(plain + listener(*pair) + listener(pair.certificate, "server.key"), tmp_path)
    assert error.startswith("listen[2].key: ")


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601, 0o666])
def test_a_key_that_everybody_may_read_is_refused_with_the_command_that_mends_it(pair: Pair, mode: int) -> None:
    """Reliability S21."""
    pair.key.chmod(mode)
    error = refusal(listener(*pair), pair.key.parent)
    assert error == f"listen[0].key: everybody on this machine may read {pair.key}: chmod 600 {pair.key}"


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640])
def test_a_key_of_the_owner_and_its_group_is_taken(pair: Pair, mode: int) -> None:
    pair.key.chmod(mode)
    check_files(parse(listener(*pair)), pair.key.parent)


def test_a_key_of_another_certificate_is_refused(pair: Pair, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    stranger = issue(Authority(other))
    error = refusal(public(pair.certificate, stranger.key), tmp_path)
    assert error.startswith(f"public: {pair.certificate} and {stranger.key} are no certificate and key in PEM that fit")
    assert "(KEY_VALUES_MISMATCH)" in error


@pytest.mark.parametrize(
    "text", ["", f"{CANARY}\n", f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused_and_not_shown(pair: Pair, text: str) -> None:
    pair.key.write_text(text)
    error = refusal(listener(*pair), pair.key.parent)
    assert error.startswith(f"listen[0]: {pair.certificate} and {pair.key} are no certificate and key in PEM that fit")


def test_a_certificate_that_is_none_is_refused(pair: Pair) -> None:
    pair.certificate.write_text("hello")
    assert "are no certificate and key in PEM that fit" in refusal(listener(*pair), pair.key.parent)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(pair: Pair) -> None:
    """OpenSSL would ask at the terminal, and the start would hang."""
    key = load_pem_private_key(pair.key.read_bytes(), None)
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(CANARY.encode())))
    assert refusal(listener(*pair), pair.key.parent).endswith("and its key, without a password")
