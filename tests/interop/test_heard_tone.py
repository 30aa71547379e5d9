"""What is said on a phone is heard behind a private PBX, and the other way: SIP by the connector, RTP by rtpengine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interop.branch import PASSWORD, Branch
from tests.interop.office import Office, offices
from tests.interop.pbx import needs_kamailio
from tests.interop.tone_phone import TonePhone
from tests.support.loopback import leased_address
from tests.support.rtpengine import PROGRAM

pytestmark = [
    needs_kamailio,
    pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is missing: apt-get install baresip-core"),
    pytest.mark.skipif(
        PROGRAM is None, reason="rtpengine is missing: apt-get install --no-install-recommends rtpengine-daemon"
    ),
]
BRANCH = Branch(upstream="vault", transport="udp")
PHONE_HERTZ, DESK_HERTZ = 440, 1000


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    # MD5 alone: baresip 1.0 does not register where SHA-256 is offered, whatever else is.
    with offices(tmp_path_factory.mktemp("offices"), BRANCH, digest=("MD5",)) as running:
        yield running[BRANCH.name]


@pytest.fixture
def host() -> Iterator[str]:
    with leased_address() as leased:
        yield leased


@pytest.fixture
def other_host() -> Iterator[str]:
    with leased_address() as leased:
        yield leased


@pytest.fixture
def phone(office: Office, host: str, tmp_path: Path) -> Iterator[TonePhone]:
    """A phone that registers at the server."""
    account = f"{office.account()}:{PASSWORD}@{office.domain}"
    server = f"sip:{office.edge.sip};transport=tcp"
    with TonePhone(tmp_path / "phone", address=account, host=host, server=server, hertz=PHONE_HERTZ) as made:
        yield made


@pytest.fixture
def desk(office: Office, other_host: str, tmp_path: Path) -> Iterator[TonePhone]:
    """A phone that registers at the PBX itself."""
    account = f"desk:{PASSWORD}@{office.domain}"
    with TonePhone(
        tmp_path / "desk", address=account, host=other_host, server=f"sip:{office.pbx}", hertz=DESK_HERTZ
    ) as made:
        yield made


@pytest.mark.parametrize("calls", ["desk", "phone"])
def test_each_side_hears_the_tone_of_the_other(office: Office, phone: TonePhone, desk: TonePhone, calls: str) -> None:
    caller, callee = (desk, phone) if calls == "desk" else (phone, desk)
    office.until_at_pbx(phone.account)
    caller.command("dial", f"sip:{callee.account}@{office.domain}")
    callee.says("Incoming call")
    callee.command("accept")
    caller.says("Call established")
    desk.hears(PHONE_HERTZ)
    phone.hears(DESK_HERTZ)
    caller.command("hangup")
    callee.says("session closed")
    assert desk.host not in phone.described()
    assert phone.host not in desk.described()
