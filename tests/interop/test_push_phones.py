"""Real phones, terminated, are woken by our push, ring once and talk: Linphone and PJSIP, over TCP and over TLS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests.interop.app_door import Key
from tests.interop.handset import App, Handset
from tests.interop.lab_server import LabServer
from tests.interop.phones import LINPHONE, PJSUA2, Phone, needs_linphone, needs_pjsua2
from tests.interop.voice_caller import VoiceCaller
from tests.support.canary import Canary
from tests.support.loopback import leased_address
from tests.support.wire import Wire

from ringwake.config.embedded import DOMAIN

each_phone = pytest.mark.parametrize(
    ("phone", "provider", "transport"),
    [
        pytest.param(LINPHONE, "apns", "tcp", marks=needs_linphone, id="linphone-apns-tcp"),
        pytest.param(LINPHONE, "apns", "tls", marks=needs_linphone, id="linphone-apns-tls"),
        pytest.param(LINPHONE, "fcm", "tcp", marks=needs_linphone, id="linphone-fcm-tcp"),
        pytest.param(LINPHONE, "fcm", "tls", marks=needs_linphone, id="linphone-fcm-tls"),
        pytest.param(PJSUA2, "fcm", "tcp", marks=needs_pjsua2, id="pjsua2-fcm-tcp"),
        pytest.param(PJSUA2, "apns", "tls", marks=needs_pjsua2, id="pjsua2-apns-tls"),
    ],
)


@pytest.fixture
def handset(lab: LabServer, tmp_path: Path, phone: Phone, provider: str, transport: str) -> Iterator[Handset]:
    with Handset(lab, phone.program, tmp_path) as handset:
        handset.install(provider=provider, transport=transport, services=phone.services)
        yield handset


@pytest.fixture
def caller(lab: LabServer, handset: Handset) -> Iterator[VoiceCaller]:
    with leased_address() as address, Wire(address, lab.listen["udp"], domain=DOMAIN) as wire:
        yield VoiceCaller(wire, handset.account)


def _register_and_kill(handset: Handset) -> None:
    with handset.start() as app:
        app.happens("registered")
        assert handset.secrets()
        assert all(token in app.sent() for token in handset.secrets())
        app.kill()


def _answer(app: App, caller: VoiceCaller) -> None:
    app.happens("ringing")
    caller.until(180)
    app.press(Key.ANSWER)
    caller.until(200)
    caller.ack()
    app.happens("up")


def _ringwake(push: dict[str, Any]) -> dict[str, Any]:
    """Return our part of a push; FCM carries it as text."""
    part = push["payload"]["ringwake"]
    return json.loads(part) if isinstance(part, str) else part  # type: ignore[no-any-return]  # JSON


def _assert_nothing_leaks(caller: VoiceCaller, handset: Handset, phone: Phone) -> None:
    while caller.wire.receive(0):
        """Hear what is still on its way."""
    canary = Canary()
    for token in handset.secrets():
        canary.learn(token)
    assert canary.knows == (len(phone.services) if "voip" in handset.tokens else 1)
    assert canary.sing({"the caller": bytes(caller.wire.heard)}) == []
    told = unquote(unquote(caller.wire.heard.decode())).lower()
    # A sealed token of ours may have these letters in its midst.
    assert set(re.findall(r"(?<![\w-])pn-([a-z-]+)", told)) == phone.others
    assert "x-mpush" not in told


@each_phone
@pytest.mark.parametrize("hangs_up", ["caller", "phone"])
def test_a_killed_app_is_woken_and_rings_once(
    lab: LabServer, phone: Phone, handset: Handset, caller: VoiceCaller, hangs_up: str
) -> None:
    _register_and_kill(handset)
    caller.invite()
    push = _ringwake(handset.push())
    assert (push["kind"], push["call_id"]) == ("call", caller.call_id)
    with handset.start() as app:
        _answer(app, caller)
        if hangs_up == "caller":
            assert caller.bye() == 200
        else:
            app.press(Key.HANG_UP)
            caller.hears_bye()
        app.happens("ended")
        app.leave()
        assert app.received("INVITE") == 1
    assert lab.trace(caller.call_id).count("push_accepted") == 1
    _assert_nothing_leaks(caller, handset, phone)


@needs_linphone
@pytest.mark.parametrize(("phone", "provider", "transport"), [(LINPHONE, "apns", "tls")], ids=["linphone-apns-tls"])
def test_a_suspended_app_without_sockets_is_woken_and_rings_once(
    lab: LabServer, phone: Phone, handset: Handset, caller: VoiceCaller
) -> None:
    with handset.start() as app:
        app.happens("registered")
        app.press(Key.SUSPEND)
        lab.until_asleep(handset.account)
        caller.invite()
        handset.push()
        app.press(Key.RESUME)
        _answer(app, caller)
        assert caller.bye() == 200
        app.happens("ended")
        app.leave()
        assert app.received("INVITE") == 1
    _assert_nothing_leaks(caller, handset, phone)
