"""Who pushes by a client certificate in place of a token (push-services 1.3)."""

from cryptography import x509
from cryptography.x509.oid import NameOID

from ringwake.emulators.clock import Clock
from ringwake.emulators.refusal import RefusedError


def check_certificate(der: bytes, teams: frozenset[str], clock: Clock) -> str:
    """Return the team that a certificate names; raises RefusedError. TLS has checked who has signed it."""
    certificate = x509.load_der_x509_certificate(der)
    names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    team = next((str(name.value) for name in names if name.value in teams), None)
    if team is None:
        raise RefusedError("BadCertificate", "it names no team")
    if not certificate.not_valid_before_utc.timestamp() <= clock.wall() < certificate.not_valid_after_utc.timestamp():
        raise RefusedError("BadCertificate", "it is not valid now")
    return team
