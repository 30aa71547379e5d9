"""Claims about the lab's certificates."""

import ssl
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.emulators.bench import START
from tests.emulators.conftest import Tls

from ringwake.emulators.certificates import are_valid, make_certificates

DAY = 86_400


def test_the_server_certificate_is_signed_by_the_authority_for_loopback() -> None:
    made = make_certificates(START)
    authority, server = (x509.load_pem_x509_certificate(pem) for pem in (made.authority, made.server))
    server.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]
    assert isinstance(server.public_key(), ec.EllipticCurvePublicKey)
    assert server.not_valid_before_utc < datetime.fromtimestamp(START, UTC)


def test_the_chain_stands_strict_checking(tls: Tls) -> None:
    context = tls.client()
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    inbound, outbound, incoming, outgoing = (ssl.MemoryBIO() for _ in range(4))
    client = context.wrap_bio(inbound, outbound, server_hostname="127.0.0.1")
    server = tls.server().wrap_bio(incoming, outgoing, server_side=True)
    done: set[str] = set()
    while len(done) < 2:
        for name, end in (("client", client), ("server", server)):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            else:
                done.add(name)
        incoming.write(outbound.read())
        inbound.write(outgoing.read())
    assert client.version() == "TLSv1.3"


@pytest.mark.parametrize(
    ("days", "valid"), [(-3, False), (0, True), (3600, True), (3640, False), (4000, False)], ids=str
)
def test_validity_is_judged_with_a_month_to_spare(days: int, valid: bool) -> None:
    assert are_valid(make_certificates(START).server, START + days * DAY) is valid


def test_the_clients_certificate_names_its_team_and_is_no_servers() -> None:
    made = make_certificates(START, team="TEAM123456")
    authority, client = (x509.load_pem_x509_certificate(pem) for pem in (made.authority, made.client))
    client.verify_directly_issued_by(authority)
    (unit,) = client.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert unit.value == "TEAM123456"
    uses = client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
