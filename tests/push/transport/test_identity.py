"""A client certificate that cannot be used is refused when the application is set up, not when the phone rings."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from tests.push.certificates import Certificates

from ringwake.push.errors import CredentialsError
from ringwake.push.transport.identity import read_identity
from ringwake.secret import Secret

KEY_BEGINS = b"-----BEGIN PRIVATE KEY-----"


def parts(certs: Certificates) -> tuple[bytes, bytes]:
    certificate, begin, key = certs.client.read_bytes().partition(KEY_BEGINS)
    return certificate, begin + key


def test_none_is_none() -> None:
    assert read_identity(None) is None


def test_certificate_chain_and_key_come_apart_in_any_order(certs: Certificates) -> None:
    certificate, key = parts(certs)
    ca = certs.ca.read_bytes()
    for text in (certificate + ca + key, key + certificate + ca):
        identity = read_identity(Secret(text))
        assert identity is not None
        assert identity.chain == certificate + ca
        assert identity.key == Secret(key)


def test_its_key_is_never_shown(certs: Certificates) -> None:
    identity = read_identity(Secret(certs.client.read_bytes()))
    assert "PRIVATE" not in repr(identity)


def test_without_a_certificate_it_is_refused(certs: Certificates) -> None:
    for text in (b"", b"canary", parts(certs)[1]):
        with pytest.raises(CredentialsError, match="not in PEM") as caught:
            read_identity(Secret(text))
        assert "canary" not in str(caught.value)


def test_without_a_readable_key_it_is_refused(certs: Certificates) -> None:
    certificate, _ = parts(certs)
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"canary")
    )
    broken = KEY_BEGINS + b"\nAAAA\n-----END PRIVATE KEY-----\n"
    for key in (b"", locked, broken):
        with pytest.raises(CredentialsError, match="no private key"):
            read_identity(Secret(certificate + key))


def test_a_key_of_another_certificate_is_refused(certs: Certificates, other_certs: Certificates) -> None:
    with pytest.raises(CredentialsError, match="do not belong together"):
        read_identity(Secret(parts(certs)[0] + parts(other_certs)[1]))
