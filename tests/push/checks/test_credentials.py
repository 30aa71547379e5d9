"""What credentials are, and how long they last."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from tests.push.house import KEY, SUBJECT
from tests.push.samples import APNS_APP, FCM_APP, HMS_APP, HTTP_APP, NOW, WEBPUSH_APP

from ringwake.model.app import AppKey, Provider
from ringwake.model.check import Verdict
from ringwake.push.access import Access, ApnsAccess, FcmAccess, HmsAccess, HookAccess, WebPushAccess
from ringwake.push.checks.credentials import certificate_of, credentials_check
from ringwake.secret import Secret

EXAMPLE = "mailto:postmaster@example.com"
BUNDLE = APNS_APP.param.partition(".")[2]
TOPICS = x509.ObjectIdentifier("1.2.840.113635.100.6.3.6")


def identity(*, days: float = 365.0, user: str = "", topics: bytes = b"") -> Secret[bytes]:
    """Make a client certificate that ends so many days from now."""
    key = load_pem_private_key(KEY.reveal(), None)
    assert hasattr(key, "sign")
    names = [x509.NameAttribute(NameOID.COMMON_NAME, "push")]
    names += [x509.NameAttribute(NameOID.USER_ID, user)] if user else []
    now = dt.datetime.fromtimestamp(NOW, dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(x509.Name(names))
        .public_key(key.public_key())  # type: ignore[arg-type]  # it is one of a curve
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=500))
        .not_valid_after(now + dt.timedelta(days=days))
    )
    if topics:
        builder = builder.add_extension(x509.UnrecognizedExtension(TOPICS, topics), critical=False)
    signed = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]  # likewise
    return Secret(signed.public_bytes(Encoding.PEM) + KEY.reveal())


def apns(**fields: Any) -> ApnsAccess:
    return ApnsAccess(key_id="KEY1234567", **({"key": KEY} | fields))


@pytest.mark.parametrize(
    ("app", "access", "words"),
    [
        (APNS_APP, apns(), "key KEY1234567 of team TEAM123456"),
        (APNS_APP, apns(key=None, identity=identity(user=BUNDLE)), "a client certificate"),
        (FCM_APP, FcmAccess(service_account={"project_id": "demo-project"}), "a service account of project demo-pro"),
        (
            AppKey(Provider.FCM, "123456789012"),
            FcmAccess(service_account={"project_id": "demo-project"}),
            "a service account of project demo-project",
        ),
        (WEBPUSH_APP, WebPushAccess(vapid_key=KEY, subject=SUBJECT), "a VAPID key"),
        (WEBPUSH_APP, WebPushAccess(vapid_key=KEY, subject=EXAMPLE, allow_private=True), "a VAPID key"),
        (HMS_APP, HmsAccess(secret=Secret("canary")), "an app secret"),
        (HTTP_APP, HookAccess(endpoint="https://own.example/", secret=Secret(b"canary")), "a key to sign with"),
    ],
)
def test_good_credentials_are_named_and_not_shown(app: AppKey, access: Access, words: str) -> None:
    check = credentials_check(app, access, wall=NOW)
    assert (check.name, check.verdict) == (f"credentials {app.provider} {app.param}", Verdict.OK)
    assert words in check.cause
    assert "canary" not in check.cause


def test_an_account_of_another_project_is_refused() -> None:
    check = credentials_check(FCM_APP, FcmAccess(service_account={"project_id": "other"}), wall=NOW)
    assert check.verdict is Verdict.FAIL
    assert check.cause == "the service account is of project other, `param` says demo-project"


def test_the_example_of_a_subject_is_warned_of() -> None:
    access = WebPushAccess(vapid_key=KEY, subject=EXAMPLE)
    assert credentials_check(WEBPUSH_APP, access, wall=NOW).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("days", "verdict", "words"),
    [(15, Verdict.OK, ""), (13, Verdict.WARN, "expires in 13 days"), (-1, Verdict.FAIL, "has expired")],
)
def test_a_certificate_that_ends_soon_is_warned_of(days: float, verdict: Verdict, words: str) -> None:
    check = credentials_check(APNS_APP, apns(identity=identity(days=days)), wall=NOW)
    assert check.verdict is verdict
    assert words in check.cause


@pytest.mark.parametrize(
    ("names", "is_for"),
    [
        ({}, True),
        ({"user": BUNDLE}, True),
        ({"user": f"{BUNDLE}.voip"}, True),
        ({"user": "com.example.other"}, False),
        ({"user": "com.example.other", "topics": b"\x0c\x11" + BUNDLE.encode()}, True),
        ({"topics": b"\x0c\x11com.example.other"}, False),
    ],
)
def test_a_push_certificate_of_another_app_is_refused(names: dict[str, Any], is_for: bool) -> None:
    check = credentials_check(APNS_APP, apns(key=None, identity=identity(**names)), wall=NOW)
    assert check.verdict is (Verdict.OK if is_for else Verdict.FAIL)
    assert is_for or check.cause == f"the client certificate is not for {BUNDLE}"


@pytest.mark.parametrize("identity", [None, Secret(b"half")])
def test_what_is_no_certificate_has_no_end(identity: Secret[bytes] | None) -> None:
    assert certificate_of(apns(identity=identity)) is None
