"""baresip: an ordinary phone without push, and a caller whose call wakes another phone.

The server offers MD5 alone: baresip 1.0 does not register where SHA-256 is offered, whatever else is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interop.app_door import Key
from tests.interop.baresip import Baresip
from tests.interop.handset import Handset
from tests.interop.lab_server import LabServer, lab_server
from tests.interop.phones import LINPHONE, needs_linphone
from tests.interop.voice_caller import VoiceCaller
from tests.support.loopback import leased_address
from tests.support.wire import Wire

from ringwake.config.embedded import DOMAIN

pytestmark = pytest.mark.skipif(
    shutil.which("baresip") is None, reason="baresip is missing: apt-get install baresip-core"
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with lab_server(tmp_path_factory.mktemp("lab"), digest=("MD5",)) as running:
        yield running


@pytest.fixture
def account(lab: LabServer) -> str:
    return lab.account()


@pytest.fixture
def phone(lab: LabServer, account: str, tmp_path: Path) -> Iterator[Baresip]:
    with (
        leased_address() as door,
        Baresip(tmp_path / "baresip", account=account, server=lab.uri("tcp"), door=door) as phone,
    ):
        yield phone


@pytest.fixture
def caller(lab: LabServer, account: str) -> Iterator[VoiceCaller]:
    with leased_address() as address, Wire(address, lab.listen["udp"], domain=DOMAIN) as wire:
        yield VoiceCaller(wire, account)


@pytest.mark.parametrize("hangs_up", ["caller", "phone"])
def test_a_phone_without_push_rings_while_it_is_there(phone: Baresip, caller: VoiceCaller, hangs_up: str) -> None:
    caller.invite()
    phone.says("Incoming call from: Boss")
    caller.until(180)
    phone.command("accept")
    caller.until(200)
    caller.ack()
    phone.says("Call established")
    if hangs_up == "caller":
        assert caller.bye() == 200
        phone.says("session closed")
    else:
        phone.command("hangup")
        caller.hears_bye()


def test_a_phone_without_push_that_is_gone_is_not_waited_for(phone: Baresip, caller: VoiceCaller) -> None:
    phone.kill()
    caller.invite()
    caller.until(480)
    assert caller.statuses == [480]


@needs_linphone
@pytest.mark.parametrize("hangs_up", ["caller", "phone"])
def test_its_call_wakes_linphone(lab: LabServer, phone: Baresip, tmp_path: Path, hangs_up: str) -> None:
    with Handset(lab, LINPHONE.program, tmp_path) as handset:
        handset.install(provider="apns", transport="tls", services=LINPHONE.services)
        with handset.start() as app:
            app.happens("registered")
            app.kill()
        phone.command("dial", f"sip:{handset.account}@{DOMAIN}")
        handset.push()
        with handset.start() as app:
            app.happens("ringing")
            app.press(Key.ANSWER)
            phone.says("Call established")
            app.happens("up")
            if hangs_up == "caller":
                phone.command("hangup")
            else:
                app.press(Key.HANG_UP)
                phone.says("session closed")
            app.happens("ended")
            app.leave()
            assert app.received("INVITE") == 1
        heard = "\n".join(phone.lines)
        assert not [token for token in handset.secrets() if token in heard]
