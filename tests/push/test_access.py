"""What an application's credentials must be, said when it is set up."""

from pathlib import Path

import pytest
from tests.push.certificates import Certificates

from ringwake.push.access import ApnsAccess, FcmAccess, WebPushAccess, read_ca, read_endpoint, read_url
from ringwake.push.errors import CredentialsError
from ringwake.secret import Secret


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("https://api.push.apple.com", "https://api.push.apple.com"),
        ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_an_endpoint_is_a_host_and_maybe_a_port(text: str, endpoint: str) -> None:
    assert read_endpoint(text) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.push.apple.com",
        "http://x",
        "https://x/path",
        "https://u@x",
        "https://x?y",
        "https://x#y",
        "https://x:y",
        "https://x\n",
    ],
)
def test_all_else_is_none(text: str) -> None:
    with pytest.raises(CredentialsError, match="https://host"):
        read_endpoint(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://x",
        "https://x/",
        "https://[::1]:8443/a/b;c=d?e=/f",
        "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
    ],
)
def test_a_server_may_have_a_path(text: str) -> None:
    assert read_url(text) == text


@pytest.mark.parametrize(
    "text", ["", "http://x/", "https://u@x/", "https://x/#a", "https://x/a b", "https://x/\n", "x/y"]
)
def test_a_url_with_a_path_is_https_and_nothing_else(text: str) -> None:
    with pytest.raises(CredentialsError, match="https://host"):
        read_url(text)


def test_certificates_are_read(certs: Certificates) -> None:
    assert read_ca(None) is None
    assert read_ca(certs.ca) == certs.ca.read_bytes()


@pytest.mark.parametrize(
    "content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_certificates_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CredentialsError, match=r"ca\.pem: no certificates"):
        read_ca(file)


def test_no_key_is_shown() -> None:
    shown = repr(
        [
            ApnsAccess(key_id="KEY1234567", key=Secret(b"hidden")),
            FcmAccess(service_account={"private_key": "hidden"}),
            WebPushAccess(vapid_key=Secret(b"hidden"), subject="mailto:ops@example.com"),
        ]
    )
    assert "hidden" not in shown
