"""Claims about what a phone that asks for push is given."""

from __future__ import annotations

import pytest

from ringwake.model.app import App, AppKey, Provider
from ringwake.model.tenant import Tenant
from ringwake.registrar.push_offer import Asked, Offer, Promise, Unserved, offer, one_line_each
from ringwake.sip.push_params import PushParams
from ringwake.store.directory import MemoryDirectory

TENANT = "example.com"
KEY = AppKey(Provider.FCM, "demo")
DIRECTORY = MemoryDirectory(
    [Tenant(domain=TENANT)],
    [
        App(key=AppKey(Provider.WEBPUSH, TENANT), tenant=TENANT, vapid_key="BA1H"),
        App(key=KEY, tenant=TENANT),
        App(key=AppKey(Provider.APNS, "TEAM123456.com.example.beta"), tenant=TENANT, is_sandbox=True),
    ],
    [],
)
WEBPUSH = Promise("webpush", (("sip.vapid", "BA1H"),))
FCM, APNS, SANDBOX = Promise("fcm"), Promise("apns"), Promise("apns.dev")


def given(wants: PushParams, *nearer: str, is_protected: bool = True, tenant: str = TENANT) -> Offer | Unserved:
    return offer(
        Asked(wants=wants, tenant=tenant, is_protected=is_protected, nearer=frozenset(nearer)), directory=DIRECTORY
    )


def token(provider: str = "fcm", param: str = "demo", *, knows_555: bool = True) -> PushParams:
    return PushParams(provider=provider, param=param, prid="token-of-it", knows_555=knows_555)


def query(provider: str) -> PushParams:
    return PushParams(provider=provider, param=None, prid=None)


def test_a_token_that_can_be_pushed_to_is_kept_and_promised() -> None:
    found = given(token())
    assert isinstance(found, Offer)
    assert (found.target and found.target.app, found.promises, found.is_elsewhere) == (KEY, (FCM,), False)


def test_a_token_that_was_in_the_clear_is_neither() -> None:
    assert given(token(), is_protected=False) == Offer()


@pytest.mark.parametrize("wants", [token(provider="acme"), token(param="theirs"), token(provider="apns.dev")])
def test_what_cannot_be_pushed_to_is_said(wants: PushParams) -> None:
    assert isinstance(given(wants), Unserved)


def test_a_phone_that_does_not_know_555_is_bound_without_push() -> None:
    assert given(token(param="theirs", knows_555=False)) == Offer()


@pytest.mark.parametrize("wants", [token(), token(provider="acme"), token(param="theirs")])
def test_what_a_nearer_proxy_has_promised_is_left_to_it(wants: PushParams) -> None:  # R3
    assert given(wants, wants.provider) == Offer(is_elsewhere=True)
    assert given(wants, wants.provider, is_protected=False) == Offer(is_elsewhere=True)


def test_only_a_promise_for_the_same_service_keeps_us_out() -> None:  # A9
    assert given(token(), "apns", "acme") == given(token())
    assert isinstance(given(token(provider="acme"), "fcm"), Unserved)


@pytest.mark.parametrize(
    ("provider", "nearer", "promises"),
    [
        ("", [], (APNS, SANDBOX, FCM, WEBPUSH)),
        ("fcm", [], (FCM,)),
        ("apns.dev", [], (SANDBOX,)),
        ("", ["fcm", "apns"], (SANDBOX, WEBPUSH)),
        ("", ["fcm", "apns", "apns.dev", "webpush"], ()),
        ("fcm", ["fcm"], ()),
        ("fcm", ["acme"], (FCM,)),
        ("acme", ["acme"], ()),  # Q2
        ("acme", ["fcm"], ()),  # Q2
        ("acme", [], None),
    ],
)
def test_a_query_hears_what_is_ours_and_not_a_nearer_proxys(
    provider: str, nearer: list[str], promises: tuple[Promise, ...] | None
) -> None:
    found = given(query(provider), *nearer)
    assert isinstance(found, Unserved) if promises is None else found == Offer(None, promises)


def test_who_has_no_applications_hears_of_none() -> None:
    assert isinstance(given(query(""), tenant="example.net"), Unserved)
    assert given(query(""), "fcm", tenant="example.net") == Offer()
    assert isinstance(given(query("webpush"), tenant="example.net"), Unserved)


def test_a_unifiedpush_app_hears_the_tenants_key_too() -> None:
    unified = App(key=AppKey(Provider.UNIFIEDPUSH, TENANT), tenant=TENANT, vapid_key="BU1")
    huawei = App(key=AppKey(Provider.HMS, "100000001"), tenant=TENANT)
    own = App(key=AppKey(Provider.HTTP, "demo"), tenant=TENANT)
    directory = MemoryDirectory([Tenant(domain=TENANT)], [own, huawei, unified], [])
    asked = Asked(wants=query(""), tenant=TENANT, is_protected=True, nearer=frozenset())
    promises = (Promise("unifiedpush", (("sip.vapid", "BU1"),)), Promise("hms"), Promise("http"))
    assert offer(asked, directory) == Offer(None, promises)


def test_own_refresh_goes_with_the_promise() -> None:
    assert Offer(None, (FCM, WEBPUSH)).with_own_refresh().promises == (
        Promise("fcm", (("sip.pnsreg", "130"),)),
        Promise("webpush", (("sip.vapid", "BA1H"), ("sip.pnsreg", "130"))),
    )


def test_each_service_has_one_line() -> None:  # R13
    fcm = Promise("fcm", (("sip.pnsreg", "130"),))
    assert one_line_each([FCM, WEBPUSH, fcm, FCM]) == (fcm, WEBPUSH)
    assert one_line_each([]) == ()
