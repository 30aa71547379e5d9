"""What `ringwake doctor` says of credentials as they stand in their files: what they are, and how long they last."""

from __future__ import annotations

from cryptography.x509 import Certificate, ObjectIdentifier, load_pem_x509_certificates
from cryptography.x509.oid import NameOID

from ringwake.model.app import AppKey, Provider
from ringwake.model.check import Check, Verdict
from ringwake.push.access import Access, ApnsAccess, FcmAccess, HmsAccess, WebPushAccess
from ringwake.push.errors import CredentialsError
from ringwake.push.transport.identity import read_identity

SOON = 14 * 86400.0
"""Seconds before its end at which a certificate is warned of."""
_TOPICS = ObjectIdentifier("1.2.840.113635.100.6.3.6")
"""Apple's extension: the topics of a push certificate."""
_DEFAULT_SUBJECT = "mailto:postmaster@example.com"


def credentials_check(app: AppKey, access: Access, *, wall: float) -> Check:
    """Say what an application pushes by. Keys that are none have been refused before.

    Args:
        app: the application.
        access: its credentials.
        wall: epoch seconds now.
    """
    name = f"credentials {label(app)}"
    certificate = certificate_of(access)
    if certificate is not None and (found := _of_certificate(name, certificate, app, wall)) is not None:
        return found
    verdict, cause, mend = Verdict.OK, _what(app, access), ""
    match access:
        case FcmAccess() if not app.param.isdigit() and access.service_account.get("project_id") != app.param:
            project = access.service_account.get("project_id")
            verdict, cause = Verdict.FAIL, f"the service account is of project {project}, `param` says {app.param}"
            mend = "take the JSON file of that project, or write its id into `param`, as the phones do"
        case WebPushAccess(allow_private=False) if access.subject == _DEFAULT_SUBJECT:
            verdict, cause = Verdict.WARN, "`subject` is only the example: no push service can write to you"
            mend = 'write your address: subject = "mailto:you@your.domain"'
        case _:
            pass
    return Check(name=name, verdict=verdict, cause=cause, mend=mend)


def certificate_of(access: Access) -> Certificate | None:
    """Return the client certificate that is shown to the service, if there is one."""
    try:
        identity = read_identity(access.identity)
    except CredentialsError:
        return None
    return None if identity is None else load_pem_x509_certificates(identity.chain)[0]


def expiry_check(name: str, what: str, not_after: float, *, wall: float) -> Check | None:
    """Warn of a certificate that ends soon, or has; None when it does not.

    Args:
        name: of the check.
        what: the certificate, as a person calls it.
        not_after: epoch seconds of its end.
        wall: epoch seconds now.
    """
    days = int((not_after - wall) / 86400)
    if not_after <= wall:
        return Check(name=name, verdict=Verdict.FAIL, cause=f"{what} has expired", mend="put a new one in its place")
    if not_after - wall < SOON:
        mend = "put a new one in its place: it is read without a restart"
        return Check(name=name, verdict=Verdict.WARN, cause=f"{what} expires in {days} days", mend=mend)
    return None


def label(app: AppKey) -> str:
    """Name an application."""
    return f"{app.provider.value} {app.param}"


def _of_certificate(name: str, certificate: Certificate, app: AppKey, wall: float) -> Check | None:
    not_after = certificate.not_valid_after_utc.timestamp()
    if (found := expiry_check(name, "the client certificate", not_after, wall=wall)) is not None:
        return found
    bundle = app.param.partition(".")[2]
    if app.provider is Provider.APNS and not _is_for(certificate, bundle):
        mend = "take a certificate of that app, for its VoIP services too if it rings by VoIP pushes"
        return Check(name=name, verdict=Verdict.FAIL, cause=f"the client certificate is not for {bundle}", mend=mend)
    return None


def _is_for(certificate: Certificate, bundle: str) -> bool:
    """Tell whether a push certificate names a bundle id; one that names none may be for any."""
    topics = [e.value for e in certificate.extensions if e.oid == _TOPICS]
    users = [str(a.value) for a in certificate.subject.get_attributes_for_oid(NameOID.USER_ID)]
    if not topics and not users:
        return True
    # Of the extension only the bundle's octets are looked for: its strings are UTF-8, whatever stands around them.
    return any(user in (bundle, f"{bundle}.voip") for user in users) or any(
        bundle.encode() in getattr(topic, "value", b"") for topic in topics
    )


def _what(app: AppKey, access: Access) -> str:
    match access:
        case ApnsAccess() if access.key is not None:
            return f"key {access.key_id} of team {app.param.partition('.')[0]}"
        case FcmAccess():
            return f"a service account of project {access.service_account.get('project_id')}"
        case WebPushAccess():
            return "a VAPID key; no service is asked without a phone's subscription"
        case HmsAccess():
            return "an app secret"
        case ApnsAccess():
            return "a client certificate"
        case _:
            return "a key to sign with; your server is pushed to for phones only"
