"""The client certificate by which some services know us (APNs without a key, a push server of the operator's own)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificates

from ringwake.push.errors import CredentialsError
from ringwake.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate with its chain, and its private key."""

    chain: bytes
    """PEM, our own certificate first."""
    key: Secret[bytes]
    """PEM, PKCS#8."""


def read_identity(pem: Secret[bytes] | None) -> Identity | None:
    """Read a chain and a key that stand in one text, in any order.

    Raises:
        CredentialsError: something is missing, or the key is not that of the first certificate.
    """
    if pem is None:
        return None
    text = pem.reveal()
    try:
        chain = load_pem_x509_certificates(text)
    except ValueError:
        raise CredentialsError("the client certificate is not in PEM") from None
    try:
        key = load_pem_private_key(text, password=None)
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        is_ours = public == chain[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialsError("the client certificate has no private key in PEM without password") from None
    if not is_ours:
        raise CredentialsError("the client certificate and its private key do not belong together")
    return Identity(chain=b"".join(one.public_bytes(Encoding.PEM) for one in chain), key=Secret(private))
