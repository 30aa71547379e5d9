"""The lab's own certificate authority, its server certificate for loopback names, and a client's for APNs."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")
VALID_FOR = timedelta(days=3650)
# A clock that runs behind ours shall accept the certificate too.
_BACKDATED = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """PEM texts. The authority's key is not kept: nobody can sign with it again."""

    authority: bytes
    server: bytes
    server_key: bytes
    client: bytes
    client_key: bytes


def make_certificates(wall: float, *, team: str = "") -> Certificates:
    """Make an authority, a server certificate and one by which a team pushes, valid from now for ten years."""
    begin = datetime.fromtimestamp(wall, UTC) - _BACKDATED
    authority_key, server_key, client_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    issuer = _name("ringwake emulators CA")
    authority = (
        _builder(issuer, issuer, authority_key, begin)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    identities = [*map(x509.DNSName, NAMES), *(x509.IPAddress(ip_address(address)) for address in ADDRESSES)]
    server = (
        _leaf(_builder(_name("ringwake emulators"), issuer, server_key, begin), authority_key)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(identities), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    client = (
        _leaf(
            _builder(_name("Apple Push Services: ringwake emulators", team), issuer, client_key, begin), authority_key
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return Certificates(
        authority=authority.public_bytes(Encoding.PEM),
        server=server.public_bytes(Encoding.PEM),
        server_key=_pem(server_key),
        client=client.public_bytes(Encoding.PEM),
        client_key=_pem(client_key),
    )


def are_valid(server: bytes, wall: float) -> bool:
    """Tell whether a server certificate (PEM) is valid now, and for a month to come."""
    certificate = x509.load_pem_x509_certificate(server)
    now = datetime.fromtimestamp(wall, UTC)
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - timedelta(days=30)


def server_context(server: Path, key: Path, protocols: list[str], *, clients_of: Path | None = None) -> ssl.SSLContext:
    """Return the TLS context of a listener; `clients_of` is the authority of the certificates that it asks for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(server, key)
    context.set_alpn_protocols(protocols)
    if clients_of is not None:
        context.load_verify_locations(clients_of)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _name(common: str, unit: str = "") -> x509.Name:
    units = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []
    return x509.Name([*units, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _leaf(builder: x509.CertificateBuilder, authority_key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(authority, critical=False)
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
