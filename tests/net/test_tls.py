"""TLS contexts: 1.2 or newer, names checked."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path

import pytest
from tests.support.authority import Authority, Pair

from ringwake.net.tls import client_context, server_context


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, *, name: str = "localhost") -> str | None:
    """Return the version that both agree on."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(down, up, server_hostname=name)
    theirs = server.wrap_bio(up, down, server_side=True)
    waiting = [ours, theirs]
    for _ in range(10):
        for side in tuple(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert waiting == []
    return ours.version()


def old(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let a context speak nothing newer than TLS 1.1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def test_the_two_contexts_understand_each_other(authority: Authority, loopback: Pair) -> None:
    assert shake_hands(client_context(authority.file), server_context(*loopback)) == "TLSv1.3"


def test_old_versions_are_refused_by_the_server(authority: Authority, loopback: Pair) -> None:
    """RFC 8996. The same two agree as soon as the server lets them."""
    server = server_context(*loopback)
    server.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol"):
        shake_hands(old(client_context(authority.file)), server)
    assert shake_hands(old(client_context(authority.file)), old(server_context(*loopback))) == "TLSv1.1"


def test_old_versions_are_refused_by_the_phone(authority: Authority, loopback: Pair) -> None:
    client = client_context(authority.file)
    client.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol"):
        shake_hands(client, old(server_context(*loopback)))


def test_a_phone_checks_the_name(authority: Authority, loopback: Pair) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="ostname"):
        shake_hands(client_context(authority.file), server_context(*loopback), name="sip.example.com")


def test_a_phone_without_a_file_trusts_the_system_and_not_us(loopback: Pair) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client_context(), server_context(*loopback))


def test_missing_files_are_errors_that_say_so(tmp_path: Path, loopback: Pair) -> None:
    with pytest.raises(OSError, match="No such file"):
        server_context(tmp_path / "none.pem", loopback.key)
    with pytest.raises(OSError, match="No such file"):
        client_context(tmp_path / "none.pem")


def test_a_key_of_another_certificate_is_an_error(authority: Authority, loopback: Pair) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)mismatch"):
        server_context(loopback.certificate, authority.issue("localhost").key)
