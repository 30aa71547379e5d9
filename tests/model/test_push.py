"""Claims about which of a phone's tokens a push may use."""

import pytest

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import SILENT, Alert, Kind, Notice, Push, PushTarget, Service
from ringwake.secret import Token

VOIP = Token(provider="apns", app="T.b", value="voip-token")
REMOTE = Token(provider="apns", app="T.b", value="remote-token")
ONLY = Token(provider="fcm", app="p", value="token")


def iphone(*tokens: tuple[Service, Token]) -> PushTarget:
    return PushTarget(app=AppKey(Provider.APNS, "T.b"), tokens=tokens)


BOTH = iphone((Service.REMOTE, REMOTE), (Service.VOIP, VOIP))
VOIP_ONLY = iphone((Service.VOIP, VOIP))
REMOTE_ONLY = iphone((Service.REMOTE, REMOTE))
ANDROID = PushTarget(app=AppKey(Provider.FCM, "p"), tokens=((Service.ONLY, ONLY),))
BROWSER = PushTarget(app=AppKey(Provider.WEBPUSH, "example.com"), tokens=((Service.ONLY, ONLY),))


def test_a_token_is_found_by_its_service() -> None:
    assert BOTH.token(Service.VOIP) is VOIP
    assert BOTH.token(Service.REMOTE) is REMOTE
    assert BOTH.token(Service.ONLY) is None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (BOTH, (Service.VOIP, VOIP)),
        (VOIP_ONLY, (Service.VOIP, VOIP)),
        (REMOTE_ONLY, (Service.REMOTE, REMOTE)),
        (ANDROID, (Service.ONLY, ONLY)),
        (BROWSER, (Service.ONLY, ONLY)),
    ],
)
def test_a_call_takes_the_token_that_rings(target: PushTarget, expected: tuple[Service, Token]) -> None:
    assert target.vehicle(Kind.CALL) == expected


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CALL])
def test_a_voip_push_only_announces_a_call(kind: Kind) -> None:
    assert BOTH.vehicle(kind) == (Service.REMOTE, REMOTE)
    assert VOIP_ONLY.vehicle(kind) is None


@pytest.mark.parametrize("kind", list(Kind))
def test_a_browser_gets_no_silent_push(kind: Kind) -> None:
    assert ANDROID.vehicle(kind) == (Service.ONLY, ONLY)
    assert (BROWSER.vehicle(kind) is None) == (kind in SILENT or kind is Kind.READ)


@pytest.mark.parametrize("provider", [Provider.UNIFIEDPUSH, Provider.HMS, Provider.HTTP])
@pytest.mark.parametrize("kind", list(Kind))
def test_an_app_that_is_no_page_and_no_iphones_may_be_woken_in_silence(provider: Provider, kind: Kind) -> None:
    target = PushTarget(app=AppKey(provider, "example.com"), tokens=((Service.ONLY, ONLY),))
    assert target.vehicle(kind) == (Service.ONLY, ONLY)


@pytest.mark.parametrize(
    ("target", "expected"),
    [(BOTH, False), (VOIP_ONLY, False), (REMOTE_ONLY, True), (ANDROID, False), (BROWSER, True)],
)
def test_what_the_system_shows_as_an_alert_is_taken_away_by_a_push(target: PushTarget, *, expected: bool) -> None:
    assert target.is_called_by_alert is expected


def test_all_bindings_of_one_phone_have_one_lease() -> None:
    turned = iphone((Service.VOIP, VOIP), (Service.REMOTE, REMOTE))
    assert BOTH.lease == turned.lease
    assert BOTH.lease in (VOIP.digest, REMOTE.digest)
    assert BOTH.lease != ANDROID.lease


@pytest.mark.parametrize(
    ("target", "kind", "alert", "is_background"),
    [
        (BOTH, Kind.REFRESH, None, True),
        (BOTH, Kind.REFRESH, Alert(body="never shown"), True),
        (BOTH, Kind.CANCEL, None, True),
        (BOTH, Kind.MESSAGE, Alert(title="alice"), True),
        (BOTH, Kind.MESSAGE, Alert(body="hello"), False),
        (BOTH, Kind.MESSAGE, Alert(sound="bell"), False),
        (BOTH, Kind.MESSAGE, Alert(badge=0), False),
        (BOTH, Kind.CALL, None, False),
        (REMOTE_ONLY, Kind.CALL, None, True),
        (ANDROID, Kind.REFRESH, None, False),
    ],
)
def test_what_an_iphone_neither_shows_nor_rings_is_a_background_push(
    target: PushTarget, kind: Kind, alert: Alert | None, is_background: bool
) -> None:
    vehicle = target.vehicle(kind)
    assert vehicle is not None
    notice = Notice(kind=kind, id="1", account="-", alert=alert)
    push = Push(notice=notice, target=target, service=vehicle[0], token=vehicle[1], expires_at=0.0)
    assert push.is_background is is_background
