"""Claims about the lab folder."""

import json
import ssl
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.emulators.bench import START

from ringwake.emulators.credentials import CredentialsError, load_credentials

YEAR = 365 * 86_400


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_all_is_made_once_and_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "new/lab"
    first = load_credentials(folder, START)
    first.write_service_account("https://127.0.0.1:1/token")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = load_credentials(folder, START + YEAR)
    assert again == first
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_nobody_else_can_read_the_folder_or_its_files(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    load_credentials(tmp_path, START).write_service_account("https://127.0.0.1:1/token")
    (tmp_path / "fcm.key").chmod(0o644)
    load_credentials(tmp_path, START)
    assert mode(tmp_path) == 0o700
    assert {mode(path) for path in tmp_path.iterdir()} == {0o600}


def test_the_keys_are_what_apple_google_and_browsers_give_out(tmp_path: Path) -> None:
    made = load_credentials(tmp_path, START)
    apns = load_pem_private_key(made.apns_key_file.read_bytes(), password=None)
    assert made.apns_key_file.name == f"AuthKey_{made.ids.key_id}.p8"
    assert isinstance(apns, ec.EllipticCurvePrivateKey)
    assert apns.public_key() == made.apns_key
    assert (len(made.ids.team), len(made.ids.key_id)) == (10, 10)
    vapid = load_pem_private_key(made.vapid_key_file.read_bytes(), password=None)
    assert isinstance(vapid, ec.EllipticCurvePrivateKey)
    assert made.vapid_public_key.startswith("B")
    assert len(made.vapid_public_key) == 87
    assert made.control_secret_file.read_text() == made.control_secret


def test_the_service_account_points_at_this_starts_token_endpoint(tmp_path: Path) -> None:
    made = load_credentials(tmp_path, START)
    for uri in ("https://127.0.0.1:1/token", "https://127.0.0.1:2/token"):
        made.write_service_account(uri)
        account = json.loads(made.service_account_file.read_text())
        assert account["token_uri"] == uri
        assert account["project_id"] == "demo-project"
        assert account["private_key_id"] == made.ids.private_key_id
        key = load_pem_private_key(account["private_key"].encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        assert key.public_key() == made.google_key


def test_certificates_near_their_end_are_made_anew_and_the_keys_stay(tmp_path: Path) -> None:
    first = load_credentials(tmp_path, START)
    authority = first.ca_file.read_bytes()
    again = load_credentials(tmp_path, START + 10 * YEAR)
    assert again == first
    assert again.ca_file.read_bytes() != authority
    ssl.create_default_context(cafile=again.ca_file)


@pytest.mark.parametrize(
    ("name", "content"),
    [("fcm.key", "no key"), ("ids.json", "{}"), ("ids.json", "no json"), ("server.pem", "no certificate"),
     ("control.secret", "\xff")],
)  # fmt: skip
def test_a_spoilt_file_is_named_and_not_overwritten(tmp_path: Path, name: str, content: str) -> None:
    load_credentials(tmp_path, START)
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(CredentialsError, match=str(tmp_path)):
        load_credentials(tmp_path, START)
    assert (tmp_path / name).read_bytes() == content.encode("latin-1")


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    made = load_credentials(tmp_path, START)
    (tmp_path / "fcm.key").write_bytes(made.vapid_key_file.read_bytes())
    with pytest.raises(CredentialsError, match=r"fcm\.key"):
        load_credentials(tmp_path, START)


def test_a_folder_of_an_earlier_version_gets_its_client_certificate(tmp_path: Path) -> None:
    made = load_credentials(tmp_path, START)
    for file in made.apns_client_files:
        file.unlink()
    assert load_credentials(tmp_path, START) == made
    context = ssl.create_default_context(cafile=made.ca_file)
    context.load_cert_chain(*made.apns_client_files)
