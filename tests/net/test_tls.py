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


# ---- certificates that are replaced while the server runs


def replace(pair: Pair, other: Pair) -> None:
    """Do what a renewal does: new files under the old names."""
    other.certificate.replace(pair.certificate)
    other.key.replace(pair.key)


def test_a_renewed_certificate_is_used_without_a_restart(authority: Authority) -> None:
    pair = authority.issue("localhost")
    server = server_context(*pair)
    replace(pair, authority.issue("sip.example.com"))
    client = client_context(authority.file)
    assert shake_hands(client, server, name="sip.example.com") == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError, match="ostname"):
        shake_hands(client, server, name="localhost")


def test_broken_files_keep_the_old_certificate_and_alarm_once(authority: Authority) -> None:
    pair, faults = authority.issue("localhost"), list[str]()
    server = server_context(*pair, note_fault=faults.append)
    client = client_context(authority.file)
    for break_it in (
        lambda: pair.certificate.write_text("no certificate"),
        lambda: authority.issue("localhost").key.replace(pair.key),
        pair.key.unlink,
    ):
        break_it()
        for _ in range(2):
            assert shake_hands(client, server) == "TLSv1.3"
    assert len(faults) == 3
    assert all(str(pair.certificate) in fault for fault in faults)


def test_a_renewal_seen_half_way_is_taken_when_it_is_whole(authority: Authority) -> None:
    pair, new = authority.issue("localhost"), authority.issue("localhost", "sip.example.com")
    faults: list[str] = []
    server = server_context(*pair, note_fault=faults.append)
    client = client_context(authority.file)
    new.certificate.replace(pair.certificate)
    assert shake_hands(client, server) == "TLSv1.3"
    assert len(faults) == 1
    new.key.replace(pair.key)
    assert shake_hands(client, server, name="sip.example.com") == "TLSv1.3"


def test_a_phone_that_sends_no_name_gets_the_new_certificate_too(authority: Authority) -> None:
    pair = authority.issue("localhost")
    server = server_context(*pair)
    replace(pair, authority.issue("127.0.0.1"))
    assert shake_hands(client_context(authority.file), server, name="127.0.0.1") == "TLSv1.3"
