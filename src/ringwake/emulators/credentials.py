"""The lab folder: keys, certificates and ids, made once and used again, for the emulators and for who pushes to them.

The folder is 0700 and each file 0600.
"""

import json
import os
import secrets
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ringwake.emulators.certificates import are_valid, make_certificates

PROJECT = "demo-project"
HMS_APP, HMS_PROJECT = "100000001", "736430079244000001"
"""Huawei's app id and project id."""
HOOK_APP = "demo-phone"
"""The application at the lab's own push server."""
SUBJECT = "mailto:lab@example.com"
"""Who the application server says it is, in VAPID."""
_UPPER = string.ascii_uppercase + string.digits
_RSA_BITS = 2048

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class CredentialsError(Exception):
    """A file of the lab folder is not what it should be; the folder may be deleted to begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """Names that go with the keys."""

    team: str
    key_id: str
    project: str = PROJECT
    project_number: str
    private_key_id: str
    client_email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """All that both sides need, loaded."""

    folder: Path
    ids: Ids
    apns_key: ec.EllipticCurvePublicKey
    google_key: rsa.RSAPublicKey
    vapid_public_key: str
    """base64url, as a browser takes it for `applicationServerKey`."""
    control_secret: str
    hms_secret: str
    """Huawei's app secret."""
    hook_secret: str
    """What the lab's own push server knows the sender by."""

    @property
    def ca_file(self) -> Path:
        """The authority that clients trust."""
        return self.folder / "ca.pem"

    @property
    def server_files(self) -> tuple[Path, Path]:
        """The listeners' certificate and key."""
        return self.folder / "server.pem", self.folder / "server.key"

    @property
    def apns_key_file(self) -> Path:
        """Apple's .p8: PKCS#8, P-256."""
        return _apns_key_file(self.folder, self.ids)

    @property
    def apns_client_files(self) -> tuple[Path, Path]:
        """A certificate and its key, by which the team pushes in place of the .p8."""
        return _apns_client_files(self.folder)

    @property
    def service_account_file(self) -> Path:
        """Google's JSON; it exists once `write_service_account` was called."""
        return self.folder / "service-account.json"

    @property
    def vapid_key_file(self) -> Path:
        """The application server's key: PEM, P-256."""
        return self.folder / "vapid.pem"

    @property
    def hms_secret_file(self) -> Path:
        """Holds the app secret."""
        return self.folder / "hms.secret"

    @property
    def hook_secret_file(self) -> Path:
        """Holds the key of the push server's signature."""
        return self.folder / "hook.secret"

    @property
    def control_secret_file(self) -> Path:
        """Opens the inbox' control door."""
        return self.folder / "control.secret"

    def write_service_account(self, token_uri: str) -> None:
        """Write the JSON anew: its token endpoint is another one at each start."""
        key = _rsa_key(self.folder / "fcm.key")
        account = {
            "type": "service_account",
            "project_id": self.ids.project,
            "private_key_id": self.ids.private_key_id,
            "private_key": _pem(key).decode(),
            "client_email": self.ids.client_email,
            "client_id": self.ids.project_number,
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }
        _write(self.service_account_file, json.dumps(account, indent=2).encode())


def load_credentials(folder: Path, wall: float) -> Credentials:
    """Load the lab folder, after making what is missing; `wall` dates the certificates. Raises CredentialsError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        ids = _ids(folder)
        _certificates(folder, wall, ids.team)
        apns = _ec_key(_apns_key_file(folder, ids))
        google = _rsa_key(folder / "fcm.key")
        vapid = _ec_key(folder / "vapid.pem")
        secret = _once(folder / "control.secret", lambda: secrets.token_urlsafe(24).encode()).decode()
        hms = _once(folder / "hms.secret", lambda: secrets.token_hex(32).encode()).decode()
        hook = _once(folder / "hook.secret", lambda: b"whsec_" + b64encode(secrets.token_bytes(32))).decode()
    except (OSError, ValueError, TypeError, msgspec.MsgspecError) as error:
        raise CredentialsError(f"{folder}: {error}") from error
    point = vapid.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Credentials(
        folder=folder,
        ids=ids,
        apns_key=apns.public_key(),
        google_key=google.public_key(),
        vapid_public_key=urlsafe_b64encode(point).decode().rstrip("="),
        control_secret=secret,
        hms_secret=hms,
        hook_secret=hook,
    )


def _apns_key_file(folder: Path, ids: Ids) -> Path:
    return folder / f"AuthKey_{ids.key_id}.p8"


def _apns_client_files(folder: Path) -> tuple[Path, Path]:
    return folder / "apns-client.pem", folder / "apns-client.key"


def _ids(folder: Path) -> Ids:
    project_number = "".join(secrets.choice(string.digits[1:]) for _ in range(12))
    made = Ids(
        team="".join(secrets.choice(_UPPER) for _ in range(10)),
        key_id="".join(secrets.choice(_UPPER) for _ in range(10)),
        project_number=project_number,
        private_key_id=secrets.token_hex(20),
        client_email=f"ringwake-lab@{PROJECT}.iam.gserviceaccount.com",
    )
    return msgspec.json.decode(_once(folder / "ids.json", lambda: msgspec.json.encode(made)), type=Ids)


def _certificates(folder: Path, wall: float, team: str) -> None:
    """Make what the authority has signed all at once: its key is not kept."""
    authority, server, key = (folder / name for name in ("ca.pem", "server.pem", "server.key"))
    client, client_key = _apns_client_files(folder)
    are_there = all(path.exists() for path in (authority, server, key, client, client_key))
    if are_there and are_valid(server.read_bytes(), wall):
        return
    made = make_certificates(wall, team=team)
    _write(authority, made.authority)
    _write(server, made.server)
    _write(key, made.server_key)
    _write(client, made.client)
    _write(client_key, made.client_key)


def _ec_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(_once(path, lambda: _pem(ec.generate_private_key(ec.SECP256R1()))), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} holds another kind of key")
    return key


def _rsa_key(path: Path) -> rsa.RSAPrivateKey:
    def make() -> bytes:
        return _pem(rsa.generate_private_key(public_exponent=65_537, key_size=_RSA_BITS))

    key = load_pem_private_key(_once(path, make), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path.name} holds another kind of key")
    return key


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return a file's content, after making it if there is no such file."""
    if not path.exists():
        _write(path, make())
    path.chmod(0o600)
    return path.read_bytes()


def _write(path: Path, data: bytes) -> None:
    """Put a file in place as a whole, readable for its owner only from its first moment."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)
