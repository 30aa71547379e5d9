"""Claims about REGISTER: what is refused, what is stored, and what the 200 promises."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from tests.support.ids import SeededIds
from tests.support.sip_messages import LOCAL, PEER, UDP, request

from ringwake.model.account import Account, Aor
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.push import PushTarget, Service
from ringwake.model.store_ops import ContactUpdate, PushTerms, Registered, RegisterRefusal
from ringwake.model.tenant import Tenant
from ringwake.model.token_claims import Challenged, TokenClaims
from ringwake.model.upload import PutUpload, Upload
from ringwake.registrar.merge import MAX_BINDINGS
from ringwake.registrar.rules import MAX_CONTACTS, ExpiryPolicy, Plan, Refusal, Registrar
from ringwake.registrar.rules import answer as rules_answer
from ringwake.secret import Secret, Token
from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.push_params import feature_caps
from ringwake.store.directory import MemoryDirectory
from ringwake.store.memory import MemoryStore

TENANT, OTHER = "example.com", "example.net"
WALL = 1_800_000_000.0
TLS = Flow(Transport.TLS, LOCAL, PEER, serial=1, node="n1")
WSS = TLS._replace(transport=Transport.WSS)
VAPID = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
IPHONE = "TEAM123456.com.example.phone"
APPS = {
    Provider.APNS: App(key=AppKey(Provider.APNS, IPHONE), tenant=TENANT),
    Provider.FCM: App(key=AppKey(Provider.FCM, "demo"), tenant=TENANT),
    Provider.WEBPUSH: App(key=AppKey(Provider.WEBPUSH, TENANT), tenant=TENANT, vapid_key=VAPID),
}
ALICE = Account(aor=Aor("alice@example.com"), tenant=TENANT, ha1_md5=Secret("0" * 32), ha1_sha256=Secret("0" * 64))
TOKEN = "cX3-_dD:APA91b"
PUSH = f";pn-provider=fcm;pn-param=demo;pn-prid={TOKEN}"
ENDPOINT = "https%3A%2F%2Fpush.example.org%2Fx"
FCM_CAPS, APNS_CAPS = '*;+sip.pns="fcm"', '*;+sip.pns="apns"'
WEBPUSH_CAPS = f'*;+sip.pns="webpush";+sip.vapid="{VAPID}"'


def registrar(*providers: Provider, policy: ExpiryPolicy | None = None, vapid: str = VAPID) -> Registrar:
    """Return a registrar with these push services, or with all of them."""
    apps = [APPS[provider] for provider in providers or APPS]
    apps = [replace(app, vapid_key=vapid) if app.vapid_key else app for app in apps]
    return Registrar(
        directory=MemoryDirectory([Tenant(domain=TENANT), Tenant(domain=OTHER)], apps, []),
        ids=SeededIds(Random(1)),
        policy=policy or ExpiryPolicy(),
        refresh_after=lambda target, grant: grant / 2 if target.app.provider is Provider.FCM else None,
    )


def promised(found: Plan) -> tuple[str, ...]:
    return tuple(feature_caps(*promise) for promise in found.caps)


def answer(message: Request, made: Plan, registered: Registered, *, to_tag: str) -> Response:
    return rules_answer(message, made, registered, to_tag=to_tag, purr=lambda binding: f"purr-of-{binding.uri[-3:]}")


def register(*fields: str, seq: int = 1) -> Request:
    return request("REGISTER", *fields, uri="sip:example.com", seq=seq)


def judged(*fields: str, by: Registrar | None = None, flow: Flow = TLS, account: Account = ALICE) -> Plan | Refusal:
    return (by or registrar()).plan(register(*fields), account, flow, WALL)


def plan(*fields: str, by: Registrar | None = None, flow: Flow = TLS) -> Plan:
    found = judged(*fields, by=by, flow=flow)
    assert isinstance(found, Plan), found
    return found


def update(*fields: str, by: Registrar | None = None, flow: Flow = TLS) -> ContactUpdate:
    (found,) = plan(*fields, by=by, flow=flow).op.contacts
    return found


def refused(*fields: str, by: Registrar | None = None, flow: Flow = TLS, account: Account = ALICE) -> Refusal:
    found = judged(*fields, by=by, flow=flow, account=account)
    assert isinstance(found, Refusal), found
    return found


# ---- the request as a whole


def test_without_contacts_it_only_asks() -> None:
    found = plan("User-Agent: " + "x" * 200, "Expires: 0")
    assert (found.op.contacts, found.op.remove_all, found.contacts, promised(found)) == ((), False, (), ())
    assert (found.op.aor, found.op.call_id, found.op.cseq) == ("alice@example.com", "call-1@198.51.100.7", 1)
    assert (found.op.flow, found.op.wall, found.op.user_agent) == (TLS, WALL, "x" * 120)


@pytest.mark.parametrize(
    ("fields", "is_taken"),
    [
        (["Contact: *", "Expires: 0"], True),
        (["m:*", "Expires:0"], True),
        (["Contact: *"], False),
        (["Contact: *", "Expires: 1"], False),
        (["Contact: *", "Expires: none"], False),
        (["Contact: *, <sip:a@h>", "Expires: 0"], False),
        (["Contact: <sip:a@h>", "Contact: *", "Expires: 0"], False),
        (["Contact: *, *", "Expires: 0"], False),
    ],
)
def test_a_star_stands_alone_and_with_expires_0(fields: list[str], is_taken: bool) -> None:
    found = judged(*fields)
    if is_taken:
        assert isinstance(found, Plan)
        assert (found.op.remove_all, found.op.contacts, promised(found)) == (True, (), ())
    else:
        assert isinstance(found, Refusal)
        assert found.status == 400


def test_there_is_a_most_to_the_contacts() -> None:
    some = [f"Contact: <sip:a{number}@h>" for number in range(MAX_CONTACTS + 1)]
    assert len(plan(*some[1:]).op.contacts) == MAX_CONTACTS
    assert refused(*some).status == 400


@pytest.mark.parametrize(
    "contact", ["<sip:a@h", "*;x", "<sip:a@h>;x;x", "sip:a@h?Route=%3Csip:x%3E", "Bell, A <sip:a@h>"]
)
def test_a_contact_that_cannot_be_read_is_malformed(contact: str) -> None:
    with pytest.raises(ParseError):
        judged(f"Contact: {contact}")


@pytest.mark.parametrize("uri", ["tel:+1", "name:John_Smith", "sip:a@.1", "sip:a@h;x;X", "sip:a@h;x=[="])
def test_a_contact_that_is_no_sip_uri_is_400(uri: str) -> None:
    assert refused(f"Contact: <{uri}>").status == 400


# ---- how long (10.3 step 7)


@pytest.mark.parametrize(
    ("contact", "header", "granted"),
    [
        ("<sip:a@h>", None, 3600),
        ("<sip:a@h>", "Expires: 600", 600),
        ("<sip:a@h>;expires=700", "Expires: 600", 700),
        ("<sip:a@h>;expires=700", None, 700),
        ("<sip:a@h>;expires=60", None, 60),
        ("<sip:a@h>;expires=59", None, None),
        ("<sip:a@h>;expires=1", None, None),
        ("<sip:a@h>", "Expires: 59", None),
        ("<sip:a@h>;expires=3601", None, 3600),
        ("<sip:a@h>", "Expires: 4294967296000", 3600),
        ("<sip:a@h>;expires=soon", "Expires: 600", 600),
        ("<sip:a@h>", "Expires: later", 3600),
        ("<sip:a@h>;expires=0", "Expires: 600", 0),
        ("<sip:a@h>", "Expires: 0", 0),
        ("<sip:a@h>;expires=600", "Expires: 0", 600),
    ],
)
def test_a_phone_without_a_token_gets_an_hour_at_most(contact: str, header: str | None, granted: int | None) -> None:
    fields = [f"Contact: {contact}", *([header] if header else [])]
    if granted is not None:
        assert update(*fields).expires == granted
        return
    found = refused(*fields)
    assert (found.status, found.headers) == (423, (("min-expires", "60"),))


@pytest.mark.parametrize("asked", ["300", "301", "3600", "2592000", "4294967295", None])
def test_a_phone_with_a_token_gets_the_long_grant_whatever_it_asks_for(asked: str | None) -> None:
    expires = "" if asked is None else f";expires={asked}"
    found = update(f"Contact: <sip:a@h{PUSH}>{expires}")
    assert found.expires == 30 * 86400
    assert found.refresh_at == WALL + 15 * 86400
    assert found.push is not None


@pytest.mark.parametrize("asked", ["1", "60", "299"])
def test_a_phone_with_a_token_that_asks_for_too_little_hears_how_little_is_enough(asked: str) -> None:
    for fields in ([f"Contact: <sip:a@h{PUSH}>;expires={asked}"], [f"Contact: <sip:a@h{PUSH}>", f"Expires: {asked}"]):
        found = refused(*fields)
        assert (found.status, found.headers) == (423, (("min-expires", "300"),))


def test_the_policy_says_how_long() -> None:
    by = registrar(policy=ExpiryPolicy(grant=30, push_least=30, plain_most=20, plain_least=10))
    assert update(f"Contact: <sip:a@h{PUSH}>;expires=30", by=by).expires == 30
    assert refused(f"Contact: <sip:a@h{PUSH}>;expires=29", by=by).headers == (("min-expires", "30"),)
    assert update("Contact: <sip:a@h>;expires=10", by=by).expires == 10
    assert update("Contact: <sip:a@h>", by=by).expires == 20


def test_a_phone_that_gets_no_silent_push_has_no_date_for_one() -> None:
    found = update(f"Contact: <sip:a@h;pn-provider=webpush;pn-prid={ENDPOINT}>", flow=WSS)
    assert (found.expires, found.refresh_at) == (30 * 86400, None)
    assert update("Contact: <sip:a@h>").refresh_at is None


def test_who_asks_for_an_hour_is_never_told_that_it_is_too_brief() -> None:
    by = registrar(policy=ExpiryPolicy(push_least=7200, plain_least=7200))  # RFC 3261 10.3 step 7
    for contact in ("<sip:a@h>", f"<sip:a@h{PUSH}>"):
        assert refused(f"Contact: {contact};expires=3599", by=by).headers == (("min-expires", "7200"),)
        assert update(f"Contact: {contact};expires=3600", by=by).expires in (3600, 30 * 86400)


def test_one_bad_contact_refuses_them_all() -> None:
    assert refused("Contact: <sip:a@h>, <sip:b@h>;expires=5").status == 423
    assert refused("Contact: <sip:a@h>", f"Contact: <sip:b@h{PUSH.replace('demo', 'theirs')}>").status == 555


# ---- push (RFC 8599 5.6.1.1)


@pytest.mark.parametrize(
    "params",
    [
        f";pn-provider=acme;pn-param=demo;pn-prid={TOKEN}",  # a service that nobody knows
        f";pn-provider=fcm;pn-param=theirs;pn-prid={TOKEN}",  # an application that is not ours
        f";pn-provider=fcm;pn-prid={TOKEN}",  # what the service needs is missing
        ";pn-provider=fcm;pn-param=demo;pn-prid=x",
        f";pn-provider=apns;pn-param={IPHONE}.voip;pn-prid=abc",
        f";pn-provider=webpush;pn-param=example.com;pn-prid={ENDPOINT}",
        f";pn-provider;pn-prid={TOKEN}",
    ],
)
def test_a_token_that_we_cannot_push_to_is_555(params: str) -> None:
    assert refused(f"Contact: <sip:a@h{params}>").status == 555


def test_another_tenants_application_is_555() -> None:
    account = replace(ALICE, aor=Aor("alice@example.net"), tenant=OTHER)
    assert refused(f"Contact: <sip:a@h{PUSH}>", account=account).status == 555
    assert refused("Contact: <sip:a@h;pn-provider>", account=account).status == 555


@pytest.mark.parametrize("fields", [["Contact: <{}>;expires=0"], ["Contact: <{}>", "Expires: 0"]])
@pytest.mark.parametrize(
    "params", [PUSH, ";pn-provider=acme;pn-prid=x", ";pn-provider=fcm;pn-prid=x", ";pn-provider=fcm", ""]
)
def test_a_phone_may_always_go(params: str, fields: list[str]) -> None:
    found = plan(*(field.format(f"sip:a@h{params}") for field in fields))
    (gone,) = found.op.contacts
    assert (gone.expires, gone.push, gone.refresh_at, found.contacts) == (0, None, None, ())


@pytest.mark.parametrize("flow", [UDP, TLS._replace(transport=Transport.TCP), TLS._replace(transport=Transport.WS)])
def test_a_token_that_came_in_the_clear_is_not_pushed_to(flow: Flow) -> None:
    found = plan(f"Contact: <sip:a@h{PUSH}>;expires=60", flow=flow)
    (bound,) = found.op.contacts
    assert (bound.push, bound.expires, bound.is_query, promised(found)) == (None, 60, False, ())
    assert TOKEN not in bound.uri
    lab = registrar(policy=ExpiryPolicy(needs_tls=False))
    assert promised(plan(f"Contact: <sip:a@h{PUSH}>", by=lab, flow=flow)) == (FCM_CAPS,)


@pytest.mark.parametrize("flow", [TLS, WSS])
@pytest.mark.parametrize(
    ("params", "caps", "tokens"),
    [
        (PUSH, FCM_CAPS, {Service.ONLY: TOKEN}),
        (PUSH.replace("=fcm", "=FCM"), FCM_CAPS, {Service.ONLY: TOKEN}),
        (
            f";pn-provider=apns;pn-param={IPHONE}.voip&remote;pn-prid={'a' * 64}:voip&{'b' * 64}:remote",
            APNS_CAPS,
            {Service.VOIP: "a" * 64, Service.REMOTE: "b" * 64},
        ),
        (f";pn-provider=webpush;pn-prid={ENDPOINT}", WEBPUSH_CAPS, {Service.ONLY: "https://push.example.org/x"}),
    ],
)
def test_a_push_that_is_promised_is_promised_in_one_line(
    flow: Flow, params: str, caps: str, tokens: dict[Service, str]
) -> None:
    found = plan(f"Contact: <sip:a@h{params}>", flow=flow)
    assert promised(found) == (caps,)
    (bound,) = found.op.contacts
    assert bound.push is not None
    assert {service: token.reveal() for service, token in bound.push.tokens} == tokens


def test_several_contacts_have_one_line_for_each_service() -> None:
    found = plan(
        f"Contact: <sip:a@h{PUSH}>, <sip:b@h{PUSH.replace(TOKEN, TOKEN + 'x')}>",
        f"Contact: <sip:c@h;pn-provider=webpush;pn-prid={ENDPOINT}>, <sip:d@h>",
    )
    assert promised(found) == (FCM_CAPS, WEBPUSH_CAPS)


def test_without_a_vapid_key_none_is_promised() -> None:
    found = plan(f"Contact: <sip:a@h;pn-provider=webpush;pn-prid={ENDPOINT}>", by=registrar(vapid=""))
    assert promised(found) == ('*;+sip.pns="webpush"',)


def test_a_phone_that_takes_its_token_away_is_promised_nothing() -> None:
    assert promised(plan(f"Contact: <sip:a@h{PUSH}>;expires=0")) == ()


# ---- dialects


def test_jssips_token_is_as_good_and_stays_with_its_phone() -> None:
    contact = f"<sip:x@y.invalid;transport=ws>{PUSH};q=1;expires=600"
    message, made, registered = stored(f"Contact: {contact}", store=MemoryStore())
    (bound,) = made.op.contacts
    assert bound.push is not None
    assert (bound.uri, bound.params, promised(made)) == ("sip:x@y.invalid;transport=ws", ";q=1", (FCM_CAPS,))
    ok = answer(message, made, registered, to_tag="us")
    assert ok.headers.texts("contact") == [contact.replace("=600", "=2592000")], "it comes back as it was written"


def test_another_place_or_word_for_a_token_is_kept_as_little() -> None:
    legacy = f"<sip:a@h;app-id=demo;pn-type=firebase;pn-tok={TOKEN};pn-silent=1;pn-timeout=0>"
    message, made, registered = stored(f"Contact: {legacy}", store=MemoryStore())
    (bound,) = made.op.contacts
    assert bound.push is not None
    assert [token.reveal() for _, token in bound.push.tokens] == [TOKEN]
    assert bound.uri == "sip:a@h;app-id=demo;pn-type=firebase;pn-silent=1;pn-timeout=0"
    assert promised(made) == (FCM_CAPS,)
    assert answer(message, made, registered, to_tag="us").headers.texts("contact") == [f"{legacy};expires=2592000"]


def test_x_mpush_is_about_the_only_contact() -> None:
    header = f"X-MPUSH: a:com.example.droid:{TOKEN}"
    assert update("Contact: <sip:a@h>", header).push is not None
    several = plan("Contact: <sip:a@h>, <sip:b@h>", header)
    assert [bound.push for bound in several.op.contacts] == [None, None]


@pytest.mark.parametrize(
    ("contact", "fields"),
    [
        (f"<sip:a@h;app-id=theirs;pn-type=google;pn-tok={TOKEN}>", []),
        ("<sip:a@h;app-id=demo;pn-type=google;pn-tok=x>", []),
        ("<sip:a@h>", [f"X-MPUSH: i:com.example.other:{'ab' * 32}"]),
    ],
)
def test_a_phone_from_before_the_rfc_that_cannot_be_pushed_to_is_bound_all_the_same(
    contact: str, fields: list[str]
) -> None:
    found = plan(f"Contact: {contact};expires=60", *fields)
    (bound,) = found.op.contacts
    assert (bound.push, bound.expires, bound.is_query, promised(found)) == (None, 60, False, ())
    assert TOKEN not in bound.uri + bound.params


# ---- push targets that come over HTTP


@pytest.mark.parametrize(
    ("contact", "is_open"),
    [
        ("<sip:a@h>", True),
        ("<sip:a@h>;expires=60", True),
        (f"sip:a@h{PUSH}", True),
        ("<sip:a@h>;expires=0", False),
        (f"<sip:a@h{PUSH}>", False),
        ("<sip:a@h;pn-provider>", False),
    ],
)
def test_who_says_nothing_of_push_may_have_said_it_over_http(contact: str, is_open: bool) -> None:
    terms = PushTerms(30 * 86400.0, WALL + 15 * 86400)
    assert update(f"Contact: {contact}").uploaded == (terms if is_open else None)


def test_a_phone_whose_token_was_uploaded_is_not_kept_awake_by_pings() -> None:
    store, aor = MemoryStore(), ALICE.aor
    key = AppKey(Provider.FCM, "demo")
    token = Token(provider=key.provider, app=key.param, value=TOKEN)
    target = PushTarget(app=key, tokens=((Service.ONLY, token),))
    store.submit(PutUpload(Upload(aor=aor, instance="", push=target, at=WALL - 1)))
    message, made, registered = stored("Contact: <sip:a@h>", store=store)
    assert registered.touched[0].push == target
    message.headers.replace_values("via", ["SIP/2.0/UDP 198.51.100.7:40112;branch=z9hG4bK-1;keep"])
    assert answer(message, made, registered, to_tag="us").headers.values("via")[0].endswith(";keep")


def test_where_no_silent_push_pays_none_is_planned_for_an_upload() -> None:
    by = replace(registrar(), refresh_after=lambda *_: None)
    assert update("Contact: <sip:a@h>", by=by).uploaded == PushTerms(30 * 86400.0, None)


# ---- a proxy nearer to the phone (RFC 8599 5.6.1.1)


@pytest.mark.parametrize("asked", [60, 3600, 86400, 30 * 86400, 31 * 86400])
def test_a_phone_that_a_nearer_proxy_wakes_is_bound_without_push_for_as_long_as_it_asks(asked: int) -> None:  # R3
    found = plan(f"Contact: <sip:a@h{PUSH}>;expires={asked}", 'Feature-Caps: +sip.pns="FCM"')
    (bound,) = found.op.contacts
    assert (bound.push, bound.refresh_at, promised(found)) == (None, None, ())
    assert bound.expires == min(asked, 30 * 86400)
    assert TOKEN not in bound.uri


def test_a_nearer_proxy_that_does_other_pushes_leaves_ours_to_us() -> None:  # A9
    found = plan(f"Contact: <sip:a@h{PUSH}>", 'Feature-Caps: *;+sip.pns="apns"')
    assert found.op.contacts[0].push is not None
    assert promised(found) == (FCM_CAPS,)


def test_what_a_nearer_proxy_promises_is_not_refused() -> None:  # Q2
    query = "Contact: <sip:a@h;pn-provider=acme>"
    assert refused(query).status == 555
    assert promised(plan(query, 'Feature-Caps: *;+sip.pns="acme"')) == ()


# ---- phones that refresh by themselves (RFC 8599 4.1.4, 5.5)

OWN = ";+sip.pnsreg"


def own_refresh(*contacts: str, grant: int = 30 * 86400) -> Plan:
    by = registrar(policy=ExpiryPolicy(own_refresh=True, grant=grant, push_least=60))
    return plan(*(f"Contact: {contact}" for contact in contacts), by=by)


def test_who_can_refresh_alone_hears_by_when_and_is_pushed_to_only_then() -> None:  # R12, P3
    found = own_refresh(f"<sip:a@h{PUSH}>{OWN}")
    (bound,) = found.op.contacts
    assert promised(found) == ('*;+sip.pns="fcm";+sip.pnsreg="130"',)
    assert bound.refresh_at == WALL + 30 * 86400 - 125
    assert OWN in bound.params


def test_who_gets_no_silent_push_may_refresh_alone_all_the_more() -> None:
    found = own_refresh(f"<sip:a@h;pn-provider=webpush;pn-prid={ENDPOINT}>{OWN}")
    assert promised(found) == (f'{WEBPUSH_CAPS};+sip.pnsreg="130"',)
    assert found.op.contacts[0].refresh_at is None


@pytest.mark.parametrize(
    ("contact", "grant", "caps"),
    [
        (f"<sip:a@h{PUSH}>", 30 * 86400, (FCM_CAPS,)),
        (f"<sip:a@h{PUSH}>{OWN}", 130, (FCM_CAPS,)),
        (f"<sip:a@h{PUSH}>{OWN}", 131, ('*;+sip.pns="fcm";+sip.pnsreg="130"',)),
        (f"<sip:a@h>{OWN}", 30 * 86400, ()),
        (f"<sip:a@h;pn-provider=fcm>{OWN}", 30 * 86400, (FCM_CAPS,)),
        (f"<sip:a@h{PUSH}>{OWN};expires=0", 30 * 86400, ()),
    ],
)
def test_nobody_else_is_told_to_refresh(contact: str, grant: int, caps: tuple[str, ...]) -> None:
    assert promised(own_refresh(contact, grant=grant)) == caps


def test_the_server_alone_decides_by_default() -> None:
    found = plan(f"Contact: <sip:a@h{PUSH}>{OWN}")
    assert promised(found) == (FCM_CAPS,)
    assert found.op.contacts[0].refresh_at == WALL + 15 * 86400


# ---- capability queries (RFC 8599 5.6.1.2)


@pytest.mark.parametrize(
    ("params", "offered", "caps"),
    [
        (";pn-provider", [], (APNS_CAPS, FCM_CAPS, WEBPUSH_CAPS)),
        (";pn-provider=", [], (APNS_CAPS, FCM_CAPS, WEBPUSH_CAPS)),
        (";pn-provider", [Provider.FCM], (FCM_CAPS,)),
        (";pn-provider=fcm", [], (FCM_CAPS,)),
        (";PN-PROVIDER=Fcm", [], (FCM_CAPS,)),
        (";pn-provider=webpush", [], (WEBPUSH_CAPS,)),
        (";pn-provider=fcm;pn-param=whatever", [], (FCM_CAPS,)),
        (";pn-provider=webpush", [Provider.FCM], None),
        (";pn-provider=acme", [], None),
    ],
)
@pytest.mark.parametrize("flow", [UDP, TLS])
def test_a_query_is_answered(params: str, offered: list[Provider], caps: tuple[str, ...] | None, flow: Flow) -> None:
    by = registrar(*offered)
    contact = f"Contact: <sip:a@h{params}>"
    if caps is None:
        assert refused(contact, by=by, flow=flow).status == 555
        # One that binds nothing is answered all the same: what is not promised is not there.
        assert promised(plan(f"{contact};expires=0", by=by, flow=flow)) == ()
        return
    for expires in ("", ";expires=60", ";expires=0"):
        found = plan(contact + expires, by=by, flow=flow)
        (bound,) = found.op.contacts
        assert (promised(found), bound.push, bound.is_query) == (caps, None, True)


def test_a_query_lives_by_the_rules_of_a_phone_without_a_token() -> None:
    assert update("Contact: <sip:a@h;pn-provider=fcm>;expires=299").expires == 299
    assert refused("Contact: <sip:a@h;pn-provider=fcm>;expires=59").headers == (("min-expires", "60"),)


# ---- flows (RFC 5626 section 6)

INSTANCE = ';+sip.instance="<urn:uuid:0001>"'
FLOW_1 = f"Contact: <sip:a@h>{INSTANCE};reg-id=1"
KNOWS_FLOWS = "Supported: path, Outbound"
BEHIND = "Via: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKx"
EDGE, MIDDLE = "<sip:token@edge.example.com;lr;ob>", "<sip:middle.example.com;lr>"


@pytest.mark.parametrize(
    ("fields", "reg_id", "is_outbound"),
    [
        ([FLOW_1, KNOWS_FLOWS], 1, True),
        ([f"{FLOW_1};expires=0", KNOWS_FLOWS], 1, True),
        ([FLOW_1, "k: outbound"], 1, True),
        ([FLOW_1, KNOWS_FLOWS, BEHIND, f"Path: {EDGE}"], 1, True),
        ([FLOW_1, KNOWS_FLOWS, BEHIND, f"Path: {MIDDLE}, {EDGE}"], 1, True),
        ([FLOW_1, KNOWS_FLOWS, f"Path: {MIDDLE}"], 1, True),
        # Flows all the same, but it does not want to hear of them.
        ([FLOW_1], 1, False),
        ([FLOW_1, "Supported: path"], 1, False),
        # No flows: none is named, or its number is none.
        ([f"Contact: <sip:a@h>{INSTANCE}", KNOWS_FLOWS], 0, False),
        (["Contact: <sip:a@h>;reg-id=1", KNOWS_FLOWS], 0, False),
        ([f"Contact: <sip:a@h>{INSTANCE};reg-id=0", KNOWS_FLOWS], 0, False),
        # The first hop knows none, and the phone does not mind.
        ([FLOW_1, BEHIND], 0, False),
        ([FLOW_1, BEHIND, f"Path: {MIDDLE}"], 0, False),
    ],
)
def test_a_flow_is_promised_if_there_is_one_and_the_phone_knows_of_them(
    fields: list[str], reg_id: int, is_outbound: bool
) -> None:  # O18, O20, O22
    found = plan(*fields)
    assert ([bound.reg_id for bound in found.op.contacts], found.is_outbound) == ([reg_id], is_outbound)
    ok = answer(*stored(*fields, store=MemoryStore()), to_tag="us")
    assert ok.headers.texts("require") == (["outbound"] if is_outbound else [])


@pytest.mark.parametrize("path", [[], [f"Path: {MIDDLE}"]])
def test_a_phone_whose_first_hop_lacks_flows_hears_so(path: list[str]) -> None:  # O18
    assert refused(FLOW_1, KNOWS_FLOWS, BEHIND, *path).status == 439
    # Only who asked for flows hears of them (O28).
    for contact in (f"Contact: <sip:a@h>{INSTANCE}", "Contact: <sip:a@h>;reg-id=1"):
        assert plan(contact, KNOWS_FLOWS, BEHIND, *path).is_outbound is False


@pytest.mark.parametrize(
    ("fields", "is_taken"),
    [
        ([FLOW_1, "Contact: <sip:b@h>"], False),
        ([f"{FLOW_1}, <sip:b@h>{INSTANCE};reg-id=2"], False),
        ([f"{FLOW_1};expires=0, <sip:b@h>, <sip:c@h>"], False),
        ([f"{FLOW_1}, <sip:b@h>;expires=0"], True),
        ([f"{FLOW_1};expires=0, <sip:b@h>{INSTANCE};reg-id=2;expires=0"], True),
        ([FLOW_1, "Contact: <sip:b@h>", BEHIND], True),  # there is no flow: the number is ignored
        (["Contact: <sip:a@h>;reg-id=1, <sip:b@h>"], True),
    ],
)
def test_a_flow_is_bound_alone(fields: list[str], is_taken: bool) -> None:  # O19
    found = judged(*fields)
    assert isinstance(found, Plan) if is_taken else isinstance(found, Refusal) and found.status == 400


def test_all_contacts_and_a_flow_at_once_are_malformed() -> None:  # O6
    with pytest.raises(ParseError):
        judged("Contact: *;reg-id=1", "Expires: 0")


def test_no_phone_is_told_to_keep_its_radio_awake() -> None:  # O15
    for contact in ("<sip:a@h>", f"<sip:a@h{PUSH}>"):
        ok = answer(*stored(f"Contact: {contact}{INSTANCE};reg-id=1", KNOWS_FLOWS, store=MemoryStore()), to_tag="us")
        assert ok.headers.texts("require") == ["outbound"]
        assert "flow-timer" not in ok.headers


# ---- paths and routes (RFC 3327, RFC 3608)


def test_a_path_is_kept_and_comes_back_in_its_order() -> None:  # PA6
    fields = ["Contact: <sip:a@h>", BEHIND, f"Path: {MIDDLE}, {EDGE}", "Path: <sip:last;lr>"]
    assert plan(*fields).op.path == (MIDDLE, EDGE, "<sip:last;lr>")
    ok = answer(*stored(*fields, store=MemoryStore()), to_tag="us")
    assert ok.headers.values("path") == [MIDDLE, EDGE, "<sip:last;lr>"]
    assert ok.headers.values("supported") == ["path", "outbound"]
    assert "path" not in answer(*stored("Contact: <sip:a@h>", store=MemoryStore()), to_tag="us").headers


def test_a_path_that_leads_nowhere_is_malformed() -> None:
    with pytest.raises(ParseError):
        judged("Contact: <sip:a@h>", "Path: <tel:+1>")


def test_no_route_of_a_register_comes_back() -> None:  # RG1, RFC 3608
    fields = ["Contact: <sip:a@h>", "Record-Route: <sip:p;lr>", "Service-Route: <sip:s;lr>"]
    ok = answer(*stored(*fields, store=MemoryStore()), to_tag="us")
    assert not {"record-route", "service-route"} & {key for key, _ in ok.headers}


# ---- what is not there: GRUU (docs/adr/0013-gruu.md)


def test_a_gruu_is_neither_given_nor_taken_from_anybody() -> None:
    store, by = MemoryStore(), registrar()
    gruus = ';pub-gruu="sip:alice@example.com;gr=urn:uuid:0001";Temp-Gruu="sip:x@example.com;gr"'
    fields = [f"Contact: <sip:a@h>{INSTANCE}{gruus};x=1", "Supported: gruu"]
    ok = answer(*stored(*fields, store=store, by=by), to_tag="us")
    shown = answer(*stored(store=store, seq=2, by=by), to_tag="us")
    for response in (ok, shown):
        assert response.headers.values("contact") == [f"<sip:a@h>{INSTANCE};x=1;expires=3600"]
        assert "gruu" not in response.encode().decode().lower()


# ---- pings without flows (RFC 6223)


@pytest.mark.parametrize(
    ("via", "fields", "keep"),
    [
        (";keep", ["Contact: <sip:a@h>"], ";keep=0"),
        (";keep", ["Contact: <sip:a@h>;expires=0"], ";keep"),
        (";keep", [], ";keep"),
        (";keep", [f"Contact: <sip:a@h{PUSH}>"], ";keep"),  # nothing keeps its radio awake
        (";keep=30", ["Contact: <sip:a@h>"], ";keep=30"),
        ("", ["Contact: <sip:a@h>"], ""),
    ],
)
def test_keep_alives_are_taken_from_phones_that_nothing_else_can_reach(via: str, fields: list[str], keep: str) -> None:
    message, made, registered = stored(*fields, store=MemoryStore())
    top = f"SIP/2.0/UDP 198.51.100.7:40112;branch=z9hG4bK-1{via}"
    message.headers.replace_values("via", [top, "SIP/2.0/TCP inner;branch=z9hG4bKi;keep"])
    ok = answer(message, made, registered, to_tag="us")
    assert ok.headers.values("via") == [
        f"SIP/2.0/UDP 198.51.100.7:40112;branch=z9hG4bK-1{keep}",
        "SIP/2.0/TCP inner;branch=z9hG4bKi;keep",
    ]


# ---- what is stored


def test_a_contact_is_stored_as_written_but_for_its_token() -> None:
    contact = f'"Al" <SIP:Al%61@h:5070;OB{PUSH};x=%41?a=b>;+sip.instance="<urn:uuid:1>";reg-id=2;Q=0.5;expires=600'
    (bound,) = plan(f"Contact: {contact}", "User-Agent: app/1").op.contacts
    assert bound.uri == "sip:Al%61@h:5070;OB;x=%41?a=b"
    assert bound.params == ';+sip.instance="<urn:uuid:1>";reg-id=2;Q=0.5'
    assert (bound.instance, bound.reg_id) == ("<urn:uuid:1>", 2)


@pytest.mark.parametrize(
    ("params", "instance", "reg_id"),
    [
        ("", "", 0),
        (";+sip.instance", "", 0),
        (';+SIP.Instance="<urn:x>"', "<urn:x>", 0),
        (";+sip.instance=<urn:x>;reg-id=999999999", "<urn:x>", 999999999),
        (";reg-id=1234567890", "", 0),
        (";reg-id=-1", "", 0),
        (";reg-id=\u0661", "", 0),
        (";reg-id", "", 0),
    ],
)
def test_the_instance_and_its_flow_are_read(params: str, instance: str, reg_id: int) -> None:
    found = update(f"Contact: <sip:a@h>{params}")
    assert (found.instance, found.reg_id) == (instance, reg_id)


def test_every_contact_may_become_a_binding_with_an_id_of_its_own() -> None:
    one, two = plan("Contact: <sip:a@h>, <sip:b@h>").op.contacts
    assert len({one.new_id, two.new_id}) == 2


# Shapes of RFC 4475 3.3.12 and 3.3.13, and standards G3.


def test_a_parameter_outside_the_brackets_is_no_part_of_the_uri() -> None:
    outside = update("Contact: sip:+19725552222@gw1.example.net;unknownparam")
    inside = update("Contact: <sip:+19725552222@gw1.example.net;unknownparam>")
    assert (outside.uri, outside.params) == ("sip:+19725552222@gw1.example.net", ";unknownparam")
    assert (inside.uri, inside.params) == ("sip:+19725552222@gw1.example.net;unknownparam", "")


def test_outside_the_brackets_there_are_no_push_parameters() -> None:
    found = plan(f"Contact: sip:a@h{PUSH};expires=60;x")
    (bound,) = found.op.contacts
    assert (bound.push, bound.is_query, bound.expires, promised(found)) == (None, False, 60, ())
    assert bound.params == ";x", "a token in the wrong place is a token all the same"


# ---- the 200


def stored(
    *fields: str, store: MemoryStore, seq: int = 1, by: Registrar | None = None
) -> tuple[Request, Plan, Registered]:
    """Judge a REGISTER and apply it."""
    message = register(*fields, seq=seq)
    made = (by or registrar()).plan(message, ALICE, TLS, WALL)
    assert isinstance(made, Plan)
    results: list[Registered | RegisterRefusal] = []
    store.submit(made.op, results.append)
    assert isinstance(results[0], Registered)
    return message, made, results[0]


def test_the_200_has_the_phones_own_contact_as_it_wrote_it_and_others_without_their_tokens() -> None:
    store, by = MemoryStore(), registrar()
    other = f'<sip:b@h;ob{PUSH}b>;+sip.instance="<urn:b>";x=1;expires=400'
    stored(f"Contact: {other}", store=store, by=by)
    mine = f'"Al" <sip:a@h;pn-silent=1{PUSH}>;+sip.instance="<urn:a>";expires=999;q=1, <sip:gone@h>;expires=0'
    ok = answer(*stored(f"Contact: {mine}", store=store, seq=2, by=by), to_tag="us")
    assert ok.status == 200
    assert ok.headers.values("contact") == [
        f'<sip:a@h;pn-silent=1{PUSH}>;+sip.instance="<urn:a>";q=1;expires=2592000',
        '<sip:b@h;ob>;+sip.instance="<urn:b>";x=1;expires=2592000',
    ]
    assert ok.headers.texts("feature-caps") == [f'{FCM_CAPS};+sip.pnspurr="purr-of-t=1"']
    assert ok.headers.get("date") == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert ok.headers.get("to") == "<sip:bob@example.com>;tag=us"


def test_what_a_phone_says_of_itself_is_kept_and_comes_back() -> None:
    # RFC 8599 section 8.5 and RFC 3840: feature tags are the phone's own.
    tags = ';+sip.instance="<urn:a>";reg-id=1;+sip.pnsreg;audio;methods="INVITE,MESSAGE";+x="#=5"'
    _, made, registered = stored(f"Contact: <sip:a@h{PUSH}>{tags}", store=(store := MemoryStore()))
    assert [binding.params for binding in registered.bindings] == [tags]
    ok = answer(register(), made, registered, to_tag="us")
    assert ok.headers.values("contact") == [f"<sip:a@h{PUSH}>{tags};expires=2592000"]
    shown = answer(*stored(store=store, seq=2), to_tag="us")
    assert shown.headers.values("contact") == [f"<sip:a@h>{tags};expires=2592000"]


def test_the_200_shows_what_is_bound_and_nothing_else() -> None:  # RG10
    same = ';+sip.instance="<urn:a>"'
    ok = answer(*stored(f"Contact: <sip:a@h>{same}, <sip:b@h>{same};x", store=MemoryStore()), to_tag="us")
    assert ok.headers.values("contact") == [f"<sip:b@h>{same};x;expires=3600"], "both are one phone: the last stands"
    many = ", ".join(f"<sip:a{number}@h>" for number in range(MAX_BINDINGS + 1))
    ok = answer(*stored(f"Contact: {many}", store=MemoryStore()), to_tag="us")
    assert ok.headers.values("contact") == [f"<sip:a{n}@h>;expires=3600" for n in range(1, MAX_BINDINGS + 1)]


def test_what_is_left_is_counted_in_whole_seconds() -> None:
    by, store, odd = registrar(), MemoryStore(), WALL + 0.1
    op = by.plan(register("Contact: <sip:a@h>"), ALICE, TLS, odd)
    assert isinstance(op, Plan)
    store.submit(op.op)
    for later, left in ((0.0, 3600), (3599.0, 1), (3599.9, 1)):
        message = register(seq=2)
        made = by.plan(message, ALICE, TLS, odd + later)
        assert isinstance(made, Plan)
        results: list[Registered | RegisterRefusal] = []
        store.submit(made.op, results.append)
        assert isinstance(results[0], Registered)
        ok = answer(message, made, results[0], to_tag="us")
        assert ok.headers.values("contact") == [f"<sip:a@h>;expires={left}"]


def test_each_service_has_its_own_line_in_the_200() -> None:
    ok = answer(*stored("Contact: <sip:a@h;pn-provider>", store=MemoryStore()), to_tag="us")
    assert ok.headers.texts("feature-caps") == [APNS_CAPS, FCM_CAPS, WEBPUSH_CAPS]


def test_a_phone_that_can_be_woken_gets_the_purr_of_its_own_binding() -> None:  # L4
    iphone = f";pn-provider=apns;pn-param={IPHONE}.remote;pn-prid={'ab' * 32}"
    contacts = f"Contact: <sip:a@h1{iphone}>, <sip:b@h2{PUSH}>, <sip:c@h3>"
    ok = answer(*stored(contacts, store=MemoryStore()), to_tag="us")
    assert ok.headers.texts("feature-caps") == [
        f'{APNS_CAPS};+sip.pnspurr="purr-of-@h1"',
        f'{FCM_CAPS};+sip.pnspurr="purr-of-@h2"',
    ]


@pytest.mark.parametrize("fields", [[], ["Contact: *", "Expires: 0"]])
def test_asking_and_removing_all_bring_no_feature_caps(fields: list[str]) -> None:
    store, by = MemoryStore(), registrar()
    stored(f"Contact: <sip:a@h{PUSH}>", store=store, by=by)
    ok = answer(*stored(*fields, store=store, seq=2, by=by), to_tag="us")
    assert ok.headers.texts("feature-caps") == []
    assert ok.headers.values("contact") == ([] if fields else ["<sip:a@h>;expires=2592000"])


# ---- where a PBX grants


@pytest.mark.parametrize(("asked", "seconds"), [("86400", 86400), ("300", 300), ("60", None), (None, 30 * 86400)])
def test_a_phone_with_a_token_gets_what_it_asks_for_where_a_pbx_grants(asked: str | None, seconds: int | None) -> None:
    expires = "" if asked is None else f";expires={asked}"
    fields, by = f"Contact: <sip:a@h{PUSH}>{expires}", registrar().passing()
    if seconds is None:
        assert refused(fields, by=by).status == 423
    else:
        assert update(fields, by=by).expires == seconds


@pytest.mark.parametrize(("asked", "seconds"), [("1", 1), ("7200", 7200), ("0", 0), (None, 3600)])
def test_what_a_phone_without_a_token_asks_for_is_up_to_the_pbx(asked: str | None, seconds: int) -> None:
    expires = "" if asked is None else f";expires={asked}"
    assert update(f"Contact: <sip:a@h>{expires}", by=registrar().passing()).expires == seconds


def test_a_registrar_that_passes_on_is_another_one() -> None:
    own = registrar()
    assert own.passing().policy == replace(own.policy, raises=False)
    assert own.policy.raises


# ---- tokens that other phones have


@pytest.mark.parametrize("claims", TokenClaims)
def test_the_tenant_says_what_becomes_of_anothers_token(claims: TokenClaims) -> None:
    directory = MemoryDirectory([Tenant(domain=TENANT, token_claims=claims)], APPS.values(), [])
    asked = plan(f"Contact: <sip:a@192.0.2.9{PUSH}>", by=replace(registrar(), directory=directory))
    assert asked.op.claims is claims


def test_who_belongs_to_no_tenant_is_not_asked() -> None:
    found = judged(account=replace(ALICE, tenant="nowhere"))
    assert isinstance(found, Plan)
    assert found.op.claims is TokenClaims.ALLOW


def test_who_must_prove_its_token_is_promised_no_push_meanwhile() -> None:
    asked = plan(f"Contact: <sip:a@192.0.2.9{PUSH}>")
    assert asked.caps
    assert asked.kept(Registered(())) is asked
    (contact,) = asked.op.contacts
    assert contact.push is not None
    assert asked.kept(Registered((), challenged=(Challenged("a1", contact.push),))).caps == ()
