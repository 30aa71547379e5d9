"""What the tests of the senders share: certificates, and a loop for each test."""

from __future__ import annotations

import pytest
from tests.push import certificates
from tests.push.certificates import Certificates


@pytest.fixture(scope="session", name="certs")
def certificates_fixture(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session", name="other_certs")
def other_certificates_fixture(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("other"))
