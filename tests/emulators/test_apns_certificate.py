"""Claims about who pushes by a client certificate."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.emulators.bench import START, ManualClock

from ringwake.emulators.apns_certificate import check_certificate
from ringwake.emulators.certificates import VALID_FOR, make_certificates
from ringwake.emulators.refusal import RefusedError

TEAMS = frozenset({"TEAM123456"})


def certificate(team: str, start: float = START) -> bytes:
    return x509.load_pem_x509_certificate(make_certificates(start, team=team).client).public_bytes(Encoding.DER)


def test_the_team_stands_in_the_certificate() -> None:
    assert check_certificate(certificate("TEAM123456"), TEAMS, ManualClock()) == "TEAM123456"


@pytest.mark.parametrize("team", ["", "OTHERTEAM1"])
def test_a_certificate_of_no_team_of_ours_is_bad(team: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_certificate(certificate(team), TEAMS, ManualClock())
    assert caught.value.reason == "BadCertificate"


@pytest.mark.parametrize("begin", [START + 3 * 86_400, START - VALID_FOR.total_seconds()])
def test_a_certificate_that_is_not_valid_now_is_bad(begin: float) -> None:
    with pytest.raises(RefusedError) as caught:
        check_certificate(certificate("TEAM123456", begin), TEAMS, ManualClock())
    assert caught.value.reason == "BadCertificate"
