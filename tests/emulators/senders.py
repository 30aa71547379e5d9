"""Providers as the tests play them: they sign with PyJWT and know nothing of the emulators' code."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.emulators.bench import START
from tests.emulators.offices import BUNDLE, ORIGIN, PROJECT, TEAM, post

from ringwake.emulators.credentials import Ids
from ringwake.emulators.exchange import Request

APNS_KEY = ec.generate_private_key(ec.SECP256R1())
KEY_ID = "KEY1234567"
# One token for all: a team may not show a new one with each push.
PROVIDER_TOKEN = jwt.encode({"iss": TEAM, "iat": int(START)}, APNS_KEY, "ES256", headers={"kid": KEY_ID})


def apns_headers(service: str = "voip", **changes: str) -> dict[str, str]:
    """Return a good push's headers; `changes` by header name with _ for -."""
    topic = f"{BUNDLE}.voip" if service == "voip" else BUNDLE
    push_type = "voip" if service == "voip" else "alert"
    good = {"authorization": f"bearer {PROVIDER_TOKEN}", "apns-topic": topic, "apns-push-type": push_type}
    return good | {name.replace("_", "-"): value for name, value in changes.items()}


def apns_body(**aps: object) -> bytes:
    return json.dumps({"aps": aps, "ringwake": {"kind": "call"}}).encode()


GOOGLE_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
IDS = Ids(
    team=TEAM,
    key_id=KEY_ID,
    project=PROJECT,
    project_number="123456789012",
    private_key_id="f00d",
    client_email="lab@demo-project.iam.gserviceaccount.com",
)
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TOKEN_URI = f"{ORIGIN}/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(
    *, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = GOOGLE_KEY, kid: str = "f00d", **claims: object
) -> str:
    """Return a service account's assertion, good unless changed; a claim of None is left out."""
    good = {"iss": IDS.client_email, "scope": SCOPE, "aud": TOKEN_URI, "iat": int(START), "exp": int(START) + 3600}
    content = {name: value for name, value in (good | claims).items() if value is not None}
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    return jwt.PyJWS().encode(json.dumps(content).encode(), key, algorithm, headers={"kid": kid})


def token_request(**fields: str) -> Request:
    body = urlencode({"grant_type": GRANT, "assertion": assertion()} | fields).encode()
    return post("/token", {"content-type": "application/x-www-form-urlencoded"}, body)


VAPID_KEY = ec.generate_private_key(ec.SECP256R1())
SUBJECT = "mailto:ops@example.com"


def raw_point(key: ec.EllipticCurvePrivateKey) -> str:
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")


def vapid(
    *, key: ec.EllipticCurvePrivateKey = VAPID_KEY, shown: str = "", origin: str = ORIGIN, **claims: object
) -> str:
    """Return a good Authorization, unless changed; a claim of None is left out."""
    good = {"aud": origin, "exp": int(START) + 43_200, "sub": SUBJECT}
    content = {name: value for name, value in (good | claims).items() if value is not None}
    token = jwt.PyJWS().encode(json.dumps(content).encode(), key, "ES256")
    return f"vapid t={token}, k={shown or raw_point(key)}"


def seal(text: bytes, keys: Mapping[str, str]) -> bytes:
    """Encrypt for a subscription, as `PushSubscription.toJSON` gives its keys."""
    sealed: bytes = http_ece.encrypt(
        text,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=urlsafe_b64decode(keys["p256dh"] + "="),
        auth_secret=urlsafe_b64decode(keys["auth"] + "=="),
        version="aes128gcm",
    )
    return sealed
