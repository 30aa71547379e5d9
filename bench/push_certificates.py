"""An authority, a server certificate and a provider key, made on the spot for one run."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_AUTHORITY = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ringwake bench")])
_SERVER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM."""

    ca: Path
    server: Path
    """Certificate and key."""
    key: Path
    """Provider key as Apple's .p8."""


def make(folder: Path) -> Certificates:
    """Make them in a folder."""
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "key.p8")
    ca_key, server_key, provider_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    authority = _begun(_AUTHORITY, ca_key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = _begun(_SERVER, server_key).add_extension(x509.SubjectAlternativeName(names), critical=False)
    made.ca.write_bytes(authority.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    made.server.write_bytes(server.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM) + _private(server_key))
    made.key.write_bytes(_private(provider_key))
    return made


def _begun(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(_AUTHORITY)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
